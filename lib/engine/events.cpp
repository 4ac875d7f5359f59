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

void Events::emit(const Event& event) {
  if (!sink_) return;
  drain();
  sink_(event);
}

void Events::emit_decision(const Decision& decision, std::string_view request_id) {
  if (!sink_) return;
  Event event;
  event.level = level_of(decision.kind(), decision.reason());
  event.code = reason_code(decision.reason());
  event.text = reason_sentence(decision.reason());
  event.request_id = request_id;
  if (const auto* identity = decision.identity()) event.provider = identity->provider();
  emit(event);
}

void Events::keep(Event::Level level, std::string_view code, std::string text,
                  std::string_view provider) {
  if (!sink_) return;
  const std::scoped_lock lock(mutex_);
  if (kept_.size() == max_waiting) {
    kept_.pop_front();
    dropped_.fetch_add(1, std::memory_order_relaxed);
  }
  kept_.push_back({level, code, std::move(text), std::string(provider)});
  waiting_.store(kept_.size(), std::memory_order_relaxed);
}

void Events::drain() {
  if (!sink_ || waiting_.load(std::memory_order_relaxed) == 0) return;
  std::deque<Kept> waiting;
  {
    const std::scoped_lock lock(mutex_);
    waiting.swap(kept_);
    waiting_.store(0, std::memory_order_relaxed);
  }
  for (const auto& kept : waiting) {
    Event event;
    event.level = kept.level;
    event.code = kept.code;
    event.text = kept.text;
    event.provider = kept.provider;
    sink_(event);
  }
}

}  // namespace gatelet::engine
