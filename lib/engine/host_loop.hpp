// The loop a host turns: the driver's, with the events that wait for a host thread handed out.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <gatelet/engine.hpp>

#include "engine/events.hpp"
#include "io/driver.hpp"

namespace gatelet::engine {

class HostLoop final : public Loop {
 public:
  HostLoop(std::shared_ptr<io::Driver> driver, std::shared_ptr<Events> events) noexcept
      : driver_(std::move(driver)), events_(std::move(events)) {}

  int fd() const noexcept override { return driver_->fd(); }

  // A callback or the sink may end the engine, and this with it: what is used then is held here.
  std::size_t dispatch(std::size_t max) override {
    if (driver_->forked()) return 0;  // a thread that stayed behind may hold the events' lock
    const auto driver = driver_;
    const auto events = events_;
    events->drain();
    return driver->dispatch(max);
  }

  bool run_once(Duration timeout) override {
    if (driver_->forked()) return false;
    const auto driver = driver_;
    const auto events = events_;
    const bool has_more = driver->run_once(timeout);
    events->drain();
    return has_more;
  }

 private:
  const std::shared_ptr<io::Driver> driver_;
  const std::shared_ptr<Events> events_;
};

}  // namespace gatelet::engine
