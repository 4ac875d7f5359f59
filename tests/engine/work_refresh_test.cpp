// Work and renewals: that no new tokens are lost. How a renewal goes stands in
// engine_refresh_test.cpp and engine_stored_test.cpp.
#include "engine/work.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/hosted.hpp"
#include "session/samples.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

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

// Waits for so many results, or ends, of renewals to stand beside the cookies.
bool wait_until_told(HostMemory& memory, std::ptrdiff_t num) {
  const auto is_told = [&] {
    const auto keys = memory.keys();
    return num <= std::count_if(keys.begin(), keys.end(), [](const auto& key) {
             return key.find("-refresh-") != std::string::npos && !key.ends_with(".lock");
           });
  };
  for (const auto end = soon(); !is_told() && std::chrono::steady_clock::now() < end;) {
    std::this_thread::sleep_for(milliseconds(20));
  }
  return is_told();
}

}  // namespace

TEST_SUITE("engine/work_refresh") {
  TEST_CASE("F-403: new tokens that the store did not take reach it once it does") {
    const Options short_life = {{"cookie_expire", "62m"}};
    Hosted one(short_life);
    const auto other = one.shared.engine(short_life);
    REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
    renew_untaken(one);
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
    REQUIRE(wait_until_told(*beside.memory, 1));
    Browser there(beside.other);
    there.cookies = before;
    CHECK(there.get("/page").kind() == Decision::Kind::allow);
    CHECK(beside.shared.num_refreshes() == 1);
    CHECK(beside.shared.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }

  TEST_CASE("F-412: renewed while the store is down, and then too large: others hear it is over") {
    Beside beside(Options{{"session_ends_with_tokens", "true"}});
    const auto before = beside.person.cookies;
    beside.shared.provider.with([](auto& fake) {
      fake.edit_id_token = [](support::JsonText& claims) {
        std::string groups = "[";
        for (std::size_t i = 0; i < 60; ++i) {
          groups += i == 0 ? "\"" : ",\"";
          groups.append(session::samples::token(100, i).reveal()).append("\"");
        }
        claims.set("groups", groups + "]");
      };
      return 0;
    });
    beside.shared.clock->advance(seconds(3700));
    beside.memory->fail_with(Error{Status::store_unreachable, "out of order"});
    const auto ended = beside.person.get("/page", {{"Accept", "application/json"}});
    CHECK(ended.reason() == Reason::grant_ended);
    beside.memory->fail_with(std::nullopt);
    std::vector<std::string> told;  // of the old session, and of the new one
    for (const auto end = soon(); told.size() < 2 && std::chrono::steady_clock::now() < end;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      told.clear();
      for (const auto& key : beside.memory->keys()) {
        const bool is_lock = key.ends_with(".lock");
        if (key.find("-refresh-") == std::string::npos || is_lock) continue;
        told.push_back(beside.memory->get(key).value().value_or(""));
      }
    }
    REQUIRE(told.size() == 2);
    for (const auto& one : told) CHECK(one.size() < 1000);  // that it is over, not the session
    Browser there(beside.other);
    there.cookies = before;
    CHECK(there.get("/page", {{"Accept", "application/json"}}).reason() == Reason::grant_ended);
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

  TEST_CASE("F-403: the same for a grant that is under way when the engine ends") {
    Hosted one;
    const auto other = one.shared.engine();
    REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
    one.shared.clock->advance(seconds(3700));
    one.shared.provider.hold("/token");
    auto asked = one.person.ask("/page");
    REQUIRE(one.shared.provider.wait_for("/token", 2));
    one.memory->refuse_writes(true);
    const auto cookies = one.person.cookies;
    auto ending = end(one);
    CHECK(ending.wait_for(milliseconds(100)) == std::future_status::timeout);
    one.shared.provider.let_go();
    CHECK(ending.wait_for(seconds(3)) == std::future_status::timeout);  // it tries for longer
    one.memory->refuse_writes(false);
    ending.get();
    (void)wait_for(std::move(asked));
    one.person.cookies = cookies;
    check_renewed_elsewhere(one, other);
  }

  TEST_CASE("F-403: the same where the host turns the loop, and of many sessions at once") {
    for (const bool is_caller : {true, false}) {
      CAPTURE(is_caller);
      Options options{{"session_ends_with_tokens", "true"}};
      if (is_caller) options.emplace_back("driver", "caller");
      Beside beside(options);
      const auto before = beside.person.cookies;
      std::vector<Browser> others;
      beside.memory->fail_with(Error{Status::store_unreachable, "out of order"});
      for (int i = 0; i < (is_caller ? 1 : 40); ++i) {
        REQUIRE(others.emplace_back(beside.here).sign_in(beside.shared.provider).reason() ==
                Reason::signed_in);
      }
      beside.shared.clock->advance(seconds(3700));
      CHECK(beside.person.get("/page").reason() == Reason::session_refreshed);
      std::vector<std::map<std::string, std::string>> cookies;
      for (auto& one : others) {
        cookies.push_back(one.cookies);
        CHECK(one.get("/page").reason() == Reason::session_refreshed);
      }
      const auto num_refreshes = beside.shared.num_refreshes();
      beside.memory->fail_with(std::nullopt);
      beside.person = Browser(nullptr);
      others.clear();
      beside.here.reset();
      Browser there(beside.other);
      cookies.push_back(before);
      for (auto& one : cookies) {
        there.cookies = one;
        CHECK(there.get("/page").kind() == Decision::Kind::allow);
      }
      CHECK(beside.shared.num_refreshes() == num_refreshes);
      CHECK(beside.shared.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
    }
  }

  TEST_CASE("F-403: signed out while the store was down: its return brings nobody back") {
    for (const bool ends_engine : {true, false}) {
      CAPTURE(ends_engine);
      Beside beside(Options{{"session_ends_with_tokens", "true"}});
      const auto first = beside.person.cookies;
      beside.shared.clock->advance(seconds(3700));
      beside.memory->fail_with(Error{Status::store_unreachable, "out of order"});
      CHECK(beside.person.get("/page").reason() == Reason::session_refreshed);
      const auto second = beside.person.cookies;
      beside.person.get("/oauth2/sign_out");
      beside.memory->fail_with(std::nullopt);
      const auto is_out = [&](const auto& cookies) {
        Browser there(beside.other);
        there.cookies = cookies;
        return there.get("/page", {{"Accept", "application/json"}}).http_status() == 401;
      };
      if (ends_engine) {
        beside.person = Browser(nullptr);
        beside.here.reset();
      }
      CHECK(wait_until_told(*beside.memory, 2));
      CHECK(is_out(first));
      beside.shared.clock->advance(seconds(3700));  // a cookie counts elsewhere until it is due
      CHECK(is_out(second));
      CHECK(beside.shared.num_refreshes() == 1);
    }
  }

  TEST_CASE("F-403: ... nor where the sign-out came before the new tokens did") {
    Beside beside(Options{{"session_ends_with_tokens", "true"}});
    const auto first = beside.person.cookies;
    beside.shared.clock->advance(seconds(3700));
    beside.memory->fail_with(Error{Status::store_unreachable, "out of order"});
    beside.shared.provider.hold("/token");
    auto waits = beside.person.ask("/page", {{"Accept", "application/json"}});
    REQUIRE(beside.shared.provider.wait_for("/token", 2));
    beside.person.get("/oauth2/sign_out");
    beside.shared.provider.let_go();
    const auto answer = wait_for(std::move(waits));
    REQUIRE(answer.ok());
    CHECK(answer->http_status() == 401);
    beside.memory->fail_with(std::nullopt);
    REQUIRE(wait_until_told(*beside.memory, 1));
    Browser there(beside.other);
    there.cookies = first;
    CHECK(there.get("/page", {{"Accept", "application/json"}}).http_status() == 401);
    CHECK(beside.shared.num_refreshes() == 1);
    CHECK(beside.shared.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }

  TEST_CASE("F-403: ... nor where the new tokens were just being put, and only they arrived") {
    const Error down{Status::store_unreachable, "out of order"};
    std::promise<void> putting, signing_out;
    auto is_signing_out = signing_out.get_future();
    std::atomic<bool> is_put = false, is_out = false;
    Beside beside(Options{{"session_ends_with_tokens", "true"}});
    const auto first = beside.person.cookies;
    // The first write is the put: it waits for the sign-out, which finds the store down again.
    beside.memory->on_call = [&](std::string_view what) {
      if (is_put) beside.memory->fail_with(is_out ? std::nullopt : std::optional(down));
      if (what != "write" || is_put.exchange(true)) return;
      putting.set_value();
      is_signing_out.wait_for(seconds(10));
    };
    beside.shared.clock->advance(seconds(3700));
    beside.memory->fail_with(down);
    CHECK(beside.person.get("/page").reason() == Reason::session_refreshed);
    beside.memory->fail_with(std::nullopt);
    REQUIRE(putting.get_future().wait_until(soon()) == std::future_status::ready);
    auto asked = beside.person.ask("/oauth2/sign_out");
    signing_out.set_value();
    REQUIRE(wait_for(std::move(asked)).ok());
    is_out = true;
    REQUIRE(wait_until_told(*beside.memory, 2));
    Browser there(beside.other);
    there.cookies = first;
    CHECK(there.get("/page", {{"Accept", "application/json"}}).http_status() == 401);
    CHECK(beside.shared.num_refreshes() == 1);
  }

  TEST_CASE(
      "F-403: ... nor where the cookie was of before an earlier renewal, of another process") {
    Beside beside(Options{{"session_ends_with_tokens", "true"}});
    const auto first = beside.person.cookies;
    beside.shared.clock->advance(seconds(3700));
    Browser there(beside.other);
    there.cookies = first;
    CHECK(there.get("/page").reason() == Reason::session_refreshed);
    beside.shared.clock->advance(seconds(3700 - 120));  // its result is kept for an hour
    beside.shared.provider.hold("/token");
    auto waits = beside.person.ask("/page", {{"Accept", "application/json"}});
    REQUIRE(beside.shared.provider.wait_for("/token", 3));
    beside.memory->fail_with(Error{Status::store_unreachable, "out of order"});
    beside.person.get("/oauth2/sign_out");
    beside.shared.provider.let_go();
    REQUIRE(wait_for(std::move(waits)).ok());
    beside.memory->fail_with(std::nullopt);
    REQUIRE(wait_until_told(*beside.memory, 2));
    Browser late(beside.shared.engine(
        Options{{"session_ends_with_tokens", "true"}, {"session_fallback_to_cookie", "true"}}));
    late.cookies = first;
    CHECK(late.get("/page", {{"Accept", "application/json"}}).http_status() == 401);
    CHECK(beside.shared.num_refreshes() == 2);
  }

  TEST_CASE(
      "K-02: what the store did not take is told to the old cookie for as long as it may be") {
    Beside beside(Options{{"session_ends_with_tokens", "true"}});
    Browser copy(beside.here);
    copy.cookies = beside.person.cookies;
    beside.shared.clock->advance(seconds(3700));
    beside.memory->fail_with(Error{Status::store_unreachable, "out of order"});
    CHECK(beside.person.get("/page").reason() == Reason::session_refreshed);
    CHECK(beside.person.get("/page").kind() == Decision::Kind::allow);  // the new one is seen
    beside.shared.clock->advance(seconds(90));
    CHECK(copy.get("/page").kind() == Decision::Kind::allow);
    CHECK(beside.shared.num_refreshes() == 1);
    CHECK(beside.shared.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }

  TEST_CASE("who waits for a renewal that fails is not let in after a sign-out meanwhile") {
    for (const bool in_cookies : {true, false}) {
      for (const bool signs_out_here : {true, false}) {
        if (in_cookies && !signs_out_here) continue;  // which the store beside tells to renewals
        CAPTURE(in_cookies);
        CAPTURE(signs_out_here);
        Beside beside(Options{}, in_cookies);
        beside.shared.clock->advance(seconds(3700));
        beside.shared.provider.hold("/token");
        auto waits = beside.person.ask("/page", {{"Accept", "application/json"}});
        REQUIRE(beside.shared.provider.wait_for("/token", 2));
        Browser other_tab(signs_out_here ? beside.here : beside.other);
        other_tab.cookies = beside.person.cookies;
        CHECK(other_tab.get("/oauth2/sign_out").reason() == Reason::signed_out);
        beside.shared.provider.answer_with("/token", 503);
        beside.shared.provider.let_go();
        const auto answer = wait_for(std::move(waits));
        REQUIRE(answer.ok());
        CHECK(answer->http_status() == 401);
      }
    }
  }

  TEST_CASE("who waits for a renewal that fails is let in while the session is good") {
    for (const bool in_cookies : {true, false}) {
      CAPTURE(in_cookies);
      Beside beside(Options{}, in_cookies);
      beside.shared.clock->advance(seconds(3700));
      beside.shared.provider.answer_with("/token", 503);
      CHECK(beside.person.get("/page").kind() == Decision::Kind::allow);
    }
  }

  TEST_CASE("F-403: nor does it end while the store may come back, but no later than a call") {
    Hosted one;
    const auto other = one.shared.engine();
    REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
    renew_untaken(one);
    const auto cookies = one.person.cookies;
    auto ending = end(one);
    CHECK(ending.wait_for(seconds(1)) == std::future_status::timeout);
    one.memory->refuse_writes(false);
    ending.get();
    one.person.cookies = cookies;
    check_renewed_elsewhere(one, other);

    Hosted two(Options{{"http_timeout", "3s"}});  // whose store does not come back
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
