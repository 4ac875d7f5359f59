#include "engine/turns.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using gatelet::engine::Turns;

TEST_SUITE("engine/turns") {
  TEST_CASE("take: one turn a key and interval") {
    Turns turns;
    const auto begin = at_unix(1000);
    CHECK(turns.take("a", 60s, begin));
    CHECK_FALSE(turns.take("a", 60s, begin));
    CHECK(turns.take("b", 60s, begin + 30s));
    CHECK_FALSE(turns.take("a", 60s, begin + 60s - 1ns));
    CHECK(turns.take("a", 60s, begin + 60s));
    CHECK_FALSE(turns.take("b", 60s, begin + 89s));
    CHECK_FALSE(turns.take("a", 60s, begin + 90s));
    CHECK(turns.take("b", 60s, begin + 90s));
  }

  TEST_CASE("give_back: the next who asks has the turn, and only the next") {
    Turns turns;
    const auto at = [](Duration passed) { return at_unix(1000) + passed; };
    CHECK(turns.take("a", 10s, at(0s)));
    CHECK(turns.take("b", 10s, at(0s)));
    turns.give_back("a");
    turns.give_back("nobody's");
    CHECK(turns.take("a", 10s, at(1s)));
    CHECK_FALSE(turns.take("a", 10s, at(2s)));
    CHECK_FALSE(turns.take("b", 10s, at(2s)));
    CHECK(turns.take("b", 10s, at(11s)));
  }

  TEST_CASE("take: a wall clock that is set back or forward gives nobody a turn") {
    Turns turns;
    auto now = at_unix(1000);
    CHECK(turns.take("a", 60s, now));
    now.wall += std::chrono::hours(24);
    CHECK_FALSE(turns.take("a", 60s, now));
    now.wall -= std::chrono::hours(48);
    CHECK_FALSE(turns.take("a", 60s, now));
  }

  TEST_CASE("take: within its bound the oldest turn is forgotten first") {
    Turns turns(2);
    const auto begin = at_unix(1000);
    CHECK(turns.take("a", 60s, begin));
    CHECK(turns.take("b", 60s, begin));
    CHECK(turns.take("c", 60s, begin));
    CHECK_FALSE(turns.take("b", 60s, begin));
    CHECK_FALSE(turns.take("c", 60s, begin));
    CHECK(turns.take("a", 60s, begin));
  }
}
