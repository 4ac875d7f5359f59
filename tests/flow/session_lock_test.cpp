#include "flow/session_lock.hpp"

#include <doctest/doctest.h>

#include "support/scripted_entropy.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::flow;
using namespace gatelet::support;

namespace {

struct Stored : World {
  Stored() { keep_in_store(); }
  Result<bool> take(std::string owner) { return driver.run(take_lock("a.lock", std::move(owner))); }
};

}  // namespace

TEST_SUITE("flow/session_lock") {
  TEST_CASE("a free lock is ours at once") {
    Stored world;
    CHECK(world.take("me").value());
    CHECK(world.store.locks.at("a.lock") == "me");
    CHECK(world.driver.delays.empty());
  }

  TEST_CASE("another's lock is not, and stays the other's; 50 ms later it may be asked again") {
    Stored world;
    world.store.locks["a.lock"] = "another";
    CHECK_FALSE(world.take("me").value());
    CHECK(world.store.locks.at("a.lock") == "another");
    CHECK(world.driver.delays == std::vector<Duration>{50ms});
  }

  TEST_CASE("a lock is kept by its owner alone, while it lasts") {
    Stored world;
    const auto keep = [&] { return world.driver.run(keep_lock("a.lock", "me")); };
    CHECK_FALSE(keep().value());
    CHECK(world.take("me").value());
    CHECK(keep().value());
    world.store.locks["a.lock"] = "another";
    CHECK_FALSE(keep().value());
    CHECK(world.store.locks.at("a.lock") == "another");
  }

  TEST_CASE("a store that is away is no lock") {
    Stored world;
    world.driver.on_store = [](const StoreCall&) -> Result<StoreReply> {
      return Error{Status::store_unreachable, "away"};
    };
    CHECK(world.take("me").error().status == Status::store_unreachable);
  }

  TEST_CASE("every owner has a name of its own, and none without entropy") {
    SeededEntropy entropy;
    const auto one = lock_owner(entropy).value(), two = lock_owner(entropy).value();
    CHECK(one.size() == 22);  // 16 bytes in base64url
    CHECK(one != two);
    FailingEntropy empty(0);
    CHECK(lock_owner(empty).error().status == Status::no_entropy);
  }
}
