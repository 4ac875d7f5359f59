// The engine while sessions are renewed and ended: who gets the new one, and what nobody may bring
// back.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "engine/live_engine.hpp"
#include "http/form.hpp"
#include "session/samples.hpp"

using namespace gatelet;
using namespace gatelet::engine;

TEST_SUITE("engine/engine: refresh") {
  TEST_CASE("K-02: fifty requests whose tokens run out refresh once; all get the new session") {
    Live live;
    auto browser = live.browser();
    browser.sign_in(live.provider);
    live.let_tokens_run_out();
    live.provider.hold("/token");
    std::vector<Outcome<Decision>> asked;
    for (int i = 0; i < 50; ++i) asked.push_back(browser.ask("/page"));
    CHECK(live.provider.wait_for("/token", 2));
    live.provider.let_go();
    for (auto& one : asked) {
      const auto answer = wait_for(std::move(one));
      REQUIRE(answer.ok());
      CHECK(answer->kind() == Decision::Kind::allow);
      CHECK(answer->reason() == Reason::session_refreshed);
      CHECK_FALSE(session_cookie_of(*answer).empty());
    }
    CHECK(live.provider.with([](auto& fake) { return fake.num_refreshes; }) == 1);

    // A later request that still carries the replaced cookie.
    const auto old = browser.cookies;
    auto later = browser.get("/page");
    CHECK(later.kind() == Decision::Kind::allow);
    CHECK_FALSE(session_cookie_of(later).empty());
    CHECK(browser.cookies != old);
    CHECK(session_cookie_of(browser.get("/page")).empty());  // the new cookie is the newest
    CHECK(live.provider.with([](auto& fake) { return fake.num_refreshes + fake.num_reused; }) == 1);
  }

  TEST_CASE(
      "F-254: with a store beside the cookies: refreshed once, the cookie is carried as ever") {
    Live live(Options{{"session_store_beside", "memory"}});
    auto browser = live.browser();
    browser.sign_in(live.provider);
    (void)browser.get("/page");  // the deny list is asked for, once
    CHECK(std::holds_alternative<Decision>(*browser.ask("/page")));  // no store is asked for this
    live.let_tokens_run_out();
    live.provider.hold("/token");
    std::vector<Outcome<Decision>> asked;
    for (int i = 0; i < 50; ++i) asked.push_back(browser.ask("/page"));
    CHECK(live.provider.wait_for("/token", 2));
    live.provider.let_go();
    for (auto& one : asked) {
      const auto answer = wait_for(std::move(one));
      REQUIRE(answer.ok());
      CHECK(answer->kind() == Decision::Kind::allow);
      CHECK_FALSE(session_cookie_of(*answer).empty());
    }
    CHECK(live.provider.with([](auto& fake) { return fake.num_refreshes; }) == 1);
    CHECK(live.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
    CHECK(browser.get("/ready").http_status() == 200);
    CHECK(browser.get("/oauth2/sign_out").reason() == Reason::signed_out);
  }

  TEST_CASE("K-02: in oauth2-proxy's format the old cookie and the new one are renewed once, too") {
    Live live({{"compat", "oauth2-proxy"},
               {"provider", "oidc"},
               {"skip_provider_button", "true"},
               {"cookie_refresh", "30m"}});
    auto person = live.browser(), elsewhere = live.browser();
    person.sign_in(live.provider);
    elsewhere.cookies = person.cookies;
    live.clock->advance(std::chrono::minutes(31));
    CHECK(person.get("/page").reason() == Reason::session_refreshed);
    live.clock->advance(std::chrono::minutes(31) - std::chrono::minutes(3));
    CHECK(live.provider.with([](auto& fake) { return fake.num_refreshes; }) == 1);
    live.clock->advance(std::chrono::minutes(3));
    live.provider.hold("/token");
    std::vector<Outcome<Decision>> asked;
    asked.push_back(elsewhere.ask("/page"));
    asked.push_back(person.ask("/page"));
    CHECK(live.provider.wait_for("/token", 3));
    live.provider.let_go();
    for (auto& one : asked) {
      const auto answer = wait_for(std::move(one));
      REQUIRE(answer.ok());
      CHECK(answer->kind() == Decision::Kind::allow);
    }
    CHECK(live.provider.with([](auto& fake) { return fake.num_refreshes; }) == 2);
    CHECK(live.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }

  TEST_CASE(
      "K-02: ... and where the settings have changed what the new cookie says of its sign-in") {
    Options limited = compat_options;
    limited.emplace_back("session_max_lifetime", "12h");
    Live live(limited);
    auto person = live.browser();
    person.sign_in(live.provider);
    auto late = live.browser();
    late.cookies = person.cookies;
    REQUIRE(live.engine->reload(live_settings(live.provider, compat_options)).ok());
    live.clock->advance(std::chrono::minutes(61));
    CHECK(person.get("/page").reason() == Reason::session_refreshed);
    CHECK(late.get("/page").kind() == Decision::Kind::allow);
    CHECK(live.provider.with([](auto& fake) { return fake.num_refreshes; }) == 1);
    CHECK(live.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }

  TEST_CASE("EN-07: a client that goes away during its refresh loses nothing") {
    for (const bool cancels : {false, true}) {
      Live live;
      auto browser = live.browser();
      browser.sign_in(live.provider);
      live.let_tokens_run_out();
      live.provider.hold("/token");
      {
        auto asked = browser.ask("/page");
        REQUIRE(asked.ok());
        REQUIRE(std::holds_alternative<Operation<Decision>>(*asked));
        CHECK(live.provider.wait_for("/token", 2));
        if (cancels) {
          auto& operation = std::get<Operation<Decision>>(*asked);
          operation.cancel();
          const auto result =
              operation.wait(std::chrono::steady_clock::now() + std::chrono::seconds(10));
          REQUIRE_FALSE(result.ok());
          CHECK(result.error().status == Status::cancelled);
        }
      }
      live.provider.let_go();
      const auto page = browser.get("/page");  // joins the refresh, or finds its result
      CHECK(page.kind() == Decision::Kind::allow);
      CHECK_FALSE(session_cookie_of(page).empty());
      CHECK(live.provider.with([](auto& fake) { return fake.num_refreshes; }) == 1);
      CHECK(live.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
    }
  }

  TEST_CASE("OP-17: invalid_grant ends the session; it is not tried again") {
    Live live;
    auto browser = live.browser();
    browser.sign_in(live.provider);
    const auto before = browser.cookies;
    live.let_tokens_run_out();
    live.provider.with([](auto& fake) {
      fake.rotate_refresh_tokens = true;
      return 0;
    });
    // The provider forgets the grant: a new one knows no refresh token.
    live.provider.with([](auto& fake) {
      support::FakeProvider fresh;
      fresh.settings = fake.settings;
      fake = std::move(fresh);
      return 0;
    });
    const auto ended = browser.get("/page");
    CHECK(ended.kind() == Decision::Kind::redirect);  // to sign in again
    CHECK_FALSE(browser.has_session());
    CHECK(live.provider.num_requests("/token") == 2);

    browser.cookies = before;
    const auto again = browser.get("/page", {{"Accept", "application/json"}});
    CHECK(again.http_status() == 401);
    CHECK(live.provider.num_requests("/token") == 2);
    CHECK(live.has_event("refresh-failed"));
  }

  TEST_CASE("OP-17: transport trouble keeps the session until its own expiry, and delays nobody") {
    Live live(Options{{"cookie_expire", "2h"}});
    auto browser = live.browser();
    browser.sign_in(live.provider);
    live.let_tokens_run_out();
    live.provider.answer_with("/token", 500);
    auto page = browser.get("/page");
    CHECK(page.kind() == Decision::Kind::allow);
    CHECK(session_cookie_of(page).empty());
    CHECK(live.provider.num_requests("/token") == 2);
    CHECK(std::holds_alternative<Decision>(*browser.ask("/page")));  // at once: the back-off holds
    CHECK(live.provider.num_requests("/token") == 2);

    live.clock->advance(std::chrono::seconds(3700));
    page = browser.get("/page");
    CHECK(page.kind() == Decision::Kind::redirect);
    CHECK_FALSE(browser.has_session());
  }

  TEST_CASE("F-247: refreshes do not carry a session past session_max_lifetime") {
    for (const auto store : {"cookie", "memory"}) {
      CAPTURE(store);
      Live live(Options{{"session_max_lifetime", "2h"}, {"session_store_type", store}});
      auto browser = live.browser();
      browser.sign_in(live.provider);
      const auto signed_in = browser.get("/page").identity()->session_ends();
      live.clock->advance(std::chrono::seconds(3700));  // the tokens have run out
      const auto renewed = browser.get("/page");
      CHECK(renewed.reason() == Reason::session_refreshed);
      CHECK(renewed.identity()->session_ends() == signed_in);
      const auto cookie = session_cookie_of(renewed);  // an hour less a hundred seconds is left
      const auto max_age = cookie.find("Max-Age=");
      REQUIRE(max_age != std::string::npos);
      const int left = std::stoi(cookie.substr(max_age + 8));
      CHECK(left <= 3500);
      CHECK(left >= 3400);
      live.clock->advance(std::chrono::seconds(3490));
      CHECK(browser.get("/page").kind() == Decision::Kind::allow);
      const auto num_grants = live.provider.num_requests("/token");
      live.clock->advance(std::chrono::seconds(20));
      CHECK(browser.get("/page").kind() == Decision::Kind::redirect);
      CHECK(live.provider.num_requests("/token") == num_grants);
    }
  }

  TEST_CASE(
      "MA-17: a refresh that brings another person, or a token nobody signed, changes nothing") {
    Live live;
    auto browser = live.browser();
    browser.sign_in(live.provider);
    live.let_tokens_run_out();
    const auto still_alice = [&] {
      const auto page = browser.get("/page");
      CHECK(page.kind() == Decision::Kind::allow);
      CHECK(page.identity()->subject() == "alice");
      CHECK(session_cookie_of(page).empty());
    };
    live.provider.with([](auto& fake) {
      fake.rotate_refresh_tokens = false;
      fake.edit_id_token = [](support::JsonText& claims) { claims.set_string("sub", "mallory"); };
      return 0;
    });
    still_alice();
    live.clock->advance(std::chrono::seconds(2));
    live.provider.with([](auto& fake) {
      fake.edit_id_token = nullptr;
      fake.replace_id_token = [](std::string token) {
        token.back() = token.back() == 'A' ? 'B' : 'A';
        token[token.size() - 20] = token[token.size() - 20] == 'A' ? 'B' : 'A';
        return token;
      };
      return 0;
    });
    still_alice();
  }

  TEST_CASE("F-412: a session that grows with a refresh keeps the new refresh token") {
    std::atomic<int> num_ended{0};
    SessionHooks hooks;
    hooks.ended = [&](const SessionEvent&) -> Result<void> {
      ++num_ended;
      return {};
    };
    Live live({}, std::move(hooks));
    auto browser = live.browser();
    browser.sign_in(live.provider);
    const auto say = [&](std::size_t num_groups) {
      live.provider.with([num_groups](auto& fake) {
        fake.edit_id_token = [num_groups](support::JsonText& claims) {
          std::string groups = "[";
          for (std::size_t i = 0; i < num_groups; ++i) {
            groups += i == 0 ? "\"" : ",\"";
            groups.append(session::samples::token(100, i).reveal()).append("\"");
          }
          claims.set("groups", groups + "]");
        };
        return 0;
      });
      live.let_tokens_run_out();
      return browser.get("/page", {{"Accept", "application/json"}});
    };
    for (int i = 0; i < 2; ++i) {
      const auto before = browser.cookies;
      const auto renewed = say(46);  // more than a sign-in may take
      CHECK(renewed.reason() == Reason::session_refreshed);
      CHECK(browser.cookies != before);
      CHECK(values_of(browser.get("/page").response(), "Set-Cookie").empty());
    }
    CHECK(live.has_event("tokens-left-out"));
    CHECK(live.provider.with([](auto& fake) { return fake.num_refreshes; }) == 2);

    CHECK(num_ended == 0);
    const auto ended = say(60);  // more than cookies may take
    CHECK(ended.http_status() == 401);
    CHECK(ended.reason() == Reason::grant_ended);
    CHECK_FALSE(browser.cookies.contains("__Host-gatelet_0"));
    CHECK(live.has_event("refresh-failed renewed, and then too large: the session takes"));
    for (int i = 0; i < 1000 && num_ended == 0; ++i) {
      live.engine->loop().dispatch();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    CHECK(num_ended == 1);
    CHECK(live.provider.with([](auto& fake) { return fake.num_refreshes; }) == 3);
    CHECK(live.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }

  TEST_CASE("F-069: what was renewed is not put back into a browser that has signed in anew") {
    for (const auto& more : {Options{}, compat_options}) {
      Live live(more);
      auto browser = live.browser();
      browser.sign_in(live.provider);
      auto tab = live.browser();
      tab.cookies = browser.cookies;
      live.clock->advance(std::chrono::seconds(3600 + 100));
      REQUIRE(browser.sign_in(live.provider, "/oauth2/start?rd=%2F").reason() == Reason::signed_in);
      for (int i = 0; i < 2; ++i) {  // who renews it, and who finds it renewed
        const auto answer = wait_for(tab.ask("/page"));
        REQUIRE(answer.ok());
        CHECK(answer->kind() == Decision::Kind::allow);
        CHECK(values_of(answer->response(), "Set-Cookie").empty());
      }
      live.clock->advance(std::chrono::seconds(60));  // whoever comes with it now has no other
      const auto answer = wait_for(tab.ask("/page"));
      REQUIRE(answer.ok());
      CHECK(answer->kind() == Decision::Kind::allow);
      CHECK(values_of(answer->response(), "Set-Cookie").size() == 1);
    }
  }

  TEST_CASE("F-069: nor into one that has left it on the sign-in page") {
    Live live(Options{{"skip_provider_button", "false"}});
    auto browser = live.browser();
    browser.sign_in(live.provider, "/oauth2/start?rd=%2F");
    auto tab = live.browser();
    tab.cookies = browser.cookies;
    live.clock->advance(std::chrono::seconds(3600 + 100));
    live.provider.hold("/token");
    auto slow = tab.ask("/page", {{"Accept", "application/json"}});
    CHECK(live.provider.wait_for("/token", 2));
    for (int i = 0; i < 2; ++i) {  // however often it is asked for
      CHECK(session_cookie_of(*wait_for(tab.ask("/oauth2/sign_in"))).find("Max-Age=0") !=
            std::string::npos);
    }
    live.provider.let_go();
    const auto answer = wait_for(std::move(slow));
    REQUIRE(answer.ok());
    CHECK(answer->kind() == Decision::Kind::allow);
    CHECK(values_of(answer->response(), "Set-Cookie").empty());
  }

  TEST_CASE("F-420: data is not said to be kept in a session that its browser was told to drop") {
    Live live(Options{{"skip_provider_button", "false"}});
    auto browser = live.browser();
    browser.sign_in(live.provider, "/oauth2/start?rd=%2F");
    auto tab = live.browser();
    tab.cookies = browser.cookies;
    CHECK(tab.set("cart", "1").kind() == Decision::Kind::allow);
    tab.cookies = browser.cookies;
    (void)browser.get("/oauth2/sign_in");
    CHECK(tab.set("cart", "2").http_status() == 401);
    CHECK(tab.get("/page").kind() == Decision::Kind::allow);
    live.clock->advance(std::chrono::seconds(60));
    CHECK(tab.set("cart", "3").kind() == Decision::Kind::allow);
  }

  TEST_CASE("sign-out: the session ends here, also for requests that carry its cookie still") {
    Live live;
    auto browser = live.browser();
    browser.sign_in(live.provider);
    const auto before = browser.cookies;
    const auto out = browser.get("/oauth2/sign_out?rd=%2Fbye");
    CHECK(out.kind() == Decision::Kind::redirect);
    CHECK(out.reason() == Reason::signed_out);
    CHECK(location_of(out) == "/bye");
    CHECK_FALSE(browser.has_session());
    browser.cookies = before;
    CHECK(browser.get("/page", {{"Accept", "application/json"}}).http_status() == 401);
  }

  TEST_CASE(
      "sign-out: no answer to what was under way carries the session, one without tokens too") {
    Live live(Options{{"session_idle_timeout", "4m"},
                      {"session_drop_tokens", "access_token,refresh_token"}});
    auto browser = live.browser();
    browser.sign_in(live.provider);
    auto tab = live.browser();
    tab.cookies = browser.cookies;
    live.clock->advance(std::chrono::seconds(61));  // a use is to be noted
    CHECK(browser.get("/oauth2/sign_out").reason() == Reason::signed_out);
    const auto answer = wait_for(tab.ask("/page"));
    REQUIRE(answer.ok());
    CHECK(answer->kind() == Decision::Kind::allow);  // it leaves no trace
    CHECK(values_of(answer->response(), "Set-Cookie").empty());
    CHECK(tab.set("cart", "1").http_status() == 401);
    live.clock->advance(std::chrono::seconds(60));
    CHECK_FALSE(session_cookie_of(*wait_for(tab.ask("/page"))).empty());
  }

  TEST_CASE("sign-out: during a refresh, the new session is not brought to life") {
    Live live;
    auto browser = live.browser();
    browser.sign_in(live.provider);
    live.let_tokens_run_out();
    live.provider.hold("/token");
    auto refreshing = browser.ask("/page", {{"Accept", "application/json"}});
    CHECK(live.provider.wait_for("/token", 2));
    auto other = live.browser();
    other.cookies = browser.cookies;
    CHECK(other.get("/oauth2/sign_out").reason() == Reason::signed_out);
    live.provider.let_go();
    const auto answer = wait_for(std::move(refreshing));
    REQUIRE(answer.ok());
    CHECK(answer->http_status() == 401);
    CHECK(session_cookie_of(*answer).find("Max-Age=0") != std::string::npos);
  }
}
