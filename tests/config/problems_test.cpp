#include "config/problems.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::config;

TEST_SUITE("config/problems") {
  TEST_CASE("full_key: flat for the engine and the default provider, else with the id") {
    CHECK(full_key(Row::client_id, {}) == "client_id");
    CHECK(full_key(Row::client_id, {"corp", 1}) == "providers.corp.client_id");
    CHECK(full_key(Row::cookie_name, {"corp", 1}) == "cookie_name");
  }

  TEST_CASE("in_order: the order of the table, then of the providers, after what is in no table") {
    Problems problems;
    problems.add(Row::driver, "d");
    problems.add({"two", 1}, Row::client_id, "b");
    problems.add(Row::client_id, "a", Status::unreadable_file);
    problems.add(Row::provider, "p");
    problems.add_first({Status::unknown_option, "x"});

    const auto errors = problems.in_order();
    REQUIRE(errors.size() == 5);
    CHECK(errors[0].text == "x");
    CHECK(errors[1].text == "provider: p");
    CHECK(errors[2].text == "client_id: a");
    CHECK(errors[2].status == Status::unreadable_file);
    CHECK(errors[3].text == "providers.two.client_id: b");
    CHECK(errors[4].text == "driver: d");
  }

  TEST_CASE("has: knows option and provider") {
    Problems problems;
    CHECK(problems.empty());
    problems.add({"two", 1}, Row::client_id, "b");
    CHECK(problems.has(Row::client_id, 1));
    CHECK_FALSE(problems.has(Row::client_id));
    CHECK_FALSE(problems.has(Row::client_secret, 1));
    CHECK_FALSE(problems.empty());
  }
}
