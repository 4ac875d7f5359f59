#include "engine/seats.hpp"

#include <doctest/doctest.h>

using gatelet::engine::Seats;

TEST_SUITE("engine/seats") {
  TEST_CASE("the last place is taken once, and is free again when it is given back") {
    Seats seats(2);
    auto first = seats.take();
    auto second = seats.take();
    CHECK(first);
    CHECK(second);
    CHECK_FALSE(seats.take());
    CHECK_FALSE(seats.take());  // a refusal takes nothing
    first.reset();
    CHECK(seats.take());
  }

  TEST_CASE("a place may outlive the room") {
    std::shared_ptr<gatelet::engine::Seat> seat;
    {
      Seats seats(1);
      seat = seats.take();
    }
    CHECK(seat);
  }
}
