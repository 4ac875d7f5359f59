#include "engine/events.hpp"

#include <utility>

namespace gatelet::engine {
namespace {

constexpr std::size_t max_waiting = 1024;

Event::Level level_of(Decision::Kind kind, Reason reason) noexcept {
  if (reason == Reason::internal_error || reason == Reason::provider_failed ||
      reason == Reason::provider_unavailable) {
    return Event::Level::warning;
  }
  return kind == Decision::Kind::allow ? Event::Level::debug : Event::Level::info;
}

}  // namespace

void Events::use(std::shared_ptr<const policy::Policy> policy) {
  const std::scoped_lock lock(mutex_);
  policy_ = std::move(policy);
}

std::shared_ptr<const policy::Policy> Events::policy() const {
  const std::scoped_lock lock(mutex_);
  return policy_;
}

void Events::emit(const Event& event) {
  if (!sink_) return;
  drain();
  emit_line(event, policy().get(), now());
}

void Events::emit_line(Event event, const policy::Policy* policy, Instant at) {
  std::string line;
  if (policy != nullptr && event.line.empty() && event.level != Event::Level::debug) {
    auto message = std::string(event.text);
    if (!event.detail.empty()) message.append(": ").append(event.detail);
    line = policy::standard_line(policy->logging, event.code, message, at);
    event.line = line;
  }
  sink_(event);
}

void Events::emit_decision(const Decision& decision, const policy::Asked& asked) {
  if (!sink_) return;
  drain();
  const auto policy = this->policy();
  const auto at = now();
  Event event;
  event.level = level_of(decision.kind(), decision.reason());
  event.code = reason_code(decision.reason());
  event.text = reason_sentence(decision.reason());
  event.request_id = decision.request_id();
  event.detail = decision.detail();
  if (const auto* identity = decision.identity()) event.provider = identity->provider();
  if (policy == nullptr || policy::auth_outcome(decision.reason()).status.empty()) {
    return emit_line(event, policy.get(), at);
  }
  // An attempt to sign in has its own kind of line, or none.
  const auto line = policy::auth_line(*policy, asked, decision, at);
  event.line = line;
  sink_(event);
}

void Events::keep(Event::Level level, std::string_view code, std::string text,
                  std::string_view provider, std::string_view request_id) {
  if (!sink_) return;
  const auto at = now();
  const std::scoped_lock lock(mutex_);
  if (kept_.size() == max_waiting) {
    kept_.pop_front();
    dropped_.fetch_add(1, std::memory_order_relaxed);
  }
  kept_.push_back(
      {level, code, std::move(text), std::string(provider), std::string(request_id), at});
  waiting_.store(kept_.size(), std::memory_order_relaxed);
}

void Events::drain() {
  if (!sink_ || waiting_.load(std::memory_order_relaxed) == 0) return;
  std::deque<Kept> waiting;
  std::shared_ptr<const policy::Policy> policy;
  {
    const std::scoped_lock lock(mutex_);
    waiting.swap(kept_);
    waiting_.store(0, std::memory_order_relaxed);
    policy = policy_;
  }
  for (const auto& kept : waiting) {
    Event event;
    event.level = kept.level;
    event.code = kept.code;
    event.text = kept.text;
    event.provider = kept.provider;
    event.request_id = kept.request_id;
    emit_line(event, policy.get(), kept.at);
  }
}

}  // namespace gatelet::engine
