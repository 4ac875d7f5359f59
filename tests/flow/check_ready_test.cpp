#include "flow/check_ready.hpp"

#include <doctest/doctest.h>

#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

TEST_SUITE("flow/check_ready") {
  TEST_CASE(
      "F-014: ready when the store answers, 503 when it does not; what it says stays inside") {
    World world;
    world.keep_in_store();
    const auto ask = [&] {
      flow::CheckReady in(world.context);
      in.request = world.get("/ready");
      return world.driver.run(flow::check_ready(std::move(in))).value();
    };
    const auto ready = ask();
    CHECK(ready.http_status() == 200);
    CHECK(ready.reason() == Reason::ready);
    CHECK(world.driver.seen == std::vector<std::string>{"store get"});

    world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::store_unreachable, "canary"};
    };
    const auto away = ask();
    CHECK(away.http_status() == 503);
    CHECK(away.reason() == Reason::store_unavailable);
    CHECK(away.body().find("canary") == std::string::npos);
    CHECK(away.detail() == "canary");
  }
}
