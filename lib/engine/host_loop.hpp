// The loop a host turns: the driver's, with the events that wait for a host thread handed out.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <gatelet/engine.hpp>

#include "engine/events.hpp"

namespace gatelet::engine {

class HostLoop final : public Loop {
 public:
  HostLoop(Loop& driver, std::shared_ptr<Events> events) noexcept
      : driver_(driver), events_(std::move(events)) {}

  int fd() const noexcept override { return driver_.fd(); }

  // A callback may end the engine, and this with it.
  std::size_t dispatch(std::size_t max) override {
    events_->drain();
    return driver_.dispatch(max);
  }

  bool run_once(Duration timeout) override {
    const auto events = events_;
    const bool has_more = driver_.run_once(timeout);
    events->drain();
    return has_more;
  }

 private:
  Loop& driver_;
  const std::shared_ptr<Events> events_;
};

}  // namespace gatelet::engine
