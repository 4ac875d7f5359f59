// Events on their way to the host's log. The sink is called on host threads only: what happens on
// the driver's thread waits here until a host thread comes by.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <gatelet/decision.hpp>
#include <gatelet/ports.hpp>

#include "policy/log_lines.hpp"

namespace gatelet::engine {

// Now, with the wall clock as log lines tell it.
inline Instant local_time(const Clock& clock) noexcept {
  auto now = clock.now();
  now.wall += clock.utc_offset(now);
  return now;
}

class Events {
 public:
  explicit Events(EventSink sink, std::shared_ptr<const Clock> clock = nullptr)
      : sink_(std::move(sink)), clock_(std::move(clock)) {}

  bool anybody_listens() const noexcept { return static_cast<bool>(sink_); }

  // By which policy lines are formatted from now on.
  void use(std::shared_ptr<const policy::Policy> policy);

  // On a host thread: calls the sink, with what waits first.
  void emit(const Event& event);
  void emit_decision(const Decision& decision, const policy::Asked& asked);

  // On any thread: keeps the event (copied) until drain() or emit(); beyond 1,024 the oldest are
  // dropped and counted.
  void keep(Event::Level level, std::string_view code, std::string text, std::string_view provider,
            std::string_view request_id = {});
  void drain();

  std::uint64_t num_dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Kept {
    Event::Level level;
    std::string_view code;  // of a literal
    std::string text, provider, request_id;
    Instant at;
  };

  Instant now() const noexcept { return clock_ ? local_time(*clock_) : Instant{}; }
  std::shared_ptr<const policy::Policy> policy() const;
  void emit_line(Event event, const policy::Policy* policy, Instant at);

  const EventSink sink_;
  const std::shared_ptr<const Clock> clock_;
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::uint64_t> dropped_{0};
  mutable std::mutex mutex_;
  std::deque<Kept> kept_;                         // guarded by mutex_
  std::shared_ptr<const policy::Policy> policy_;  // guarded by mutex_
};

}  // namespace gatelet::engine
