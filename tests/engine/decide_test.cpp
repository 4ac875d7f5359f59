#include "engine/decide.hpp"

#include <set>

#include "engine/world.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using support::values_of;

TEST_SUITE("engine/decide") {
  TEST_CASE("decide: a session is let in, on any path that is not gatelet's own") {
    World world;
    const auto cookie = world.cookie_of(world.person());
    for (const auto* target : {"/", "/a?b=c", "/oauth2x", "/oauth2/none", "/%6fauth2/auth"}) {
      CAPTURE(target);
      const auto decision = world.decide({.target = target, .cookie = cookie});
      CHECK(decision.kind() == Decision::Kind::allow);
      CHECK(decision.reason() == Reason::session);
    }
  }

  TEST_CASE("decide: force_https comes before everything, sessions and own endpoints included") {
    World world;
    world.policy.force_https = true;
    const auto cookie = world.cookie_of(world.person());
    for (const auto* target : {"/", "/oauth2/auth", "/oauth2/callback?code=c&state=s", "/ping"}) {
      CAPTURE(target);
      const auto decision = world.decide({.target = target, .cookie = cookie, .scheme = "http"});
      CHECK(decision.http_status() == 308);
      CHECK(header(decision, "Location") == std::string("https://app.example") + target);
    }
    CHECK(world.decide({.cookie = cookie}).kind() == Decision::Kind::allow);
  }

  TEST_CASE(
      "decide: free pass: let in without a session, as nobody, whatever headers the client "
      "brings") {
    World world;
    world.policy.free_pass.preflight = true;
    const World::Request request{.method = "OPTIONS",
                                 .headers = {{"X-Forwarded-Email", "forged@example.com"}}};
    const auto decision = world.decide(request);
    CHECK(decision.kind() == Decision::Kind::allow);
    CHECK(decision.reason() == Reason::free_pass);
    CHECK(decision.identity() == nullptr);
    CHECK(decision.upstream().empty());
    REQUIRE(decision.strip().size() == 1);
    CHECK(decision.strip()[0].name == "X-Forwarded-Email");

    world.policy.free_pass.preflight = false;
    CHECK(world.decide(request).kind() != Decision::Kind::allow);
  }

  TEST_CASE(
      "decide: free pass: who is signed in keeps the identity; who is not permitted passes as "
      "nobody") {
    World world;
    world.policy.free_pass.preflight = true;
    const auto cookie = world.cookie_of(world.person());
    auto decision = world.decide({.cookie = cookie, .method = "OPTIONS"});
    CHECK(decision.reason() == Reason::session);
    REQUIRE(decision.identity() != nullptr);
    CHECK(decision.identity()->email() == "ada@example.com");

    world.policy.allowed_groups = {"admins"};
    decision = world.decide({.cookie = cookie, .method = "OPTIONS"});
    CHECK(decision.kind() == Decision::Kind::allow);
    CHECK(decision.reason() == Reason::free_pass);
    CHECK(decision.identity() == nullptr);
    CHECK(values_of(decision.response(), "Set-Cookie").empty());
    CHECK(world.decide({.cookie = cookie, .method = "GET"}).http_status() == 403);
  }

#ifdef GATELET_HAVE_RE2
  TEST_CASE("OP-19: decide: a skipped route passes without session, and spoofed headers are gone") {
    World world;
    policy::SkipRoutes routes;
    REQUIRE(routes.add({"GET", false, "^/public"}).ok());
    world.policy.free_pass.routes = std::make_shared<const policy::SkipRoutes>(std::move(routes));
    const auto decision =
        world.decide({.target = "/public/x", .headers = {{"X-Forwarded-User", "admin"}}});
    CHECK(decision.kind() == Decision::Kind::allow);
    CHECK(decision.reason() == Reason::free_pass);
    CHECK(decision.identity() == nullptr);
    CHECK(values_of(decision.upstream(), "X-Forwarded-User").empty());
    REQUIRE(decision.strip().size() == 1);
    CHECK(decision.strip()[0].name == "X-Forwarded-User");

    CHECK(starts_login(world.decide({.target = "/private"})));
    CHECK(starts_login(world.decide({.target = "/public/../private"})));
    CHECK(world.decide({.target = "/public", .method = "POST"}).kind() != Decision::Kind::allow);
  }
#endif

  TEST_CASE(
      "decide: free pass at PREFIX/auth is 202, at PREFIX/userinfo an empty document; sign-in "
      "stays what it is") {
    World world;
    world.policy.free_pass.trusted_ips = {http::parse_ip_range("203.0.113.7").value()};
    CHECK(world.decide({.target = "/oauth2/auth"}).http_status() == 202);
    const auto userinfo = world.decide({.target = "/oauth2/userinfo"});
    CHECK(userinfo.http_status() == 200);
    CHECK(userinfo.body() == "{}");
    CHECK(starts_login(world.decide({.target = "/oauth2/start"})));
    CHECK(world.decide({.target = "/oauth2/auth", .peer = "203.0.113.8"}).http_status() == 401);
    CHECK(world.decide({.target = "/oauth2/userinfo", .peer = "203.0.113.8"}).http_status() == 401);
  }

  TEST_CASE("F-013, F-014: decide: ping and ready answer, to the agent that is meant") {
    World world;
    CHECK(world.decide({.target = "/ping"}).body() == "OK");
    const auto ready = world.decide({.target = "/ready"});
    CHECK(ready.http_status() == 200);
    CHECK(ready.reason() == Reason::ready);
    world.policy.ping_user_agent = "probe";
    CHECK(starts_login(world.decide({.target = "/ping", .headers = as_person})));
    const std::vector<HeaderView> probe = {{"User-Agent", "probe"}};
    CHECK(world.decide({.target = "/ping", .headers = probe}).reason() == Reason::ping);
    CHECK(starts_login(world.decide({.target = "/private", .headers = probe})));
    world.policy.ready_path.clear();
    CHECK(starts_login(world.decide({.target = "/ready", .headers = as_person})));
  }

  TEST_CASE("F-015: decide: a semicolon in the query of an own endpoint is 400 unless it divides") {
    World world;
    for (const auto* target : {"/oauth2/start?rd=/a;b=c", "/oauth2/sign_out?a;b",
                               "/oauth2/sign_in?rd=%ff", "/oauth2/signed_out?a;b"}) {
      CAPTURE(target);
      CHECK(world.decide({.target = target}).http_status() == 400);
    }
    CHECK(starts_login(world.decide({.target = "/a?x;y", .headers = as_person})));
    world.policy.query_semicolon = http::Semicolon::separates;
    CHECK(starts_login(world.decide({.target = "/oauth2/start?x=y;rd=/a"})));
  }

  TEST_CASE("decide: a broken session is cleared on the way to the provider") {
    World world;
    auto cookie = world.cookie_of(world.person());
    cookie[40] = cookie[40] == 'A' ? 'B' : 'A';
    const auto person = world.decide({.cookie = cookie, .headers = as_person});
    CHECK(starts_login(person));
    CHECK(clears_session(person));
    const auto program = world.decide({.cookie = cookie, .headers = as_program});
    CHECK(program.reason() == Reason::session_invalid);
    CHECK(clears_session(program));
  }

  TEST_CASE("OP-10: sign_in expires the session's cookies") {
    World world;
    world.policy.skip_provider_button = false;
    const auto cookie = world.cookie_of(world.person());
    const auto page = world.decide({.target = "/oauth2/sign_in", .cookie = cookie});
    CHECK(page.http_status() == 200);
    CHECK(clears_session(page));
  }

  TEST_CASE("decide: own endpoints take the methods they are for") {
    World world;
    for (const auto* path : {"sign_in", "start", "sign_out", "signed_out", "callback"}) {
      const auto decision =
          world.decide({.target = std::string("/oauth2/") + path, .method = "DELETE"});
      CHECK(decision.http_status() == 405);
      CHECK(decision.reason() == Reason::method_not_allowed);
    }
    CHECK(world.decide({.target = "/oauth2/callback?code=1&state=2", .method = "PUT"})
              .http_status() == 405);
  }

  TEST_CASE("OP-12: an unknown peer's forwarded path hides nothing, and opens nothing") {
    World world;
    const auto decision =
        world.decide({.target = "/private",
                      .headers = {{"X-Forwarded-Uri", "/ping"}, {"Accept", "application/json"}}});
    CHECK(decision.http_status() == 401);
    CHECK(decision.reason() == Reason::no_session);
  }

  TEST_CASE("OP-11: the health check answers on its own path alone") {
    World world;
    CHECK(world.decide({.target = "/ping"}).reason() == Reason::ping);
    CHECK(world.decide({.target = "/robots.txt"}).reason() == Reason::robots);
    for (const auto* target : {"/oauth2/auth", "/private", "/ping/", "/ping%20", "/Ping"}) {
      const auto decision = world.decide(
          {.target = target,
           .headers = {{"User-Agent", "GoogleHC/1.0"}, {"Accept", "application/json"}}});
      CHECK(decision.http_status() == 401);
    }
  }

  TEST_CASE("PX-04: only documented paths answer by themselves") {
    World world;
    for (const auto* target : {"/oauth2", "/oauth2/", "/oauth2/debug", "/oauth2/metrics",
                               "/oauth2/static/x", "/oauth2/../oauth2/auth", "/oauth2/auth/",
                               "/metrics", "/.well-known/openid-configuration"}) {
      CAPTURE(target);
      const auto decision = world.decide({.target = target, .headers = as_program});
      CHECK(decision.reason() == Reason::no_session);
    }
  }

  TEST_CASE("sign_out: at another site's wish the person is asked first") {
    World world;
    const std::vector<HeaderView> cross_site = {{"Sec-Fetch-Site", "cross-site"}};
    for (const auto* method : {"GET", "POST"}) {
      const auto page =
          world.decide({.target = "/oauth2/sign_out", .method = method, .headers = cross_site});
      CHECK(page.http_status() == 200);
      CHECK(page.reason() == Reason::sign_out_question);
      CHECK(header(page, "Set-Cookie") == "<absent>");
    }
    auto own = world.verdict({.target = "/oauth2/sign_out",
                              .method = "POST",
                              .headers = {{"Sec-Fetch-Site", "same-origin"}}});
    CHECK(std::holds_alternative<NeedSignOut>(own));
    world.policy.sign_out_by_cross_site_get = true;
    auto compat = world.verdict({.target = "/oauth2/sign_out", .headers = cross_site});
    CHECK(std::holds_alternative<NeedSignOut>(compat));
  }

  TEST_CASE("sign_out: requests with the old cookie do not bring the session back") {
    World world;
    auto session = world.person();
    session.refresh_token = Secret("r1");
    const auto cookie = world.cookie_of(session);
    CHECK(world.decide({.cookie = cookie}).kind() == Decision::Kind::allow);
    auto verdict = world.verdict({.target = "/oauth2/sign_out", .cookie = cookie});
    REQUIRE(std::holds_alternative<NeedSignOut>(verdict));
    CHECK(std::get<NeedSignOut>(verdict).sign_out.session);
    const auto after = world.decide({.cookie = cookie, .headers = as_program});
    CHECK(after.http_status() == 401);
    CHECK(after.reason() == Reason::session_expired);
  }

  TEST_CASE(
      "F-046: decide: a signed request's body is asked for; the application gets GAP-Signature") {
    World world;
    world.policy.headers.signer = std::make_shared<const policy::RequestSigner>(
        policy::RequestSigner::make(Secret("sha256:0123456789abcdef")).value());
    World::Request request{.cookie = world.cookie_of(world.person()),
                           .method = "POST",
                           .headers = {{"Content-Length", "3"}}};
    const auto ask = [&] {
      return world.with(request, [](const Question& question) { return engine::decide(question); });
    };
    const auto unfinished = ask();
    REQUIRE_FALSE(unfinished.ok());
    CHECK(unfinished.error().status == Status::need_body);
    std::set<std::string> signatures;
    for (const auto* body : {"a=1", "a=2"}) {
      request.body = body;
      const auto decision = world.decide(request);
      CHECK(decision.kind() == Decision::Kind::allow);
      CHECK(support::value_of(decision.upstream(), "GAP-Auth") == "ada@example.com");
      signatures.insert(support::value_of(decision.upstream(), "GAP-Signature"));
    }
    CHECK(signatures.size() == 2);
    CHECK(signatures.begin()->starts_with("sha256 "));
    world.policy.headers.signer = nullptr;
    request.body.reset();
    CHECK(world.decide(request).kind() == Decision::Kind::allow);
  }
}
