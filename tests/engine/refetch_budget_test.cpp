#include "engine/refetch_budget.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::engine;

TEST_SUITE("engine/refetch_budget") {
  TEST_CASE("K-03, MA-19: three forced refetches at once, then one a minute, for each provider") {
    RefetchBudget budget;
    int taken = 0;
    for (int i = 0; i < 10000; ++i) taken += budget.take_keys("p", at_unix(1000));
    CHECK(taken == 3);
    CHECK_FALSE(budget.take_keys("p", at_unix(1059)));
    CHECK(budget.take_keys("p", at_unix(1061)));
    CHECK_FALSE(budget.take_keys("p", at_unix(1062)));
    CHECK(budget.take_keys("q", at_unix(1000)));
  }

  TEST_CASE(
      "take_keys: a long pause regains three, never more; a clock that goes back regains nothing") {
    RefetchBudget budget;
    for (int i = 0; i < 3; ++i) CHECK(budget.take_keys("p", at_unix(1000)));
    CHECK_FALSE(budget.take_keys("p", at_unix(500)));
    for (int i = 0; i < 3; ++i) CHECK(budget.take_keys("p", at_unix(90000)));
    CHECK_FALSE(budget.take_keys("p", at_unix(90000)));
  }

  TEST_CASE("may_fetch: a failure pauses for a second, for that provider") {
    RefetchBudget budget;
    CHECK(budget.may_fetch("p", at_unix(10)));
    budget.note_failure("p", at_unix(10));
    CHECK_FALSE(budget.may_fetch("p", at_unix(10)));
    CHECK(budget.may_fetch("q", at_unix(10)));
    CHECK(budget.may_fetch("p", at_unix(11)));
  }
}
