// The engine whose sessions are in a store: the memory of the process.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "engine/live_engine.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

using std::chrono::seconds;

Options stored(Options more = {}) {
  more.emplace_back("session_store_type", "memory");
  return more;
}

struct SignedIn : Live {
  Browser person;
  explicit SignedIn(const Options& more = {}) : Live(stored(more)), person(engine) {
    REQUIRE(person.sign_in(provider).reason() == Reason::signed_in);
    REQUIRE(person.has_session());
  }
  int num_refreshes() {
    return provider.with([](auto& fake) { return static_cast<int>(fake.num_refreshes); });
  }
  // Waits for a refresh behind the answers.
  bool wait_for_refreshes(int wanted) {
    for (int i = 0; i < 500 && num_refreshes() < wanted; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return num_refreshes() == wanted;
  }
};

bool is_at_once(const Outcome<Decision>& outcome) {
  return outcome.ok() && std::holds_alternative<Decision>(*outcome);
}

}  // namespace

TEST_SUITE("engine/engine: stored") {
  TEST_CASE("F-248: the browser has a ticket, the application its person; after that from memory") {
    SignedIn one;
    CHECK(one.person.cookies.size() == 1);
    CHECK(one.person.cookie_header().size() < 300);
    CHECK_FALSE(is_at_once(one.person.ask("/page")));  // the store is asked
    const auto page = one.person.get("/page");
    CHECK(page.kind() == Decision::Kind::allow);
    CHECK(page.identity()->email() == "alice@example.com");
    CHECK(value_of(page.upstream(), "X-Forwarded-Email") == "alice@example.com");
    CHECK(session_cookie_of(page).empty());
    CHECK(is_at_once(one.person.ask("/page")));
  }

  TEST_CASE("a ticket's cookie that is behind its session is renewed, also from memory") {
    SignedIn one;
    (void)one.person.get("/page");
    one.clock->advance(seconds(3600 - 10));
    CHECK(one.person.get("/page").kind() == Decision::Kind::allow);  // renewed behind the answer
    REQUIRE(one.wait_for_refreshes(1));
    REQUIRE(one.wait_for_quiet());
    const support::Request request("/page", {{"Cookie", one.person.cookie_header()}});
    auto known = one.engine->identify(request.view());  // whom the store is asked for
    REQUIRE(known.ok());
    if (auto* waits = std::get_if<Operation<Identity>>(&*known)) {
      REQUIRE(waits->wait(std::chrono::steady_clock::now() + seconds(10)).ok());
    }
    const auto before = one.person.cookies;
    CHECK_FALSE(session_cookie_of(one.person.get("/page")).empty());
    CHECK(one.person.cookies != before);
    CHECK(session_cookie_of(one.person.get("/page")).empty());
  }

  TEST_CASE("F-427: a store that tells is asked again once a minute; with 0 each time") {
    SignedIn one;
    (void)one.person.get("/page");
    one.clock->advance(seconds(50));
    CHECK(is_at_once(one.person.ask("/page")));
    one.clock->advance(seconds(11));
    CHECK_FALSE(is_at_once(one.person.ask("/page")));

    SignedIn longer(Options{{"session_cache_max_staleness", "2m"}});
    (void)longer.person.get("/page");
    longer.clock->advance(seconds(110));
    CHECK(is_at_once(longer.person.ask("/page")));
    longer.clock->advance(seconds(11));
    CHECK_FALSE(is_at_once(longer.person.ask("/page")));

    SignedIn two(Options{{"session_cache_max_staleness", "0s"}});
    (void)two.person.get("/page");
    CHECK_FALSE(is_at_once(two.person.ask("/page")));
    CHECK(two.person.get("/page").kind() == Decision::Kind::allow);
  }

  TEST_CASE("F-427: a record that is dropped is no session any longer, though it was in memory") {
    SignedIn first(Options{{"session_memory_limit", "1"}});
    CHECK(first.person.get("/page").kind() == Decision::Kind::allow);
    CHECK(is_at_once(first.person.ask("/page")));
    auto second = first.browser();
    second.sign_in(first.provider);  // there is room for one
    CHECK(first.person.get("/page").kind() != Decision::Kind::allow);
    CHECK(second.get("/page").kind() == Decision::Kind::allow);
  }

  TEST_CASE("F-427: the names of the records cannot change under a store that tells of them") {
    SignedIn one;
    const auto refused =
        one.engine->reload(live_settings(one.provider, stored({{"cookie_name", "other"}})));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().text.starts_with("cookie_name (the session store"));
    CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
    Live in_cookies;
    CHECK(in_cookies.engine->reload(live_settings(in_cookies.provider, {{"cookie_name", "other"}}))
              .ok());
  }

  TEST_CASE(
      "F-247: a session that is used stays, whatever the cache remembers; one left alone ends") {
    SignedIn one(Options{{"session_idle_timeout", "10m"}, {"session_cache_max_staleness", "1h"}});
    for (int i = 0; i < 6; ++i) {
      one.clock->advance(seconds(9 * 60));
      CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
      REQUIRE(one.wait_for_quiet());  // the use is noted behind the answer
    }
    CHECK(one.num_refreshes() == 0);
    auto copy = one.browser();
    copy.cookies = one.person.cookies;
    one.clock->advance(seconds(11 * 60));
    const auto late = one.person.get("/page", {{"Accept", "application/json"}});
    CHECK(late.http_status() == 401);
    CHECK_FALSE(one.person.has_session());
    CHECK(copy.get("/page").kind() != Decision::Kind::allow);
  }

  TEST_CASE("F-247: who is idle for the time-out itself and no minute longer is still let in") {
    SignedIn one(Options{{"session_idle_timeout", "10m"}});
    one.clock->advance(seconds(10 * 60 + 50));
    CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
  }

  TEST_CASE("F-247: what looks on without letting anybody in notes no use") {
    SignedIn one(Options{{"session_idle_timeout", "10m"}});
    for (int i = 0; i < 2; ++i) {
      one.clock->advance(seconds(5 * 60));
      const auto cookie = one.person.cookie_header();
      const std::vector<HeaderView> headers = {{"Cookie", cookie}};
      auto view = request_to("/page");
      view.headers = headers;
      auto known = one.engine->identify(view);
      REQUIRE(known.ok());
      auto* asked = std::get_if<Operation<Identity>>(&*known);
      const auto soon = std::chrono::steady_clock::now() + seconds(10);
      CHECK((asked ? asked->wait(soon).value() : std::get<Identity>(*known)).has_session());
      REQUIRE(one.wait_for_quiet());
    }
    one.clock->advance(seconds(61));
    CHECK(one.person.get("/page").kind() == Decision::Kind::redirect);
  }

  TEST_CASE(
      "F-420: data of the application, in cookies and in a store: read where it was written") {
    for (const auto store : {"cookie", "memory"}) {
      CAPTURE(store);
      Live live(Options{{"session_store_type", store}, {"session_cache_max_staleness", "1h"}});
      auto person = live.browser();
      person.sign_in(live.provider);
      CHECK(person.get("/page").identity()->data("cart").empty());
      const auto kept = person.set("cart", "three apples");
      CHECK(kept.kind() == Decision::Kind::allow);
      CHECK(kept.identity()->data("cart") == "three apples");
      CHECK(person.get("/page").identity()->data("cart") == "three apples");
      person.set("theme", "dark");
      live.clock->advance(seconds(3700));  // the tokens have run out
      const auto renewed = person.get("/page");
      CHECK(renewed.reason() == Reason::session_refreshed);
      CHECK(renewed.identity()->data("cart") == "three apples");
      CHECK(renewed.identity()->data("theme") == "dark");
      person.set("cart", "");
      CHECK(person.get("/page").identity()->data("cart").empty());
      CHECK(person.get("/page").identity()->data("theme") == "dark");
    }
  }

  TEST_CASE("F-420: of threads that write different names none loses anything; a refresh neither") {
    SignedIn one;
    one.clock->advance(seconds(3600 - 10));  // each answer may renew the tokens behind it
    std::vector<std::thread> writers;
    for (int i = 0; i < 4; ++i) {
      writers.emplace_back([&, i, own = one.person]() mutable {
        for (int n = 0; n < 5; ++n) own.set("w" + std::to_string(i), std::to_string(n));
      });
    }
    (void)one.person.get("/page");
    for (auto& writer : writers) writer.join();
    CHECK(one.wait_for_refreshes(1));
    REQUIRE(one.wait_for_quiet());
    one.clock->advance(seconds(6));
    const auto page = one.person.get("/page");
    REQUIRE(page.identity() != nullptr);
    for (int i = 0; i < 4; ++i) CHECK(page.identity()->data("w" + std::to_string(i)) == "4");
    CHECK(one.num_refreshes() == 1);
  }

  TEST_CASE("F-420: data of a session that was signed out is refused, and brings nothing back") {
    SignedIn one;
    auto copy = one.browser();
    copy.cookies = one.person.cookies;
    (void)one.person.get("/oauth2/sign_out");
    CHECK(copy.set("cart", "1").http_status() == 401);
    CHECK(copy.get("/page").kind() != Decision::Kind::allow);
  }

  TEST_CASE("F-270: whoever signs out is out at once, with every copy of the ticket") {
    SignedIn one;
    auto copy = one.browser();
    copy.cookies = one.person.cookies;
    CHECK(copy.get("/page").kind() == Decision::Kind::allow);

    const auto answer = one.person.get("/oauth2/sign_out");
    CHECK(answer.reason() == Reason::signed_out);
    CHECK_FALSE(one.person.has_session());
    const auto refused = copy.get("/page", {{"Accept", "application/json"}});
    CHECK(refused.http_status() == 401);
    one.clock->advance(seconds(3600 + 60));  // what this process remembers is over
    CHECK(copy.get("/page").kind() != Decision::Kind::allow);
  }

  TEST_CASE("F-270: without a refresh token too") {
    Live live(stored({{"session_cache_max_staleness", "1h"}}));
    live.provider.with([](auto& fake) {
      fake.edit_token_reply = [](support::JsonText& body) { body.remove("refresh_token"); };
      return 0;
    });
    struct {
      Live& live;
      Browser person;
      Browser browser() { return live.browser(); }
    } one{live, live.browser()};
    one.person.sign_in(live.provider);
    auto copy = one.browser();
    copy.cookies = one.person.cookies;
    CHECK(copy.get("/page").kind() == Decision::Kind::allow);
    (void)one.person.get("/oauth2/sign_out");
    CHECK(copy.get("/page").kind() != Decision::Kind::allow);
  }

  TEST_CASE("MA-26: the ticket that was there before a sign-in opens nothing after it") {
    SignedIn one;
    const auto planted = one.person.cookies;
    const auto again = one.person.sign_in(one.provider, "/oauth2/start?rd=%2F");
    REQUIRE(again.reason() == Reason::signed_in);
    CHECK(one.person.cookies != planted);
    auto attacker = one.browser();
    attacker.cookies = planted;
    CHECK(attacker.get("/page").kind() != Decision::Kind::allow);
    CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
  }

  // It arrives after the sign-in's, perhaps: the browser would lose the new session with the old.
  TEST_CASE(
      "F-270: what was under way at a sign-in says nothing of session cookies, for a minute") {
    for (const Options& more : {Options{}, Options{{"skip_provider_button", "true"}}}) {
      SignedIn one(more);
      auto tab = one.browser();
      tab.cookies = one.person.cookies;
      REQUIRE(one.person.sign_in(one.provider, "/oauth2/start?rd=%2F").reason() ==
              Reason::signed_in);
      const std::pair<std::string_view, HeaderView> requests[] = {
          {"/api", {"Accept", "application/json"}},
          {"/page", {"Accept", "text/html"}},
          {"/oauth2/auth", {"Accept", "*/*"}},
          {"/oauth2/userinfo", {"Accept", "*/*"}}};
      const auto answer_to = [&](const auto& request) {
        return *wait_for(tab.ask(request.first, {request.second}));
      };
      for (const auto& request : requests) {
        const auto answer = answer_to(request);
        CHECK(answer.kind() != Decision::Kind::allow);
        CHECK(answer.http_status() != 202);
        CHECK(session_cookie_of(answer).empty());
      }
      one.clock->advance(seconds(60));
      for (const auto& request : requests) {
        CHECK(session_cookie_of(answer_to(request)).find("Max-Age=0") != std::string::npos);
      }
      CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
    }
  }

  TEST_CASE("F-270: nor what was under way when the redirect to a sign-in expired the cookie") {
    SignedIn one(Options{{"skip_provider_button", "true"}});
    auto tab = one.browser(), other = one.browser();
    tab.cookies = other.cookies = one.person.cookies;
    (void)other.get("/oauth2/sign_out");  // elsewhere, as it were
    const auto expires = [&] {
      const auto answer = *wait_for(tab.ask("/api", {{"Accept", "application/json"}}));
      CHECK(answer.http_status() == 401);
      return session_cookie_of(answer).find("Max-Age=0") != std::string::npos;
    };
    const auto start = one.person.get("/page");
    REQUIRE(start.reason() == Reason::login_started);
    CHECK_FALSE(one.person.has_session());
    CHECK(expires());
    const auto query = one.provider.approve(location_of(start));
    CHECK(expires());  // nothing has come in its place yet
    REQUIRE(one.person.get("/oauth2/callback?" + query).reason() == Reason::signed_in);
    CHECK_FALSE(expires());
    one.clock->advance(seconds(60));
    CHECK(expires());
  }

  TEST_CASE("F-253: tokens that still hold are renewed behind the answer, once, and nobody waits") {
    SignedIn one;
    (void)one.person.get("/page");
    one.let_tokens_run_out();  // in ten seconds
    (void)one.person.get("/page");
    one.provider.hold("/token");
    for (int i = 0; i < 20; ++i) CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
    one.provider.let_go();
    CHECK(one.wait_for_refreshes(1));
    Decision page;
    for (int i = 0; i < 500 && session_cookie_of(page).empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      page = one.person.get("/page");
    }
    CHECK_FALSE(session_cookie_of(page).empty());  // the ticket lasts as long as the session
    CHECK(one.num_refreshes() == 1);
    CHECK(one.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }

  TEST_CASE("K-02: tokens that ran out: fifty requests wait for one refresh") {
    SignedIn one;
    one.clock->advance(seconds(3700));
    one.provider.hold("/token");
    std::vector<Outcome<Decision>> asked;
    auto question = one.person.ask("/oauth2/auth");  // asks the store, then waits for the refresh
    for (int i = 0; i < 50; ++i) asked.push_back(one.person.ask("/page"));
    CHECK(one.provider.wait_for("/token", 2));
    one.provider.let_go();
    CHECK(wait_for(std::move(question))->http_status() == 202);
    for (auto& outcome : asked) {
      const auto answer = wait_for(std::move(outcome));
      REQUIRE(answer.ok());
      CHECK(answer->kind() == Decision::Kind::allow);
    }
    CHECK(one.num_refreshes() == 1);
    CHECK(one.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }

  TEST_CASE("a ticket without a record, a forged one, and a session's cookie are nobody's") {
    SignedIn one;
    SignedIn elsewhere;
    auto foreign = one.browser();
    foreign.cookies = elsewhere.person.cookies;  // the same secret, another store
    const auto answer = foreign.get("/page", {{"Accept", "application/json"}});
    CHECK(answer.http_status() == 401);
    CHECK(answer.reason() == Reason::session_invalid);

    auto forged = one.person.cookies.begin()->second;
    forged[forged.size() / 2] = forged[forged.size() / 2] == 'A' ? 'B' : 'A';
    foreign.cookies["__Host-gatelet"] = forged;
    CHECK(is_at_once(foreign.ask("/page")));  // no question to the store is worth it
    CHECK(foreign.get("/page").kind() != Decision::Kind::allow);

    Live in_cookies;
    auto moved = in_cookies.browser();
    moved.sign_in(in_cookies.provider);
    foreign.cookies = moved.cookies;
    CHECK(foreign.get("/page").kind() != Decision::Kind::allow);
  }

  TEST_CASE("identify: asks the store as decide does") {
    SignedIn one;
    const auto cookie = one.person.cookie_header();
    const std::vector<HeaderView> headers = {{"Cookie", cookie}};
    auto view = request_to("/page");
    view.headers = headers;
    auto asked = one.engine->identify(view);
    REQUIRE(asked.ok());
    REQUIRE(std::holds_alternative<Operation<Identity>>(*asked));
    const auto found =
        std::get<Operation<Identity>>(*asked).wait(std::chrono::steady_clock::now() + seconds(10));
    REQUIRE(found.ok());
    CHECK(found->email() == "alice@example.com");
  }

  TEST_CASE("F-248: above the limit the session not used for the longest goes, and no other") {
    SignedIn first(Options{{"session_memory_limit", "2"}, {"session_cache_size", "0"}});
    auto second = first.browser(), third = first.browser();
    second.sign_in(first.provider);
    CHECK(first.person.get("/page").kind() == Decision::Kind::allow);
    third.sign_in(first.provider);
    CHECK(second.get("/page").kind() != Decision::Kind::allow);
    CHECK(first.person.get("/page").kind() == Decision::Kind::allow);
    CHECK(third.get("/page").kind() == Decision::Kind::allow);
  }

  TEST_CASE("F-014: ready_path asks the store, ping_path nobody") {
    SignedIn one;
    CHECK(is_at_once(one.person.ask("/ping")));
    CHECK_FALSE(is_at_once(one.person.ask("/ready")));
    CHECK(one.person.get("/ready").http_status() == 200);
    Live in_cookies;
    CHECK(is_at_once(in_cookies.browser().ask("/ready")));
  }

  TEST_CASE("a reload keeps the store, and cannot exchange it") {
    SignedIn one;
    CHECK(one.engine->reload(live_settings(one.provider, stored({{"banner", "x"}}))).ok());
    CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
    const auto refused = one.engine->reload(live_settings(one.provider, {}));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().text.starts_with(
        "session_store_type, session_store_beside: cannot change while the engine runs"));
    CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
  }

  TEST_CASE("a reload that would leave a changed option without effect is refused, by its name") {
    LiveProvider provider(std::make_shared<ShiftedClock>());
    const Options before = {{"session_store_type", "redis"},
                            {"redis_connection_url", "redis://one.example"}};
    auto made = Engine::create(live_settings(provider, before), default_ports());
    REQUIRE_MESSAGE(made.ok(), made.error().text);
    const auto reload = [&](const Options& more) {
      auto options = before;
      options.insert(options.end(), more.begin(), more.end());
      const auto done = (*made)->reload(live_settings(provider, options));
      return done.ok() ? std::string() : done.error().text;
    };
    CHECK(reload({}).empty());
    CHECK(reload({{"banner", "x"}}).empty());
    const std::vector<std::pair<Options, std::string>> changes = {
        {{{"redis_connection_url", "redis://two.example"}}, "redis_*"},
        {{{"redis_password", "p"}}, "redis_*"},
        {{{"redis_insecure_skip_tls_verify", "true"}}, "redis_*"},
        {{{"store_timeout", "2s"}}, "store_timeout"},
        {{{"session_cache_max_staleness", "2s"}}, "session_cache_max_staleness"},
        {{{"session_cache_size", "1 MiB"}}, "session_cache_size"},
        {{{"http_timeout", "2s"}}, "driver, max_operations, http_timeout"},
        {{{"max_operations", "7"}}, "driver, max_operations"},
        {{{"driver", "caller"}}, "driver"},
        {{{"cookie_name", "other"}}, "cookie_name"}};
    for (const auto& [change, name] : changes) {
      CHECK(reload(change).starts_with(name));
    }
  }
}
