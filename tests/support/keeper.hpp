// An engine with sessions from a store in its memory, without a store, a provider or a network.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/core.hpp"
#include "session/ticket.hpp"
#include "support/engines.hpp"

namespace gatelet::support {

// It has its sessions as if it had read them from a store that tells of changes; or, with options
// of a store, it reads them from there.
class Keeper {
 public:
  using Options = std::vector<std::pair<std::string_view, std::string_view>>;

  explicit Keeper(const Options& options = {{"session_store_type", "memory"},
                                            {"session_cache_size", "4 GiB"}})
      : core_(ports_, needed(engine::assemble(offline_settings(options), ports_, 1)), {}) {
    core_.sessions.changes().told_until(Duration::max());
    core_.denied.take(std::make_shared<const session::DenyList>(), 0, Duration::max(), Instant{});
  }

  // What a store has of a session, and the Cookie header that brings it back.
  struct Made {
    std::string key, record, cookie;
  };
  Made make(std::size_t token_size, int serial) {
    const auto snapshot = core_.snapshots.load();
    const auto& context = *snapshot->context;
    const auto now = ports_.clock->now();
    const auto ticket = needed(session::make_ticket(context.session, *ports_.entropy));
    const auto session = make_session(now, token_size, serial);
    auto record = needed(
        session::seal_record(context.session, *context.gcm, ticket, session, *ports_.entropy));
    const auto cookie = needed(session::write_ticket(context.session, *context.cookie_keys, ticket,
                                                     session, "app.example", {}, *ports_.entropy))
                            .front();
    return {ticket.id, std::move(record), cookie.substr(0, cookie.find(';'))};
  }

  // The Cookie header that brings the session back. Adds up what its record and cookie take.
  std::string keep(std::size_t token_size, int serial) {
    const auto snapshot = core_.snapshots.load();
    const auto& context = *snapshot->context;
    const auto now = ports_.clock->now();
    const auto ticket = std::make_shared<const session::Ticket>(
        needed(session::make_ticket(context.session, *ports_.entropy)));
    auto record =
        needed(session::seal_record(context.session, *context.gcm, *ticket,
                                    make_session(now, token_size, serial), *ports_.entropy));
    record_bytes += record.size();
    auto opened =
        needed(session::open_record(context.session, *context.gcm, *ticket, std::move(record)));
    opened.ticket = ticket;
    const auto session = std::make_shared<const session::Session>(std::move(opened));
    const auto cookie = needed(session::write_ticket(context.session, *context.cookie_keys, *ticket,
                                                     *session, "app.example", {}, *ports_.entropy))
                            .front();
    auto header = cookie.substr(0, cookie.find(';'));
    cookie_bytes += header.size();
    const std::vector<HeaderView> headers = {{"Cookie", header}};
    core_.sessions.insert_stored(engine::CookieImage(headers, context.session.cookie_name),
                                 snapshot->generation, session, core_.sessions.changes().last(),
                                 Duration::max());
    return header;
  }

  bool allows(const RequestView& request) {
    const auto outcome = core_.answer(
        request, [](const engine::Question& question) { return engine::decide(question); });
    if (!outcome.ok()) return false;
    const auto* decision = std::get_if<Decision>(&*outcome);
    return decision != nullptr && decision->kind() == Decision::Kind::allow;
  }

  // All of them asked at once, and waited for; the loop is this thread's to turn (driver =
  // "caller").
  bool allows_all(const std::vector<Request>& requests) {
    std::size_t num_allowed = 0, num_done = 0;
    std::vector<Operation<Decision>> pending;
    pending.reserve(requests.size());
    for (const auto& request : requests) {
      auto outcome = core_.answer(request.view(), [](const engine::Question& question) {
        return engine::decide(question);
      });
      if (!outcome.ok() || outcome->index() != 1) return false;
      pending.push_back(std::get<1>(std::move(*outcome)));
      pending.back().on_done([&](Result<Decision> decision) {
        ++num_done;
        num_allowed += decision.ok() && decision->kind() == Decision::Kind::allow ? 1 : 0;
      });
    }
    while (num_done < requests.size()) core_.loop.run_once(std::chrono::seconds(1));
    return num_allowed == requests.size();
  }

  engine::Core& core() noexcept { return core_; }

  std::size_t record_bytes = 0, cookie_bytes = 0;

 private:
  template <class T>
  static T needed(Result<T> result) {
    if (!result.ok()) std::abort();
    return std::move(result).value();
  }

  const Ports ports_ = [] {
    auto ports = default_ports();
    ports.on_event = nullptr;
    return ports;
  }();
  engine::Core core_;
};

}  // namespace gatelet::support
