#include "engine/decide.hpp"

#include "engine/world.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using support::values_of;

namespace {

const std::vector<HeaderView> as_person = {{"Accept", "text/html"}, {"Sec-Fetch-Mode", "navigate"}};
const std::vector<HeaderView> as_program = {{"Accept", "application/json"}};

bool starts_login(const Decision& decision) {
  return decision.kind() == Decision::Kind::redirect &&
         decision.reason() == Reason::login_started &&
         header(decision, "Location").starts_with("https://default.idp.example/authorize?");
}

bool sets_login_state(const Decision& decision) {
  for (const auto& cookie : values_of(decision.response(), "Set-Cookie")) {
    if (cookie.find("_csrf=") != std::string::npos &&
        cookie.find("Max-Age=0") == std::string::npos) {
      return true;
    }
  }
  return false;
}

session::Session due_for_refresh(const World& world) {
  auto session = world.person();
  session.refresh_token = Secret("r1");
  session.expires_on = session::to_timestamp(world.now + 1s);
  return session;
}

}  // namespace

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

  TEST_CASE("decide: a person without session is sent to the provider, and comes back here") {
    World world;
    const auto decision = world.decide({.target = "/page?x=1", .headers = as_person});
    CHECK(starts_login(decision));
    CHECK(sets_login_state(decision));
    CHECK(header(decision, "Cache-Control") == "no-store");
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

  TEST_CASE("H-14: a program without session gets 401 and starts no login") {
    World world;
    for (const auto& headers : std::vector<std::vector<HeaderView>>{
             as_program,
             {{"Sec-Fetch-Mode", "cors"}},
             {{"Sec-Fetch-Dest", "empty"}},
             {{"X-Requested-With", "XMLHttpRequest"}},
             {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}}) {
      const auto decision = world.decide({.target = "/api", .headers = headers});
      CHECK(decision.kind() == Decision::Kind::unauthorized);
      CHECK(decision.body() == "{}");
      CHECK_FALSE(sets_login_state(decision));
    }
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

  TEST_CASE("decide: with a provider button there is a page instead, with status 403") {
    World world;
    world.policy.skip_provider_button = false;
    const auto page = world.decide({.target = "/page", .headers = as_person});
    CHECK(page.http_status() == 403);
    CHECK(page.reason() == Reason::sign_in_page);
    CHECK(page.body().find("/oauth2/start?rd=%2Fpage") != std::string_view::npos);
    CHECK_FALSE(sets_login_state(page));
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

  TEST_CASE("auth, userinfo: 401 without session, never a redirect") {
    World world;
    for (const auto* path : {"/oauth2/auth", "/oauth2/userinfo"}) {
      const auto decision = world.decide({.target = path, .headers = as_person});
      CHECK(decision.http_status() == 401);
      CHECK_FALSE(sets_login_state(decision));
    }
    const auto cookie = world.cookie_of(world.person());
    CHECK(world.decide({.target = "/oauth2/auth", .cookie = cookie}).http_status() == 202);
    CHECK(world.decide({.target = "/oauth2/userinfo", .cookie = cookie}).http_status() == 200);
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

  TEST_CASE("decide: a session due for a refresh needs one, and knows its provider") {
    World world;
    auto verdict =
        world.verdict({.target = "/a", .cookie = world.cookie_of(due_for_refresh(world))});
    const auto* need = std::get_if<NeedRefresh>(&verdict);
    REQUIRE(need != nullptr);
    CHECK(need->session->refresh_token == Secret("r1"));
    REQUIRE(need->provider);
    CHECK(need->provider->provider->id == "default");
    CHECK(need->endpoint == policy::Endpoint::none);
  }

  TEST_CASE("begin_login: without metadata it is fetched first") {
    World world;
    world.has_metadata = false;
    auto verdict = world.verdict({.target = "/a", .headers = as_person});
    REQUIRE(std::holds_alternative<NeedMetadata>(verdict));
    CHECK(std::get<NeedMetadata>(verdict).login.provider_id == "default");
    CHECK(world.decide({.target = "/a", .headers = as_program}).http_status() == 401);
  }

  TEST_CASE("F-057: decide: only at its own paths a query says more to the provider, by rules") {
    World world;
    world.use_providers({"a", "b"});
    world.policy.login_params = {{"b", {{"prompt", {"login"}, nullptr}}}};
    const auto sends = [&](const std::string& target, std::string_view wanted) {
      const auto decision = world.decide({.target = target, .headers = as_person});
      return header(decision, "Location").find(wanted) != std::string::npos;
    };
    CHECK(sends("/oauth2/start?provider=b&prompt=login", "&prompt=login"));
    CHECK(sends("/oauth2/sign_in?provider=b&prompt=login", "&prompt=login"));
    CHECK_FALSE(sends("/oauth2/start?provider=b&prompt=none", "&prompt="));
    CHECK_FALSE(sends("/oauth2/start?provider=b&Prompt=login", "rompt="));
    CHECK_FALSE(sends("/oauth2/start?provider=a&prompt=login", "&prompt="));
    CHECK_FALSE(sends("/oauth2/start?prompt=login", "&prompt="));

    world.use_providers({"b"});  // nobody asked to sign in here: the query is the application's
    CHECK(sends("/page?prompt=login", "https://b.idp.example/authorize?"));
    CHECK_FALSE(sends("/page?prompt=login", "&prompt="));
  }

  TEST_CASE("begin_login: the provider is chosen by the caller, the query, or is the first one") {
    World world;
    world.use_providers({"a", "b"});
    const auto location = [&](const std::string& target, std::string_view wished = {}) {
      auto verdict = world.with({.target = target}, [&](const Question& question) {
        LoginOptions options;
        options.provider = wished;
        return engine::begin_login(question, options);
      });
      REQUIRE(verdict.ok());
      REQUIRE(std::holds_alternative<Decision>(*verdict));
      const auto& decision = std::get<Decision>(*verdict);
      const auto place = header(decision, "Location");
      return place == "<absent>" ? std::to_string(decision.http_status())
                                 : place.substr(0, place.find(".idp"));
    };
    CHECK(location("/oauth2/start") == "https://a");
    CHECK(location("/oauth2/start?provider=b") == "https://b");
    CHECK(location("/oauth2/start?provider=b", "a") == "https://a");
    CHECK(location("/oauth2/start?provider=c") == "400");
    CHECK(location("/oauth2/start?provider=a&provider=b") == "400");
    CHECK(location("/oauth2/start", "c") == "400");
    CHECK(location("/app?provider=b") == "https://a");  // the application's own parameter
  }

  TEST_CASE("H-11: no login starts at a host that is not ours") {
    World world;
    world.settings.cookie_domains = {"example"};
    CHECK(starts_login(world.decide({.headers = as_person})));
    const auto decision = world.decide({.headers = as_person, .host = "evil.test"});
    CHECK(decision.http_status() == 400);
    CHECK_FALSE(sets_login_state(decision));
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

  TEST_CASE("identify: the person who may come in, nobody else, and no refresh") {
    World world;
    const auto who = [&](const std::string& cookie) {
      return world.with({.cookie = cookie},
                        [](const Question& question) { return engine::identify(question); });
    };
    CHECK_FALSE(who("").has_session());
    CHECK(who(world.cookie_of(world.person())).email() == "ada@example.com");
    CHECK(who(world.cookie_of(due_for_refresh(world))).has_session());
    world.policy.allowed_groups = {"admins"};
    CHECK_FALSE(who(world.cookie_of(world.person())).has_session());
  }

  TEST_CASE("PX-18: a session is judged by the same policy on every way to an answer") {
    World world;
    const auto old = due_for_refresh(world);
    auto renewed = old;
    renewed.refresh_token = Secret("r2");
    renewed.created_at = session::to_timestamp(world.now);
    renewed.expires_on = session::to_timestamp(world.now + 3600s);
    world.policy.allowed_groups = {"admins"};
    CHECK(world.decide({.cookie = world.cookie_of(world.person())}).http_status() == 403);
    REQUIRE(
        world.refreshes.record(old, std::make_shared<const session::Session>(renewed), world.now));
    CHECK(world.decide({.cookie = world.cookie_of(old)}).http_status() == 403);
    const auto presented = after_refresh(std::make_shared<const session::Session>(renewed));
    auto verdict = world.with({}, [&](const Question& question) {
      return decide_presented(question, policy::Endpoint::none, presented);
    });
    CHECK(std::get<Decision>(*verdict).http_status() == 403);
  }
}
