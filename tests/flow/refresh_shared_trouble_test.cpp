// A session in cookies beside a store that is down, and comes back.
#include <doctest/doctest.h>

#include <algorithm>

#include "beside.hpp"

using namespace gatelet;
using namespace gatelet::support;
using What = flow::StoreCall::What;

TEST_SUITE("flow/refresh_shared_session: trouble") {
  TEST_CASE("the store is down and the session outlives its tokens: it waits, no grant is sent") {
    for (const auto what : {What::lock, What::get}) {
      Beside one;
      one.fail(what);
      CHECK(one.status() == Status::store_unreachable);
      CHECK(one.world.provider.num_refreshes == 0);
      one.world.context->session.session_ends_with_tokens = true;
      one.world.driver.now = one.world.driver.now + Duration(-30min);  // its tokens hold
      CHECK(one.status() == Status::store_unreachable);
      CHECK(one.world.provider.num_refreshes == 0);
    }
  }

  TEST_CASE("the store is down and the session would be over: it is renewed in this process") {
    for (const auto what : {What::lock, What::get}) {
      Beside one;
      one.world.context->session.session_ends_with_tokens = true;
      one.world.driver.now = one.world.driver.now + 1min;
      one.fail(what);
      const auto renewed = one.refresh();
      REQUIRE(renewed.ok());
      CHECK_FALSE(renewed->refresh_token == one.session->refresh_token);
      CHECK(one.world.provider.num_refreshes == 1);
    }
  }

  TEST_CASE("the store goes down while another process is seen to renew it: no second grant") {
    for (const auto what : {What::lock, What::get}) {
      Beside one;
      one.world.context->session.session_ends_with_tokens = true;
      one.world.driver.now = one.world.driver.now + 1min;
      one.world.store.locks[one.lock()] = "another process";
      bool is_down = false;
      one.world.driver.on_store = [&](const flow::StoreCall& call) -> Result<flow::StoreReply> {
        if (is_down && call.what == what) return Error{Status::store_unreachable, "gone"};
        if (call.what == What::lock) is_down = true;  // from the next call on
        return one.world.store.answer(call);
      };
      CHECK(one.status() == Status::store_unreachable);
      CHECK(one.world.provider.num_refreshes == 0);
    }
  }

  TEST_CASE("a store that goes down after the grant: put again for a while, and kept here") {
    Beside one;
    one.fail(What::swap);
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK_FALSE(renewed->refresh_token == one.session->refresh_token);
    const auto& seen = one.world.driver.seen;
    CHECK(std::count(seen.begin(), seen.end(), "store swap") == 4);
    CHECK(one.world.provider.num_refreshes == 1);

    Beside two;
    int num_failures = 0;
    two.world.driver.on_store = [&](const flow::StoreCall& call) -> Result<flow::StoreReply> {
      if (call.what == What::swap && ++num_failures < 3) {
        return Error{Status::store_unreachable, "gone"};
      }
      return two.world.store.answer(call);
    };
    const auto kept = two.refresh();
    CHECK(two.refresh_elsewhere()->refresh_token == kept->refresh_token);
    CHECK(two.world.provider.num_refreshes == 1);
  }

  TEST_CASE("F-403: what nobody takes over, the engine ends or has no memory, goes on by itself") {
    enum class Host { refuses, takes_over, throws };
    for (const auto host : {Host::refuses, Host::takes_over, Host::throws}) {
      const bool takes_over = host == Host::takes_over;
      CAPTURE(static_cast<int>(host));
      Beside one;
      one.takes_over = takes_over;
      one.throws = host == Host::throws;
      int num_swaps = 0;
      one.world.driver.on_store = [&](const flow::StoreCall& call) -> Result<flow::StoreReply> {
        if (call.what == Beside::What::swap && ++num_swaps < 12) {
          return Error{Status::store_unreachable, "gone"};
        }
        return one.world.store.answer(call);
      };
      REQUIRE(one.refresh().ok());
      REQUIRE(one.not_put);
      CHECK(one.world.store.records.contains(one.place().key) == !takes_over);
    }
  }

  TEST_CASE("invalid_grant, and the store cannot say whether another was faster: no end yet") {
    for (const bool ends_with_tokens : {false, true}) {
      Beside one;
      one.world.context->session.session_ends_with_tokens = ends_with_tokens;
      one.world.driver.now = one.world.driver.now + 1min;
      const auto provider = one.world.driver.on_http;
      int num_grants = 0;
      one.world.driver.on_http = [&](const HttpCall&, Instant) -> Result<HttpReply> {
        ++num_grants;
        one.fail(What::get);
        HttpReply reply;
        reply.status = 400;
        reply.body = R"({"error":"invalid_grant"})";
        return reply;
      };
      CHECK(one.status() == Status::store_unreachable);
      CHECK(num_grants == 1);  // the token that was refused is not sent again
      CHECK(one.world.store.records.empty());
      one.world.driver.on_http = provider;
      CHECK(one.refresh_elsewhere().ok());
    }
  }

  TEST_CASE("trouble with the renewal of a result that goes on: the result is the answer") {
    for (const bool holds : {true, false}) {
      Beside one;
      auto& settings = one.world.context->session;
      settings.session_ends_with_tokens = true;
      settings.refresh_before_expiry = 1min;
      one.world.driver.now = one.world.driver.now + 1min;
      const auto second = one.refresh();
      REQUIRE(second.ok());
      one.world.driver.now = one.world.driver.now + 59min + (holds ? 30s : 90s);
      one.answer_with(503, "");
      const auto late = one.refresh();
      CHECK(late.ok() == holds);
      if (late.ok()) CHECK(late->refresh_token == second->refresh_token);
      if (!late.ok()) CHECK(late.error().status == Status::provider_unavailable);
    }
  }

  TEST_CASE(
      "renewed while the store was down: told, and put where the others look when it is back") {
    for (const auto what : {What::lock, What::get, What::swap}) {
      Beside one;
      one.world.context->session.session_ends_with_tokens = true;
      one.world.driver.now = one.world.driver.now + 1min;
      one.fail(what);
      const auto renewed = one.refresh();
      REQUIRE(renewed.ok());
      REQUIRE(one.not_put);
      CHECK(one.old == one.session);
      CHECK(one.not_put->refresh_token == renewed->refresh_token);
      one.fail(What::get);
      CHECK(one.share().error().status == Status::store_unreachable);
      one.fail(What::swap);
      CHECK(one.share().error().status == Status::store_unreachable);
      one.works();
      CHECK(one.share().value());
      const auto elsewhere = one.refresh_elsewhere();
      REQUIRE(elsewhere.ok());
      CHECK(elsewhere->refresh_token == renewed->refresh_token);
      CHECK(one.share().value());  // it stands there
      CHECK(one.world.provider.num_refreshes == 1);
      CHECK(one.world.provider.num_reused == 0);
    }
    Beside two;
    CHECK(two.refresh().ok());
    CHECK_FALSE(two.not_put);
  }

  TEST_CASE("F-270: signed out elsewhere before the store heard of the renewal: it is over") {
    Beside one;
    one.fail(What::swap);
    (void)one.refresh();
    REQUIRE(one.not_put);
    one.works();
    CHECK(one.sign_out(one.session).ok());
    CHECK_FALSE(one.share().value());
    CHECK(one.refresh_elsewhere().error().status == Status::grant_ended);
  }

  TEST_CASE("F-270: signed out here while the store was down: it is over when that is back") {
    Beside one;
    one.world.provider.rotate_refresh_tokens = false;
    one.world.driver.on_store = [&](const flow::StoreCall& call) -> Result<flow::StoreReply> {
      const bool is_first = call.what == What::swap && !one.is_over;
      if (is_first) one.is_over = true;
      if (is_first) return Error{Status::store_unreachable, "gone"};
      return one.world.store.answer(call);
    };
    CHECK(one.status() == Status::grant_ended);
    CHECK_FALSE(one.not_put);
    one.is_over = false;  // another process knows nothing of it
    const auto elsewhere = one.refresh_elsewhere();
    REQUIRE_FALSE(elsewhere.ok());
    CHECK(elsewhere.error().status == Status::grant_ended);
    CHECK(one.world.provider.num_refreshes == 1);
    // A sign-in since then, whom the provider gave the same token, is not meant.
    auto later = *one.session;
    later.created_at->seconds += 1;
    later.signed_in_at = later.created_at;
    CHECK(one.refresh_elsewhere(std::make_shared<const session::Session>(std::move(later))).ok());
  }

  TEST_CASE("another process changes the result while it is put: it is tried again") {
    Beside one;
    one.fail(What::swap);
    (void)one.refresh();
    one.works();
    one.at_call(What::swap, 1, [&] { one.world.store.records[one.place().key] = "not ours"; });
    CHECK(one.share().error().status == Status::store_unreachable);
    CHECK(one.share().value());
  }
}
