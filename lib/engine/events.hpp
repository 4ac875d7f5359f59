// Events on their way to the host's log. The sink is called on host threads only: what happens on
// the driver's thread waits here until a host thread comes by.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include <gatelet/decision.hpp>
#include <gatelet/ports.hpp>

namespace gatelet::engine {

class Events {
 public:
  explicit Events(EventSink sink) : sink_(std::move(sink)) {}

  bool anybody_listens() const noexcept { return static_cast<bool>(sink_); }

  // On a host thread: calls the sink, with what waits first.
  void emit(const Event& event);
  void emit_decision(const Decision& decision, std::string_view request_id);

  // On any thread: keeps the event (copied) until drain() or emit(); beyond 1,024 the oldest are
  // dropped and counted.
  void keep(Event::Level level, std::string_view code, std::string text, std::string_view provider);
  void drain();

  std::uint64_t num_dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Kept {
    Event::Level level;
    std::string_view code;  // of a literal
    std::string text, provider;
  };
  const EventSink sink_;
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::mutex mutex_;
  std::deque<Kept> kept_;  // guarded by mutex_
};

}  // namespace gatelet::engine
