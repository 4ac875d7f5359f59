#include <gatelet/engine.hpp>

#include <span>
#include <utility>

#include "engine/core.hpp"
#include "engine/decide_data.hpp"
#include "engine/system_ports.hpp"
#include "policy/request_signature.hpp"

namespace gatelet::inline GATELET_CXX_ABI {

struct Engine::Impl {
  Impl(Ports ports, engine::Assembled assembled, const engine::Core::HashKeys& keys)
      : core(std::move(ports), std::move(assembled), keys) {}
  engine::Core core;
};

Engine::Engine(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<std::shared_ptr<Engine>> Engine::create(const Settings& settings, Ports ports) {
  engine::fill_missing(ports);
  auto assembled = engine::assemble(settings, ports, 1);
  if (!assembled.ok()) return std::move(assembled).error();
  engine::Core::HashKeys keys;
  for (auto* key : {&keys.numbers, &keys.sessions, &keys.refreshes}) {
    const auto filled = ports.entropy->fill(std::as_writable_bytes(std::span(*key)));
    if (!filled.ok()) return filled.error();
  }

  const auto warnings = std::move(assembled->warnings);
  const auto notices = std::move(assembled->notices);
  auto impl = std::make_unique<Impl>(std::move(ports), std::move(assembled).value(), keys);
  engine::announce(warnings, notices, *impl->core.events);
  return std::shared_ptr<Engine>(new Engine(std::move(impl)));
}

Result<void> Engine::start() { return impl_->core.work.driver().start(); }

Outcome<Decision> Engine::decide(const RequestView& request) const {
  return impl_->core.answer(
      request, [](const engine::Question& question) { return engine::decide(question); });
}

Outcome<Decision> Engine::begin_login(const RequestView& request,
                                      const LoginOptions& options) const {
  // Asks no store, and so is never asked again when `options` has gone.
  return impl_->core.answer(request, [&](const engine::Question& question) {
    return engine::begin_login(question, options);
  });
}

Outcome<Decision> Engine::finish_login(const RequestView& request) const {
  return impl_->core.answer(request, [](const engine::Question& question) {
    const auto match = policy::match_endpoint(question.policy(), question.facts.own_path,
                                              question.context().several_providers);
    return engine::finish_login(question, match.provider_id);
  });
}

Outcome<Decision> Engine::sign_out(const RequestView& request,
                                   const SignOutOptions& options) const {
  return impl_->core.answer(
      request, [return_to = std::string(options.return_to)](const engine::Question& question) {
        return engine::sign_out(question, {return_to});
      });
}

Outcome<Identity> Engine::identify(const RequestView& request) const {
  return impl_->core.identify(request);
}

Outcome<Sessions> Engine::list_sessions(const Person& who, const RequestView* current) const {
  return impl_->core.ask_control(
      [&](engine::SessionControl& control, const engine::Memory& memory, Instant now) {
        return control.list(memory, who, current, now);
      });
}

Outcome<Sessions> Engine::revoke_session(const Person& who, std::string_view handle) const {
  return impl_->core.ask_control(
      [&](engine::SessionControl& control, const engine::Memory& memory, Instant now) {
        return control.revoke(memory, who, handle, now);
      });
}

Outcome<Sessions> Engine::revoke_sessions(const Person& who, const RequestView* kept) const {
  return impl_->core.ask_control(
      [&](engine::SessionControl& control, const engine::Memory& memory, Instant now) {
        return control.revoke_all(memory, who, kept, now);
      });
}

Outcome<Decision> Engine::set_session_data(const RequestView& request, std::string_view name,
                                           std::string_view value) const {
  return impl_->core.answer(request, [name = std::string(name), value = std::string(value)](
                                         const engine::Question& question) {
    return engine::set_session_data(question, name, value);
  });
}

Decision Engine::failure(const RequestView& request, const Error& error) const {
  auto& core = impl_->core;
  if (core.is_forked()) return engine::bare_failure(error);
  engine::Case opened(core, request);
  auto decision =
      opened.is_refused() ? opened.refusal() : engine::failure_page(opened.question(), error);
  decision.name_request(opened.request_id());
  if (core.events->anybody_listens()) core.events->emit_decision(decision, opened.asked());
  return decision;
}

std::string Engine::request_line(const RequestView& request, const Decision& decision,
                                 const Served& served) const {
  auto& core = impl_->core;
  if (core.is_forked()) return {};
  const auto snapshot = core.snapshots.load();
  const auto& policy = snapshot->context->policy;
  if (!policy.logging.requests) return {};
  const auto facts = policy::settle_request(request, policy);
  return policy::request_line(policy, request, facts.ok() ? &*facts : nullptr, decision, served,
                              engine::local_time(*core.ports.clock));
}

std::size_t Engine::body_limit(const RequestView& request) const noexcept {
  constexpr std::size_t form_limit = 64 * 1024, signed_limit = 1024 * 1024;
  if (impl_->core.is_forked()) return 0;
  const auto snapshot = impl_->core.snapshots.load();
  const auto& context = *snapshot->context;
  const auto path = request.target.substr(0, request.target.find('?'));
  const auto match = policy::match_endpoint(context.policy, path, context.several_providers);
  if (match.endpoint == policy::Endpoint::none) {
    return policy::signs_body(context.policy, request.headers) ? signed_limit : 0;
  }
  const bool is_form =
      match.endpoint == policy::Endpoint::callback ||
      (match.endpoint == policy::Endpoint::sign_in && context.policy.password.enabled);
  return is_form && request.method == "POST" ? form_limit : 0;
}

Result<void> Engine::reload(const Settings& settings) { return impl_->core.reload(settings); }

Loop& Engine::loop() const noexcept { return impl_->core.loop; }

std::string Engine::metrics() const {
  auto& core = impl_->core;
  if (core.is_forked()) return {};
  return core.metrics->text({core.work.driver().num_in_flight(), core.sessions.size_bytes()});
}

Loop::~Loop() = default;

}  // namespace gatelet::inline GATELET_CXX_ABI
