// Requests whose answer waits for the store, with the loop in the test's hands.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "engine/live_engine.hpp"
#include "support/keeper.hpp"

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

  TEST_CASE("memory that runs out while the answer is made is the answer, to each that waits") {
    support::Keeper keeper({{"session_store_type", "memory"},
                            {"session_cache_max_staleness", "0s"},
                            {"driver", "caller"},
                            {"max_operations", "2"}});
    const support::Request request("/page", {{"Cookie", keeper.make(0, 1).cookie}});
    const auto ask = [&](int num_failing) {
      int num_decided = 0;
      std::vector<Result<Decision>> answers;
      std::vector<Operation<Decision>> waiting;
      for (int i = 0; i < 2; ++i) {
        const auto is_asked = std::make_shared<bool>(false);
        auto outcome = keeper.core().answer(request.view(), [&, is_asked](const Question& q) {
          if (!std::exchange(*is_asked, true)) return decide(q);
          if (num_decided++ < num_failing) throw std::bad_alloc();
          return decide(q);
        });
        REQUIRE(outcome.ok());
        waiting.push_back(std::get<Operation<Decision>>(std::move(*outcome)));
      }
      const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      for (auto& one : waiting) answers.push_back(one.wait(soon));
      return answers;
    };
    for (int num_failing = 2; num_failing >= 0; --num_failing) {
      const auto answers = ask(num_failing);
      REQUIRE(answers.size() == 2);
      int num_failed = 0;
      for (const auto& answer : answers) {
        if (answer.ok()) continue;
        CHECK(answer.error().status == Status::out_of_memory);
        ++num_failed;
      }
      CHECK(num_failed == num_failing);
    }
  }
}
