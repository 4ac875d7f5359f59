// Work and renewals: that no new tokens are lost. How a renewal goes stands in
// engine_refresh_test.cpp and engine_stored_test.cpp.
#include "engine/work.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <thread>

#include "engine/hosted.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Renews the person's session, whose new tokens the store does not take.
Decision renew_untaken(Hosted& one) {
  one.shared.clock->advance(seconds(3700));
  one.shared.provider.hold("/token");
  auto asked = one.person.ask("/page");
  REQUIRE(one.shared.provider.wait_for("/token", 2));
  one.memory->refuse_writes(true);
  one.shared.provider.let_go();
  auto answer = wait_for(std::move(asked));
  REQUIRE(answer.ok());
  auto renewed = one.person.keep(std::move(answer).value());
  CHECK(renewed.reason() == Reason::session_refreshed);
  return renewed;
}

// The tokens are in the store: with them, and not with those that they replaced, it is renewed.
void check_renewed_elsewhere(Hosted& one, const std::shared_ptr<Engine>& other) {
  Browser there(other);
  there.cookies = one.person.cookies;
  CHECK(there.get("/page").kind() == Decision::Kind::allow);
  one.shared.clock->advance(seconds(3600));
  CHECK(there.get("/page").reason() == Reason::session_refreshed);
  CHECK(one.shared.num_refreshes() == 2);
  CHECK(one.shared.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
}

// Lets go of the engine, on another thread.
std::future<void> end(Hosted& one) {
  one.person = Browser(nullptr);
  return std::async(std::launch::async,
                    [engine = std::move(one.engine)]() mutable { engine.reset(); });
}

}  // namespace

TEST_SUITE("engine/work_refresh") {
  TEST_CASE("F-403: new tokens that the store did not take reach it once it does") {
    const Options short_life = {{"cookie_expire", "62m"}};
    Hosted one(short_life);
    const auto other = one.shared.engine(short_life);
    REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
    one.shared.clock->advance(seconds(3700));
    one.shared.provider.hold("/token");
    auto asked = one.person.ask("/page");
    REQUIRE(one.shared.provider.wait_for("/token", 2));
    one.memory->refuse_writes(true);
    one.shared.provider.let_go();
    auto answer = wait_for(std::move(asked));
    REQUIRE(answer.ok());
    const auto renewed = one.person.keep(std::move(answer).value());
    CHECK(renewed.reason() == Reason::session_refreshed);
    one.shared.clock->advance(seconds(30));  // the session would be over, had it not been renewed
    std::this_thread::sleep_for(std::chrono::milliseconds(3500));  // not by the next attempt either
    one.memory->refuse_writes(false);

    Browser there(other);
    bool is_in = false;
    for (const auto end = soon(); !is_in && std::chrono::steady_clock::now() < end;) {
      there.cookies = one.person.cookies;
      is_in = there.get("/page").kind() == Decision::Kind::allow;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    CHECK(is_in);
    one.shared.clock->advance(seconds(3600));
    CHECK(there.get("/page").reason() == Reason::session_refreshed);
    CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
    CHECK(one.shared.num_refreshes() == 2);
    CHECK(one.shared.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }

  TEST_CASE(
      "F-403: in cookies, renewed while the store is down: others hear of it once it is back") {
    const Options ending{{"session_ends_with_tokens", "true"}};
    Beside beside(ending);
    const auto before = beside.person.cookies;
    beside.shared.clock->advance(seconds(3700));
    beside.memory->fail_with(Error{Status::store_unreachable, "out of order"});
    CHECK(beside.person.get("/page").reason() == Reason::session_refreshed);
    beside.memory->fail_with(std::nullopt);
    const auto is_told = [&] {
      for (const auto& key : beside.memory->keys()) {
        if (key.find("-refresh-") != std::string::npos) return true;
      }
      return false;
    };
    for (const auto end = soon(); !is_told() && std::chrono::steady_clock::now() < end;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    REQUIRE(is_told());
    Browser there(beside.other);
    there.cookies = before;
    CHECK(there.get("/page").kind() == Decision::Kind::allow);
    CHECK(beside.shared.num_refreshes() == 1);
    CHECK(beside.shared.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }

  TEST_CASE("F-403: an engine that ends gives the store the new tokens it did not take, first") {
    Hosted one;
    const auto other = one.shared.engine();
    REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
    renew_untaken(one);
    const auto cookies = one.person.cookies;
    one.memory->refuse_writes(false);
    end(one).get();
    one.person.cookies = cookies;
    check_renewed_elsewhere(one, other);
  }

  TEST_CASE("F-403: nor does it end while the store may come back, but no later than a call") {
    const Options options{{"http_timeout", "3s"}};
    Hosted one(options);
    const auto other = one.shared.engine(options);
    REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
    renew_untaken(one);
    const auto cookies = one.person.cookies;
    auto ending = end(one);
    CHECK(ending.wait_for(seconds(1)) == std::future_status::timeout);
    one.memory->refuse_writes(false);
    ending.get();
    one.person.cookies = cookies;
    check_renewed_elsewhere(one, other);

    Hosted two(options);  // whose store does not come back
    REQUIRE(two.person.sign_in(two.shared.provider).reason() == Reason::signed_in);
    renew_untaken(two);
    CHECK(end(two).wait_for(seconds(20)) == std::future_status::ready);
  }

  TEST_CASE("F-403: in cookies: an engine that ends tells the others of the renewal, first") {
    Beside beside(Options{{"session_ends_with_tokens", "true"}});
    const auto before = beside.person.cookies;
    beside.shared.clock->advance(seconds(3700));
    beside.memory->fail_with(Error{Status::store_unreachable, "out of order"});
    CHECK(beside.person.get("/page").reason() == Reason::session_refreshed);
    beside.memory->fail_with(std::nullopt);
    beside.person = Browser(nullptr);
    beside.here.reset();
    Browser there(beside.other);
    there.cookies = before;
    CHECK(there.get("/page").kind() == Decision::Kind::allow);
    CHECK(beside.shared.num_refreshes() == 1);
    CHECK(beside.shared.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }
}
