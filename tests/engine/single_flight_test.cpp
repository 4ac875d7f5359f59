#include "engine/single_flight.hpp"

#include <doctest/doctest.h>

#include <new>
#include <string>
#include <vector>

using namespace gatelet;
using namespace gatelet::engine;

TEST_SUITE("engine/single_flight") {
  TEST_CASE("join: the first leads, the others wait; finish tells everybody once") {
    SingleFlight<int> flights;
    std::vector<int> told;
    const auto waiter = [&told](const Result<int>& result, Instant) { told.push_back(*result); };
    CHECK(flights.join("k", waiter));
    CHECK_FALSE(flights.join("k", waiter));
    CHECK_FALSE(flights.join("k", waiter));
    CHECK(told.empty());
    flights.finish("k", 7, at_unix(1));
    CHECK(told == std::vector<int>{7, 7, 7});
    flights.finish("k", 8, at_unix(1));
    CHECK(told.size() == 3);
  }

  TEST_CASE("join: other keys fly on their own, and a finished key begins anew") {
    SingleFlight<int> flights;
    const auto nothing = [](const Result<int>&, Instant) {};
    CHECK(flights.join("a", nothing));
    CHECK(flights.join("b", nothing));
    CHECK(flights.num_flights() == 2);
    flights.finish("a", 1, at_unix(1));
    CHECK(flights.join("a", nothing));
  }

  TEST_CASE("finish: a waiter may join again") {
    SingleFlight<int> flights;
    bool led_again = false;
    CHECK(flights.join("k", [&](const Result<int>&, Instant) {
      led_again = flights.join("k", [](const Result<int>&, Instant) {});
    }));
    flights.finish("k", Error{Status::timed_out, ""}, at_unix(1));
    CHECK(led_again);
  }

  TEST_CASE("finish: what a waiter throws keeps nothing from the others") {
    SingleFlight<int> flights;
    int num_told = 0;
    const auto throws = [&](const Result<int>&, Instant) {
      ++num_told;
      throw std::bad_alloc();
    };
    for (int i = 0; i < 3; ++i) (void)flights.join("k", throws);
    flights.finish("k", 7, at_unix(1));
    CHECK(num_told == 3);
    CHECK(flights.num_flights() == 0);
  }
}
