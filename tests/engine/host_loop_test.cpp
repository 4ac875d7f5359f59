#include "engine/host_loop.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/system_ports.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

struct NoServices final : io::Services {
  void refetch(const flow::Refetch&, std::function<void(Result<flow::Refetched>)>) override {}
};

std::shared_ptr<io::Driver> driver_for(NoServices& services) {
  io::DriverSettings settings;
  settings.own_thread = false;
  return std::make_shared<io::Driver>(settings, default_ports().clock, services);
}

}  // namespace

TEST_SUITE("engine/host_loop") {
  TEST_CASE("dispatch, run_once: hand out the events that waited for a host thread") {
    std::vector<std::string> seen;
    const auto events =
        std::make_shared<Events>([&](const Event& event) { seen.emplace_back(event.text); });
    NoServices services;
    HostLoop loop(driver_for(services), events);
    CHECK(loop.fd() >= 0);
    events->keep(Event::Level::info, "x", "one", "");
    CHECK(loop.dispatch(3) == 0);
    events->keep(Event::Level::info, "x", "two", "");
    CHECK_FALSE(loop.run_once(Duration{}));
    CHECK(seen == std::vector<std::string>{"one", "two"});
  }

  TEST_CASE("dispatch, run_once: a sink may end the loop, its driver and the events") {
    for (const bool is_dispatch : {true, false}) {
      NoServices services;
      auto driver = driver_for(services);
      const std::weak_ptr<io::Driver> watched = driver;
      std::unique_ptr<HostLoop> loop;
      int num_seen = 0;
      auto events = std::make_shared<Events>([&](const Event&) {
        ++num_seen;
        loop.reset();
      });
      events->keep(Event::Level::info, "x", "one", "");
      events->keep(Event::Level::info, "x", "two", "");
      loop = std::make_unique<HostLoop>(std::move(driver), std::move(events));
      if (is_dispatch) {
        CHECK(loop->dispatch(3) == 0);
      } else {
        CHECK_FALSE(loop->run_once(Duration{}));
      }
      CHECK(num_seen == 2);
      CHECK(watched.expired());
    }
  }
}
