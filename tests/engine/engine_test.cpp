#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <thread>

#include "engine/live_engine.hpp"
#include "http/form.hpp"
#include "support/engines.hpp"

using namespace gatelet;
using namespace gatelet::engine;

TEST_SUITE("engine/engine") {
  TEST_CASE("first sign-in: from a page to the provider, back, and in") {
    for (const auto* driver : {"thread", "caller"}) {
      CAPTURE(driver);
      Live live(Options{{"driver", driver}});
      auto browser = live.browser();
      const auto signed_in = browser.sign_in(live.provider);
      CHECK(signed_in.kind() == Decision::Kind::redirect);
      CHECK(signed_in.reason() == Reason::signed_in);
      CHECK(location_of(signed_in) == "/page?x=1");
      CHECK(browser.has_session());
      CHECK(browser.cookies.size() == 1);  // the login-state cookie is gone

      const auto page = browser.get("/page?x=1");
      REQUIRE(page.kind() == Decision::Kind::allow);
      CHECK(value_of(page.upstream(), "X-Forwarded-Email") == "alice@example.com");
      CHECK(value_of(page.upstream(), "X-Forwarded-Groups") == "staff,admins");
      REQUIRE(page.identity() != nullptr);
      CHECK(page.identity()->subject() == "alice");
      CHECK(live.provider.num_requests("/token") == 1);
      CHECK(live.has_event("signed-in"));
    }
  }

  TEST_CASE(
      "options that the library leaves to others are named, once for each create and reload") {
    Live without;
    CHECK_FALSE(without.has_event("server-options"));
    CHECK_FALSE(without.has_event("upstream-options"));
    const Options some{{"https_address", ":8443"}, {"upstreams", "http://127.0.0.1:8080/"}};
    Live live(some);
    CHECK(live.has_event("server-options https_address: "));
    CHECK(live.has_event("upstream-options upstreams: "));
    CHECK(live.events.size() == without.events.size() + 2);
    const auto before = live.events.size();
    REQUIRE(live.engine->reload(live_settings(live.provider, some)).ok());
    CHECK(live.events.size() == 2 * before);
  }

  TEST_CASE(
      "sign-in: when the provider is down the browser hears so, keeps its cookies, and can try "
      "again") {
    Live live;
    live.provider.answer_with("/.well-known/openid-configuration", 503);
    auto browser = live.browser();
    browser.cookies["other"] = "kept";
    const auto failed = wait_for(browser.ask("/page"));
    REQUIRE_FALSE(failed.ok());
    CHECK(status_class(failed.error().status) == StatusClass::unavailable);
    const auto page = live.engine->failure(request_to("/page"), failed.error());
    CHECK(page.http_status() == 502);
    CHECK(page.body().find("href=\"/page\"") != std::string_view::npos);
    CHECK(value_of(page.response(), "Set-Cookie") == "<absent>");

    live.provider.answer_with("/.well-known/openid-configuration", 0);
    live.clock->advance(std::chrono::seconds(2));  // a dead provider is asked once a second at most
    CHECK(browser.sign_in(live.provider).reason() == Reason::signed_in);
    CHECK(live.has_event("provider-fetch-failed"));
  }

  TEST_CASE(
      "sign-in: a provider that cannot be used at the end is 502, clears the attempt and no "
      "session") {
    Live live;
    auto browser = live.browser();
    const auto start = browser.get("/page");
    live.provider.answer_with("/token", 500);
    const auto answer =
        browser.get("/oauth2/callback?" + live.provider.approve(location_of(start)));
    CHECK(answer.http_status() == 502);
    CHECK(browser.cookies.empty());
    CHECK(answer.body().find("canary") == std::string_view::npos);
    CHECK(live.provider.num_requests("/token") == 1);
  }

  TEST_CASE("I-06: one callback many times at once redeems its code once, and makes one session") {
    Live live;
    auto browser = live.browser();
    const auto start = browser.get("/page");
    const auto query = live.provider.approve(location_of(start));
    live.provider.hold("/token");
    std::vector<Outcome<Decision>> asked;
    for (int i = 0; i < 50; ++i) asked.push_back(browser.ask("/oauth2/callback?" + query));
    CHECK(live.provider.wait_for("/token", 1));
    live.provider.let_go();
    std::string cookie;
    for (auto& one : asked) {
      const auto answer = wait_for(std::move(one));
      REQUIRE(answer.ok());
      CHECK(answer->reason() == Reason::signed_in);
      if (cookie.empty()) cookie = session_cookie_of(*answer);
      CHECK(session_cookie_of(*answer) == cookie);
    }
    CHECK(live.provider.num_requests("/token") == 1);

    // A double click a moment later gets the same answer; later the state is known as used.
    CHECK(session_cookie_of(*wait_for(browser.ask("/oauth2/callback?" + query))) == cookie);
    live.clock->advance(std::chrono::seconds(11));
    const auto late = wait_for(browser.ask("/oauth2/callback?" + query));
    CHECK(late->http_status() == 403);
    CHECK(late->reason() == Reason::state_missing);
    CHECK(live.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }

  TEST_CASE("an answer is for the browser of its attempt: who only knows the state gets nothing") {
    for (const auto* per_request : {"false", "true"}) {
      CAPTURE(per_request);
      Live live(Options{{"cookie_csrf_per_request", per_request}});
      auto person = live.browser(), thief = live.browser();
      const auto query = live.provider.approve(location_of(person.get("/page")));
      (void)thief.get("/page");
      const auto state_cookie_of = [](Browser& of) { return of.cookies.begin()->first; };
      auto planted = std::move(thief.cookies.begin()->second);
      thief.cookies = {{state_cookie_of(person), std::move(planted)}};
      const auto target = "/oauth2/callback?" + query;
      const auto is_refused = [&] {
        const auto cookies = thief.cookies;
        const auto answer = wait_for(thief.ask(target)).value();
        thief.cookies = cookies;
        return answer.http_status() == 403 && session_cookie_of(answer).empty();
      };
      CHECK(is_refused());  // before the person comes, who is not kept out by it
      live.provider.hold("/token");
      auto asked = person.ask(target);
      CHECK(live.provider.wait_for("/token", 1));
      CHECK(is_refused());  // while the code is redeemed
      live.provider.let_go();
      CHECK(wait_for(std::move(asked)).value().reason() == Reason::signed_in);
      CHECK(is_refused());  // and for the moment in which a second click gets the same answer
      CHECK(live.provider.num_requests("/token") == 1);
    }
  }

  TEST_CASE("EN-08: several tabs sign in, each finishes its own attempt") {
    Live live;
    auto browser = live.browser();
    std::vector<std::string> callbacks;
    for (int i = 0; i < 5; ++i) {
      const auto start = browser.get("/tab" + std::to_string(i));
      callbacks.push_back("/oauth2/callback?" + live.provider.approve(location_of(start)));
    }
    for (const int i : {3, 0, 4, 2, 1}) {
      CHECK(location_of(browser.get(callbacks[static_cast<std::size_t>(i)])) ==
            "/tab" + std::to_string(i));
    }
    CHECK(browser.cookies.size() == 1);
  }

  TEST_CASE("MA-05, OP-02, H-15: every way to name a return path leads through the one validator") {
    Live live;
    live.browser().sign_in(live.provider);
    for (const std::string wish :
         {"//evil.test", "/\\evil.test", "https://evil.test/", "/%2fevil.test",
          "javascript:alert(1)", "/./\\evil.test", "///evil.test"}) {
      CAPTURE(wish);
      http::Form form;
      form.add("rd", wish);
      auto browser = live.browser();
      const auto lands = [&](const Decision& start) {
        const auto callback = "/oauth2/callback?" + live.provider.approve(location_of(start));
        return location_of(browser.get(callback));
      };
      CHECK(lands(browser.get("/oauth2/start?" + form.text())) == "/");
      CHECK(lands(browser.get("/oauth2/sign_in?" + form.text())) == "/");
      CHECK(lands(browser.get("/oauth2/start", {{"X-Auth-Request-Redirect", wish}})) == "/");
      LoginOptions options;
      options.return_to = wish;
      auto started = wait_for(live.engine->begin_login(request_to("/oauth2/start"), options));
      CHECK(lands(browser.keep(std::move(started).value())) == "/");
      CHECK(location_of(browser.get("/oauth2/sign_out?" + form.text())) == "/");
      SignOutOptions out;
      out.return_to = wish;
      CHECK(location_of(*wait_for(live.engine->sign_out(request_to("/oauth2/sign_out"), out))) ==
            "/");
    }
  }

  TEST_CASE("jwks: a key that the provider has changed is fetched, once") {
    Live live;
    live.browser().sign_in(live.provider);
    live.provider.with([](auto& fake) {
      fake.rotate_key("next");
      return 0;
    });
    CHECK(live.browser().sign_in(live.provider).reason() == Reason::signed_in);
    CHECK(live.provider.num_requests("/jwks") == 2);
    CHECK(live.browser().sign_in(live.provider).reason() == Reason::signed_in);
    CHECK(live.provider.num_requests("/jwks") == 2);
  }

  TEST_CASE("freshen: metadata older than an hour is fetched in the background of a sign-in") {
    Live live;
    live.browser().sign_in(live.provider);
    live.clock->advance(std::chrono::minutes(59));
    live.browser().sign_in(live.provider);
    CHECK(live.provider.num_requests("/.well-known/openid-configuration") == 1);
    live.clock->advance(std::chrono::minutes(2));
    CHECK(live.browser().sign_in(live.provider).reason() == Reason::signed_in);
    CHECK(live.provider.wait_for("/.well-known/openid-configuration", 2));
  }

  TEST_CASE("discovery: many first sign-ins at once fetch the metadata once") {
    Live live;
    live.provider.hold("/.well-known/openid-configuration");
    std::vector<Outcome<Decision>> asked;
    for (int i = 0; i < 20; ++i) asked.push_back(live.browser().ask("/page"));
    CHECK(live.provider.wait_for("/.well-known/openid-configuration", 1));
    live.provider.let_go();
    for (auto& one : asked) CHECK(wait_for(std::move(one))->reason() == Reason::login_started);
    CHECK(live.provider.num_requests("/.well-known/openid-configuration") == 1);
  }

  TEST_CASE("a slow provider delays no decision that needs no network") {
    Live live;
    auto browser = live.browser();
    browser.sign_in(live.provider);
    auto other = live.browser();
    const auto start = other.get("/page");
    live.provider.hold("/token");
    const auto waiting = other.ask("/oauth2/callback?" + live.provider.approve(location_of(start)));
    CHECK(std::holds_alternative<Operation<Decision>>(*waiting));
    CHECK(std::holds_alternative<Decision>(*browser.ask("/page")));
    CHECK(std::holds_alternative<Decision>(*live.browser().ask("/page")));
    live.provider.let_go();
  }

  TEST_CASE("too many operations: one more is refused at once") {
    Live live(Options{{"max_operations", "2"}});
    live.browser().sign_in(live.provider);
    live.provider.hold("/token");
    std::vector<Outcome<Decision>> asked;
    std::size_t refused = 0;
    for (int i = 0; i < 5; ++i) {
      auto browser = live.browser();
      const auto start = browser.get("/page");
      asked.push_back(browser.ask("/oauth2/callback?" + live.provider.approve(location_of(start))));
      if (asked.back().ok()) continue;
      ++refused;
      CHECK(asked.back().error().status == Status::too_many_operations);
      CHECK(live.engine->failure(request_to("/"), asked.back().error()).http_status() == 503);
    }
    CHECK(refused == 3);
    live.provider.let_go();
  }

  TEST_CASE("on_done: in a loop of the host's own, once, never inside the call") {
    Live live(Options{{"driver", "caller"}});
    auto browser = live.browser();
    auto asked = browser.ask("/page");
    REQUIRE(std::holds_alternative<Operation<Decision>>(*asked));
    auto& operation = std::get<Operation<Decision>>(*asked);
    int calls = 0;
    operation.on_done([&](Result<Decision> result) {
      ++calls;
      CHECK(result.ok());
    });
    CHECK(calls == 0);
    for (int i = 0; i < 200 && calls == 0; ++i) {
      live.engine->loop().run_once(std::chrono::milliseconds(50));
    }
    CHECK(calls == 1);
    CHECK(live.has_event("login-started"));
  }

  TEST_CASE("identify, body_limit, failure, metrics: from memory") {
    Live live;
    auto browser = live.browser();
    browser.sign_in(live.provider);
    const auto cookie = browser.cookie_header();
    const std::vector<HeaderView> headers = {{"Cookie", cookie}};
    auto request = request_to("/page");
    CHECK_FALSE(std::get<Identity>(*live.engine->identify(request)).has_session());
    request.headers = headers;
    CHECK(std::get<Identity>(*live.engine->identify(request)).email() == "alice@example.com");
    request.target = "/a#b";
    CHECK_FALSE(std::get<Identity>(*live.engine->identify(request)).has_session());
    CHECK(live.engine->failure(request, {Status::internal, {}}).http_status() == 400);

    auto post = request_to("/oauth2/callback?x");
    CHECK(live.engine->body_limit(post) == 0);
    post.method = "POST";
    CHECK(live.engine->body_limit(post) == 64 * 1024);
    post.target = "/oauth2/sign_out";
    CHECK(live.engine->body_limit(post) == 0);
    post.target = "/page";
    CHECK(live.engine->body_limit(post) == 0);

    const auto metrics = live.engine->metrics();
    CHECK(metrics.find("gatelet_decisions_total{result=\"redirect\",reason=\"signed-in\"} 1\n") !=
          std::string::npos);
    CHECK(metrics.find("gatelet_inflight 0\n") != std::string::npos);
  }

  TEST_CASE("one event for each answer, under the id that pages and request lines say") {
    struct Heard {
      std::string code, request_id, detail, line;
    };
    std::vector<Heard> heard;
    auto ports = default_ports();
    ports.clock = std::make_shared<support::FixedClock>(1772323199);
    ports.on_event = [&](const Event& event) {
      heard.push_back({std::string(event.code), std::string(event.request_id),
                       std::string(event.detail), std::string(event.line)});
    };
    const auto engine = support::offline_engine({}, std::move(ports));
    heard.clear();  // of the start
    const support::Request callback("/oauth2/callback?code=canary&state=canary:/",
                                    {{"User-Agent", "curl"}});
    auto outcome = engine->decide(callback.view());
    REQUIRE(outcome.ok());
    const auto& decision = std::get<Decision>(*outcome);
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].code == "state-missing");
    CHECK(heard[0].request_id == decision.request_id());
    CHECK(heard[0].detail == decision.detail());
    CHECK(heard[0].line.find("[2026/02/28 23:59:59] [AuthFailure] Invalid authentication via "
                             "OAuth2: unable to obtain CSRF cookie: ") != std::string::npos);
    const std::string id(decision.request_id());
    CHECK(id.size() == 16);
    CHECK(decision.body().find(id) != std::string_view::npos);
    const auto line =
        engine->request_line(callback.view(), decision, {403, 12, {}, "HTTP/2.0", {}});
    CHECK(line == "203.0.113.7 - " + id +
                      " - - [2026/02/28 23:59:59] app.example GET - "
                      "\"/oauth2/callback?code=***&state=***\" HTTP/2.0 \"curl\" 403 12 0.000");

    const support::Request named("/reports", {{"X-Request-Id", "mine"}, {"Accept", "text/html"}});
    const auto failed = engine->failure(named.view(), {Status::timed_out, "no answer within 10 s"});
    REQUIRE(heard.size() == 2);
    CHECK(heard[1].code == "provider-unavailable");
    CHECK(heard[1].request_id == "mine");
    CHECK(failed.request_id() == "mine");
    CHECK(heard[1].detail == "no answer within 10 s");
    CHECK(failed.body().find("10 s") == std::string_view::npos);

    const support::Request broken("/a#b");
    outcome = engine->decide(broken.view());
    REQUIRE(outcome.ok());
    REQUIRE(heard.size() == 3);
    CHECK(heard[2].code == "bad-request");
    CHECK(engine->request_line(broken.view(), std::get<Decision>(*outcome), {400, 0, {}, {}, {}})
              .find(" \"/a#b\" - \"\" 400 0 0.000") != std::string::npos);
    for (const auto& one : heard) CHECK(one.line.find("canary") == std::string::npos);
  }

  TEST_CASE("request_line: names whose session it is, where PREFIX/auth was asked too") {
    auto clock = std::make_shared<support::FixedClock>(1772323199);
    auto ports = default_ports();
    ports.clock = clock;
    const auto engine =
        support::offline_engine({{"request_logging_format", "{{.Username}} {{.RequestURI}}"},
                                 {"exclude_logging_paths", "/quiet"}},
                                std::move(ports));
    const auto cookie = support::cookie_of(support::make_session(clock->now()), clock->now());
    for (const auto* target : {"/reports", "/oauth2/auth", "/oauth2/userinfo"}) {
      const support::Request request(target, {{"Cookie", cookie}});
      auto outcome = engine->decide(request.view());
      REQUIRE(outcome.ok());
      const auto& decision = std::get<Decision>(*outcome);
      CHECK_FALSE(decision.person().empty());
      CHECK(engine->request_line(request.view(), decision, {}) ==
            std::string(decision.person()) + " \"" + target + "\"");
      CHECK((decision.identity() != nullptr) == (decision.kind() == Decision::Kind::allow));
    }
    CHECK(engine->request_line(support::Request("/quiet").view(), Decision(), {}).empty());
    CHECK(engine->request_line(support::Request("/other").view(), Decision(), {}) ==
          "- \"/other\"");
  }

  TEST_CASE("the pieces of decide(): begin_login, finish_login, sign_out by themselves") {
    Live live;
    auto browser = live.browser();
    LoginOptions options;
    options.return_to = "/wish";
    options.login_hint = "alice";
    auto started = wait_for(live.engine->begin_login(request_to("/anywhere"), options));
    REQUIRE(started.ok());
    const auto start = browser.keep(std::move(started).value());
    CHECK(location_of(start).find("login_hint=alice") != std::string::npos);

    const auto target = "/oauth2/callback?" + live.provider.approve(location_of(start));
    const auto state_cookie = browser.cookie_header();
    const std::vector<HeaderView> headers = {{"Cookie", state_cookie}};
    auto request = request_to(target);
    request.headers = headers;
    auto finished = wait_for(live.engine->finish_login(request));
    REQUIRE(finished.ok());
    const auto signed_in = browser.keep(std::move(finished).value());
    CHECK(location_of(signed_in) == "/wish");

    const auto cookie = browser.cookie_header();
    const std::vector<HeaderView> session = {{"Cookie", cookie}};
    auto leave = request_to("/leave");
    leave.headers = session;
    SignOutOptions out;
    out.return_to = "/bye";
    const auto left = wait_for(live.engine->sign_out(leave, out));
    REQUIRE(left.ok());
    CHECK(location_of(*left) == "/bye");
    CHECK(session_cookie_of(*left).find("Max-Age=0") != std::string::npos);
  }

  TEST_CASE("MA-30, PX-24: no event, page, error or number holds a secret") {
    Live live;
    auto browser = live.browser();
    std::string seen;
    const auto note = [&](const Decision& decision) { seen += decision.body(); };
    note(browser.sign_in(live.provider));
    live.let_tokens_run_out();
    live.provider.answer_with("/token", 400);
    note(browser.get("/page"));
    live.provider.answer_with("/token", 0);
    live.clock->advance(std::chrono::seconds(5));
    live.provider.with([](auto& fake) {
      fake.replace_id_token = [](std::string token) { return token + "x"; };
      return 0;
    });
    note(browser.get("/page"));
    browser.cookies.clear();
    const auto start = browser.get("/page");
    note(browser.get("/oauth2/callback?" + live.provider.approve(location_of(start))));
    seen += live.engine->metrics();
    live.engine->loop().dispatch();
    const std::scoped_lock lock(live.mutex);
    for (const auto& event : live.events) seen += event + "\n";
    CHECK_FALSE(live.events.empty());
    CHECK(seen.find("canary") == std::string::npos);
    CHECK(seen.find("Y2FuYXJ5") == std::string::npos);
    CHECK(seen.find(support::cookie_secret) == std::string::npos);
  }
}
