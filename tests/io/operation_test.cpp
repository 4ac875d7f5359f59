#include <gatelet/operation.hpp>

#include <doctest/doctest.h>

#include <utility>

#include <gatelet/decision.hpp>

#include "io/scripted_task.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;

TEST_SUITE("io/operation") {
  TEST_CASE("wait: hands the result out once") {
    Fixture fixture(false);
    const auto completion = CompletionOf<Decision>::make(fixture.driver);
    Operation<Decision> operation(completion);
    completion->deliver(Decision());

    CHECK(operation.wait(soon()).ok());
    CHECK(operation.wait(soon()).error().status == Status::invalid_state);
  }

  TEST_CASE("a moved-from operation has nothing: calls on it are harmless") {
    Fixture fixture(false);
    const auto completion = CompletionOf<Identity>::make(fixture.driver);
    Operation<Identity> first(completion);
    Operation<Identity> second(std::move(first));
    completion->deliver(Identity());

    CHECK(first.wait(soon()).error().status == Status::invalid_state);  // NOLINT: on purpose
    first.on_done([](Result<Identity>) {});
    first.cancel();
    CHECK_FALSE(completion->is_unwanted());
    CHECK(second.wait(soon()).ok());
  }

  TEST_CASE("dropping cancels, by the end of its life and by another taking its place") {
    Fixture fixture(false);
    const auto one = CompletionOf<Identity>::make(fixture.driver);
    const auto two = CompletionOf<Identity>::make(fixture.driver);
    {
      Operation<Identity> operation(one);
      operation = Operation<Identity>(two);
      CHECK(one->is_unwanted());
      CHECK_FALSE(two->is_unwanted());
      auto& itself = operation;
      operation = std::move(itself);
      CHECK_FALSE(two->is_unwanted());
    }
    CHECK(two->is_unwanted());
  }
}
