// Requests whose answer waits for the store, with the loop in the test's hands.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <utility>
#include <variant>

#include "engine/live_engine.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

// One person signed in, in an engine that turns only where a test lets it.
struct Still : Live {
  Browser person;
  explicit Still(const Options& more)
      : Live([&] {
          Options all = more;
          all.emplace_back("session_store_type", "memory");
          all.emplace_back("session_cache_max_staleness", "0s");
          all.emplace_back("driver", "caller");
          return all;
        }()),
        person(engine) {
    REQUIRE(person.sign_in(provider).reason() == Reason::signed_in);
  }
  std::optional<Operation<Decision>> begin() {
    auto asked = person.ask("/page");
    if (!asked.ok()) return std::nullopt;
    return std::move(std::get<Operation<Decision>>(*asked));
  }
};

}  // namespace

TEST_SUITE("engine/core_waiting") {
  TEST_CASE("as many wait as max_operations allows; each place is given back with its answer") {
    Still one(Options{{"max_operations", "2"}});
    auto first = one.begin();
    auto second = one.begin();
    REQUIRE(first);
    REQUIRE(second);
    const auto refused = one.person.ask("/page");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().status == Status::too_many_operations);

    const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    CHECK(first->wait(soon).value().kind() == Decision::Kind::allow);
    CHECK(second->wait(soon).value().kind() == Decision::Kind::allow);
    CHECK(one.begin());
  }

  TEST_CASE("who lost interest gives the place back when the store has answered") {
    Still one(Options{{"max_operations", "1"}});
    { const auto dropped = one.begin(); }
    while (one.engine->loop().run_once(std::chrono::milliseconds(10))) {
    }
    auto next = one.begin();
    REQUIRE(next);
    const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    CHECK(next->wait(soon).value().kind() == Decision::Kind::allow);
  }
}
