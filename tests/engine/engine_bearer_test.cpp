// The engine with programs before it: bearer tokens, whose keys it fetches itself.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <set>

#include "base/base64url.hpp"
#include "engine/live_engine.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using support::JsonText;

namespace {

const Options taking_tokens = {{"skip_jwt_bearer_tokens", "true"}};

Options with(Options options, const Options& more) {
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

}  // namespace

TEST_SUITE("engine/engine: bearer") {
  TEST_CASE("F-030: a token of the provider is a session; its keys are fetched once") {
    Live live(taking_tokens);
    const auto token = live.provider.bearer_token();
    const auto first = ask(live, "Bearer " + token);
    CHECK(first.kind() == Decision::Kind::allow);
    CHECK(first.reason() == Reason::bearer);
    REQUIRE(first.identity() != nullptr);
    CHECK(first.identity()->email() == "alice@example.com");
    CHECK(value_of(first.upstream(), "X-Forwarded-User") == "alice");
    CHECK(session_cookie_of(first).empty());
    for (int i = 0; i < 5; ++i) {
      const auto other =
          live.provider.bearer_token([&](JsonText& c) { c.set_string("jti", std::to_string(i)); });
      CHECK(ask(live, "Bearer " + other).kind() == Decision::Kind::allow);
    }
    CHECK(live.provider.num_requests("/jwks") == 1);
  }

  TEST_CASE("F-031: a token inside HTTP Basic") {
    Live live(taking_tokens);
    const auto pair = live.provider.bearer_token() + ":x-oauth-basic";
    auto text = base64url::encode(pair, base64url::Padding::required);
    for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    CHECK(ask(live, "Basic " + text).kind() == Decision::Kind::allow);
  }

  TEST_CASE("F-030: off, a token is nothing") {
    Live live;
    CHECK(ask(live, "Bearer " + live.provider.bearer_token()).kind() != Decision::Kind::allow);
  }

  TEST_CASE("F-032: a token that is not accepted: 401 that says so, or 403") {
    for (const auto* fallback : {"true", "false"}) {
      Live live(with(taking_tokens, {{"bearer_token_login_fallback", fallback}}));
      const auto expired =
          live.provider.bearer_token([](JsonText& c) { c.set_number("exp", 1000).remove("iat"); });
      for (const auto& value : {"Bearer " + expired, std::string("Bearer junk")}) {
        const auto answer = ask(live, value);
        CHECK(answer.reason() == Reason::bearer_rejected);
        CHECK(answer.http_status() == (std::string(fallback) == "true" ? 401 : 403));
        const auto challenge = value_of(answer.response(), "WWW-Authenticate");
        CHECK(challenge ==
              (answer.http_status() == 401 ? "Bearer error=\"invalid_token\"" : "<absent>"));
        CHECK(value_of(answer.response(), "Content-Type") == "application/json");
        CHECK(values_of(answer.response(), "Set-Cookie").empty());
      }
    }
  }

  TEST_CASE("PX-08: a token and a cookie: the token wins, and a bad one is not rescued") {
    Live live(taking_tokens);
    auto browser = live.browser();
    browser.sign_in(live.provider);
    const auto cookie = browser.cookie_header();
    const auto bob = live.provider.bearer_token(
        [](JsonText& c) { c.set_string("sub", "bob").set_string("email", "bob@example.com"); });
    CHECK(ask(live, "Bearer " + bob, "/", cookie).identity()->email() == "bob@example.com");
    CHECK(ask(live, "Bearer junk", "/", cookie).http_status() == 401);
    CHECK_FALSE(live.has_event("credential-ignored"));
    CHECK(ask(live, "Basic YTpi", "/", cookie).identity()->email() == "alice@example.com");
  }

  TEST_CASE("PX-08: bearer_falls_through: the cookie counts beside a bad token, and it is told") {
    Live live(with(taking_tokens, {{"bearer_falls_through", "true"}}));
    auto browser = live.browser();
    browser.sign_in(live.provider);
    const auto answer = ask(live, "Bearer junk", "/", browser.cookie_header());
    CHECK(answer.kind() == Decision::Kind::allow);
    CHECK(answer.reason() == Reason::session);
    CHECK(live.has_event("credential-ignored"));
    CHECK(ask(live, "Bearer junk").kind() != Decision::Kind::allow);
  }

  TEST_CASE("bearer_falls_through: the cookie's session may have to be renewed first") {
    Live live(with(taking_tokens, {{"bearer_falls_through", "true"}}));
    auto browser = live.browser();
    browser.sign_in(live.provider);
    live.let_tokens_run_out();
    live.provider.with([](auto& fake) { fake.rotate_key("k2"); });
    const auto junk = live.provider.bearer_token([](JsonText& c) { c.set_string("aud", "x"); });
    const auto answer = ask(live, "Bearer " + junk, "/", browser.cookie_header());
    CHECK(answer.kind() == Decision::Kind::allow);
    CHECK(answer.reason() == Reason::session_refreshed);
    CHECK_FALSE(session_cookie_of(answer).empty());
  }

  TEST_CASE("PX-18: the rules for people hold for tokens; no cookie is touched") {
    Live live(with(taking_tokens, {{"email_domains", "elsewhere.example"}}));
    const auto token = live.provider.bearer_token();
    const auto answer = ask(live, "Bearer " + token, "/", "__Host-gatelet=x");
    CHECK(answer.http_status() == 403);
    CHECK(answer.reason() == Reason::not_permitted);
    CHECK(values_of(answer.response(), "Set-Cookie").empty());
    CHECK(ask(live, "Bearer " + token, "/oauth2/auth").http_status() == 401);
  }

  TEST_CASE("a token at PREFIX/auth and PREFIX/userinfo") {
    Live live(taking_tokens);
    const auto token = live.provider.bearer_token();
    CHECK(ask(live, "Bearer " + token, "/oauth2/auth").http_status() == 202);
    CHECK(ask(live, "Bearer " + token, "/oauth2/userinfo").body().find("alice@example.com") !=
          std::string::npos);
    CHECK(ask(live, "Bearer junk", "/oauth2/auth").http_status() == 401);
    CHECK(ask(live, "Bearer junk", "/oauth2/userinfo").http_status() == 401);
  }

  TEST_CASE("EN-11: a bad token on a skipped route: public as ever, and nobody") {
    Live live(with(taking_tokens, {{"skip_auth_routes", "^/public"}}));
    for (const auto* value : {"Bearer junk", "Bearer eyJ.eyJ.x"}) {
      const auto answer = ask(live, value, "/public");
      CHECK(answer.kind() == Decision::Kind::allow);
      CHECK(answer.reason() == Reason::free_pass);
      CHECK(answer.identity() == nullptr);
      CHECK(answer.upstream().empty());
    }
    const auto good = ask(live, "Bearer " + live.provider.bearer_token(), "/public");
    CHECK(good.reason() == Reason::bearer);
    CHECK(good.identity()->email() == "alice@example.com");
  }

  TEST_CASE("J-17, EN-16: tokens under unknown keys ask the provider a few times only") {
    Live live(taking_tokens);
    REQUIRE(ask(live, "Bearer " + live.provider.bearer_token()).kind() == Decision::Kind::allow);
    support::FakeProvider forger;
    forger.settings.issuer = live.provider.issuer();
    for (int i = 0; i < 20; ++i) {
      forger.rotate_key("forged-" + std::to_string(i));
      std::vector<HeaderView> headers;
      const auto authorization = "Bearer " + forger.bearer_token(live.clock->now());
      headers.push_back({"Authorization", authorization});
      auto view = request_to("/api");
      view.headers = headers;
      const auto answer = wait_for(live.engine->decide(view));
      if (answer.ok()) CHECK(answer->http_status() == 401);
    }
    CHECK(live.provider.num_requests("/jwks") <= 4);
    CHECK(ask(live, "Bearer " + live.provider.bearer_token()).kind() == Decision::Kind::allow);
  }

  TEST_CASE("a provider that rotates its key: the new token is accepted, the old one no longer") {
    Live live(taking_tokens);
    const auto old = live.provider.bearer_token();
    REQUIRE(ask(live, "Bearer " + old).kind() == Decision::Kind::allow);
    live.provider.with([](auto& fake) { fake.rotate_key("k2"); });
    CHECK(ask(live, "Bearer " + live.provider.bearer_token()).kind() == Decision::Kind::allow);
    CHECK(ask(live, "Bearer " + old).http_status() == 401);
  }

  TEST_CASE(
      "a provider that is down: whether the token is good is not known, and nobody is let in") {
    Live live(taking_tokens);
    const auto token = live.provider.bearer_token();
    live.provider.answer_with("/.well-known/openid-configuration", 503);
    std::vector<HeaderView> headers;
    const auto authorization = "Bearer " + token;
    headers.push_back({"Authorization", authorization});
    auto view = request_to("/api");
    view.headers = headers;
    const auto answer = wait_for(live.engine->decide(view));
    REQUIRE_FALSE(answer.ok());
    CHECK(live.engine->failure(view, answer.error()).http_status() >= 500);

    Live open(with(taking_tokens, {{"skip_auth_routes", "^/public"}}));
    open.provider.answer_with("/.well-known/openid-configuration", 503);
    const auto public_page = ask(open, "Bearer " + open.provider.bearer_token(), "/public");
    CHECK(public_page.reason() == Reason::free_pass);
    CHECK(public_page.identity() == nullptr);
  }

  TEST_CASE("F-030: extra_jwt_issuers: another issuer's tokens, its metadata without a sign-in") {
    const auto clock = std::make_shared<ShiftedClock>();
    LiveProvider issuer(clock);
    issuer.with([](auto& fake) {
      fake.edit_metadata = [](JsonText& m) {
        m.remove("authorization_endpoint").remove("token_endpoint");
      };
      fake.rotate_key("theirs");
    });
    Live live(with(taking_tokens, {{"extra_jwt_issuers", issuer.issuer() + "=api"}}));
    const auto token = issuer.bearer_token([](JsonText& c) { c.set_string("aud", "api"); });
    CHECK(ask(live, "Bearer " + token).kind() == Decision::Kind::allow);
    CHECK(ask(live, "Bearer " + issuer.bearer_token()).http_status() == 401);  // for another
    CHECK(ask(live, "Bearer " + live.provider.bearer_token()).kind() == Decision::Kind::allow);
    CHECK(live.provider.num_requests("/jwks") == 1);
    CHECK(issuer.num_requests("/jwks") == 1);
  }

  TEST_CASE("identify: who is behind a token that is known") {
    Live live(taking_tokens);
    const auto authorization = "Bearer " + live.provider.bearer_token();
    const std::vector<HeaderView> headers = {{"Authorization", authorization}};
    auto view = request_to("/");
    view.headers = headers;
    CHECK(std::get<Identity>(*live.engine->identify(view))
              .email()
              .empty());  // the keys are not known yet
    REQUIRE(ask(live, authorization).kind() == Decision::Kind::allow);
    CHECK(std::get<Identity>(*live.engine->identify(view)).email() == "alice@example.com");
  }
}
