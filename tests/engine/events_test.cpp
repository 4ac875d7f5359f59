#include "engine/events.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gatelet;
using namespace gatelet::engine;

TEST_SUITE("engine/events") {
  TEST_CASE("emit: what waited comes first, in order") {
    std::vector<std::string> seen;
    Events events([&seen](const Event& event) {
      seen.push_back(std::string(event.code) + ":" + std::string(event.text));
    });
    events.keep(Event::Level::warning, "a", "1", "p");
    events.keep(Event::Level::warning, "b", "2", "p");
    CHECK(seen.empty());
    events.emit({Event::Level::info, "c", "3", {}, {}});
    CHECK(seen == std::vector<std::string>{"a:1", "b:2", "c:3"});
  }

  TEST_CASE("keep: beyond 1,024 the oldest are dropped and counted") {
    std::vector<std::string> seen;
    Events events([&seen](const Event& event) { seen.emplace_back(event.text); });
    for (int i = 0; i < 1030; ++i) events.keep(Event::Level::info, "x", std::to_string(i), "");
    CHECK(events.num_dropped() == 6);
    events.drain();
    CHECK(seen.size() == 1024);
    CHECK(seen.front() == "6");
  }

  TEST_CASE("events: without a sink nothing is kept") {
    Events events(nullptr);
    events.keep(Event::Level::info, "x", "y", "");
    events.emit_decision(Decision(), "id");
    CHECK_FALSE(events.anybody_listens());
    CHECK(events.num_dropped() == 0);
  }

  TEST_CASE("emit_decision: says reason and request id") {
    std::string code, id;
    Events events([&](const Event& event) {
      code = event.code;
      id = event.request_id;
    });
    events.emit_decision(Decision(), "req-1");
    CHECK(code == "undecided");
    CHECK(id == "req-1");
  }
}
