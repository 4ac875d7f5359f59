#include "engine/host_loop.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gatelet;
using namespace gatelet::engine;

namespace {

class CountingLoop final : public Loop {
 public:
  int fd() const noexcept override { return 7; }
  std::size_t dispatch(std::size_t max) override { return max; }
  bool run_once(Duration) override { return true; }
  ~CountingLoop() = default;
};

}  // namespace

TEST_SUITE("engine/host_loop") {
  TEST_CASE("dispatch, run_once: hand out the events that waited for a host thread") {
    std::vector<std::string> seen;
    const auto events =
        std::make_shared<Events>([&](const Event& event) { seen.emplace_back(event.text); });
    CountingLoop driver;
    HostLoop loop(driver, events);
    CHECK(loop.fd() == 7);
    events->keep(Event::Level::info, "x", "one", "");
    CHECK(loop.dispatch(3) == 3);
    events->keep(Event::Level::info, "x", "two", "");
    CHECK(loop.run_once(Duration{}));
    CHECK(seen == std::vector<std::string>{"one", "two"});
  }
}
