#include "flow/begin_login.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "base/base64url.hpp"
#include "crypto/hash.hpp"
#include "http/form.hpp"
#include "http/url.hpp"
#include "oidc/callback.hpp"
#include "session/login_state.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

http::Params query_of(const std::string& url) {
  return http::parse_form(http::parse_url(url).value().query).value();
}
std::string param(const std::string& url, std::string_view name) {
  const auto params = query_of(url);
  CHECK(http::count(params, name) <= 1);
  const auto* value = http::find(params, name);
  return value == nullptr ? "<absent>" : *value;
}
std::string hash_text(std::string_view text) {
  return base64url::encode(crypto::hash(crypto::Digest::sha256, text).value());
}

// The attempt in the browser's cookie.
oidc::LoginState attempt_of(const World& world, const std::string& location) {
  const auto state = oidc::parse_state(param(location, "state"), false).value();
  return session::open_login_state(world.context->session, *world.context->cookie_keys,
                                   state.hashed_state, world.get("/")->facts().headers,
                                   world.driver.now)
      .value();
}

}  // namespace

TEST_SUITE("flow/begin_login") {
  TEST_CASE("begin_login: sends the browser to the provider with what the cookie keeps, hashed") {
    World world;
    const auto location = world.start("/wanted?x=1");
    const auto attempt = attempt_of(world, location);

    CHECK(location.starts_with("https://idp.example/authorize?"));
    CHECK(param(location, "response_type") == "code");
    CHECK(param(location, "client_id") == "c");
    CHECK(param(location, "redirect_uri") == "https://app.example/oauth2/callback");
    CHECK(param(location, "scope") == "openid email profile");
    CHECK(attempt.state_nonce.size() == 32);
    CHECK(attempt.oidc_nonce.size() == 32);
    CHECK(attempt.code_verifier.size() == 128);
    CHECK(param(location, "state") == hash_text(attempt.state_nonce.reveal()) + ":/wanted?x=1");
    CHECK(param(location, "nonce") == hash_text(attempt.oidc_nonce.reveal()));
    CHECK(param(location, "code_challenge") == hash_text(attempt.code_verifier.reveal()));
    CHECK(param(location, "code_challenge_method") == "S256");
  }

  TEST_CASE("begin_login: neither nonce nor verifier travels, in any form") {
    World world;
    const auto request = world.get("/");
    const auto answer =
        flow::begin_login(*world.context, *world.state, request->facts(), {}, world.driver.now);
    world.browser.take(*answer);
    const auto attempt = attempt_of(world, location_of(*answer));
    const auto text = whole(*answer);
    for (const auto* secret : {&attempt.state_nonce, &attempt.oidc_nonce, &attempt.code_verifier}) {
      CHECK(text.find(secret->reveal()) == std::string::npos);
      CHECK(text.find(base64url::encode(secret->reveal())) == std::string::npos);
      CHECK(text.find(http::percent_encode(secret->reveal())) == std::string::npos);
    }
    CHECK_FALSE(holds_canary(text));
    CHECK(answer->reason() == Reason::login_started);
    CHECK(answer->http_status() == 302);
  }

  TEST_CASE("begin_login: never cached, and sets nothing but the login-state cookie") {
    World world;
    const auto answer = flow::begin_login(*world.context, *world.state, world.get("/")->facts(), {},
                                          world.driver.now);
    CHECK(whole(*answer).find("Cache-Control: no-store") != std::string::npos);
    REQUIRE(set_cookies(*answer).size() == 1);
    CHECK(set_cookies(*answer)[0].find("_csrf=") != std::string::npos);
    CHECK(set_cookies(*answer)[0].find("Max-Age=900") != std::string::npos);
  }

  TEST_CASE("EN-10: no state, nonce or verifier comes twice") {
    World world;
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
      world.browser = {};
      const auto attempt = attempt_of(world, world.start());
      seen.emplace(attempt.state_nonce.reveal());
      seen.emplace(attempt.oidc_nonce.reveal());
      seen.emplace(attempt.code_verifier.reveal());
    }
    CHECK(seen.size() == 600);
  }

  TEST_CASE("begin_login: without random bytes nothing is issued, whichever draw fails") {
    int needed = 0;
    for (; needed < 20; ++needed) {
      World world;
      const auto entropy = std::make_shared<HiccupEntropy>(needed);
      world.context->entropy = entropy;
      const auto answer = flow::begin_login(*world.context, *world.state, world.get("/")->facts(),
                                            {}, world.driver.now);
      if (!entropy->has_failed()) break;
      REQUIRE_FALSE(answer.ok());
      CHECK(answer.error().status == Status::no_entropy);
    }
    CHECK(needed == 1);  // state, nonce, verifier and the cookie's own are one draw
  }

  TEST_CASE(
      "begin_login: the wish for a return target is judged, a bad one becomes the next best") {
    World world;
    const auto state_for = [&](std::string_view target, std::string wish) {
      flow::LoginWish login;
      login.return_to = std::move(wish);
      const auto request = world.get(target);
      const auto answer = flow::begin_login(*world.context, *world.state, request->facts(), login,
                                            world.driver.now);
      const auto state = param(location_of(*answer), "state");
      return state.substr(state.find(':') + 1);
    };
    CHECK(state_for("/oauth2/start?rd=%2Fdeep%3Fa%3Db", "") == "/deep?a=b");
    CHECK(state_for("/oauth2/start?rd=https%3A%2F%2Fevil.example%2F", "") == "/");
    CHECK(state_for("/page", "https://evil.example/") == "/page");
    CHECK(state_for("/page", "/chosen") == "/chosen");
  }

  TEST_CASE(
      "OP-03 OP-04 OP-05: a return target that a browser reads as another host is never kept") {
    World world;
    for (const auto* rd :
         {"%2F%5Cevil.com", "%2F%5C%5Cevil.com", "%5C%2Fevil.com", "%2F%09%2Fevil.com",
          "%2F.%2F%5Cevil.com", "%2F%2Fevil.com", "%2F%20%2Fevil.com"}) {
      const auto request = world.get("/oauth2/start?rd=" + std::string(rd));
      const auto answer =
          flow::begin_login(*world.context, *world.state, request->facts(), {}, world.driver.now);
      CHECK_MESSAGE(param(location_of(*answer), "state").ends_with(":/"), std::string(rd));
    }
  }

  TEST_CASE("MA-27: parameters of the start query reach the provider in none of its own") {
    World world;
    const auto location =
        world.start("/oauth2/start?scope=admin&prompt=none&client_id=x&state=y&nonce=z");
    CHECK(param(location, "scope") == "openid email profile");
    CHECK(param(location, "prompt") == "<absent>");
    CHECK(param(location, "client_id") == "c");
    CHECK(param(location, "state").ends_with(":/"));
  }

  TEST_CASE(
      "begin_login: prompt, login_hint and acr_values of the caller are sent, reserved names "
      "stay") {
    World world;
    flow::LoginWish wish;
    wish.prompt = "login";
    wish.login_hint = "alice@example.com";
    wish.acr_values = "urn:x";
    const auto answer = flow::begin_login(*world.context, *world.state, world.get("/")->facts(),
                                          wish, world.driver.now);
    const auto location = location_of(*answer);
    CHECK(param(location, "prompt") == "login");
    CHECK(param(location, "login_hint") == "alice@example.com");
    CHECK(param(location, "acr_values") == "urn:x");
  }

  TEST_CASE("F-057: begin_login: allowed parameters replace defaults; the caller's own win") {
    World world;
    world.provider.settings.login_params = {{"prompt", "login"}, {"hd", "a"}, {"hd", "b"}};
    world.state = world.provider.known(world.driver.now);
    flow::LoginWish wish;
    wish.login_hint = "host@example.com";
    wish.params = {{"prompt", "none"}, {"login_hint", "x"}, {"state", "y"}, {"client_id", "z"}};
    const auto answer = flow::begin_login(*world.context, *world.state, world.get("/")->facts(),
                                          wish, world.driver.now);
    const auto location = location_of(*answer);
    CHECK(param(location, "prompt") == "none");
    CHECK(param(location, "login_hint") == "host@example.com");
    CHECK(param(location, "client_id") == "c");
    CHECK(param(location, "state") != "y");
    CHECK(location.find("hd=a&hd=b") != std::string::npos);
  }

  TEST_CASE(
      "begin_login: a session cookie that is no good goes with the same answer, only when asked") {
    World world;
    world.browser.put("__Host-gatelet", "junk");
    world.browser.put("__Host-gatelet_0", "junk");
    flow::LoginWish wish;
    for (const bool clear : {true, false}) {
      wish.clears_session = [clear](std::string_view, Instant) { return clear; };
      const auto answer = flow::begin_login(*world.context, *world.state, world.get("/")->facts(),
                                            wish, world.driver.now);
      CHECK(expires_cookie(*answer, "__Host-gatelet=") == clear);
      CHECK(expires_cookie(*answer, "__Host-gatelet_0=") == clear);
    }
  }

  TEST_CASE("begin_login: encode_state wraps the state whole") {
    World world;
    world.context->session.encode_state = true;
    const auto state = param(world.start("/p"), "state");
    CHECK(oidc::parse_state(state, true).value().return_to == "/p");
    CHECK_FALSE(oidc::parse_state(state, false).ok());
  }

  TEST_CASE("begin_login: without a nonce or PKCE none is drawn, none is sent") {
    World world;
    world.provider.settings.use_nonce = false;
    world.provider.settings.pkce = oidc::Pkce::off;
    world.state = world.provider.known(world.driver.now);
    const auto location = world.start();
    CHECK(param(location, "nonce") == "<absent>");
    CHECK(param(location, "code_challenge") == "<absent>");
    CHECK(attempt_of(world, location).oidc_nonce.empty());
    CHECK(attempt_of(world, location).code_verifier.empty());
  }

  TEST_CASE("PX-27: metadata without PKCE methods, or with plain only, does not switch S256 off") {
    for (const auto* methods : {"", R"(["plain"])"}) {
      World world;
      world.provider.edit_metadata = [&](JsonText& document) {
        if (*methods != '\0') document.set("code_challenge_methods_supported", methods);
      };
      world.state = world.provider.known(world.driver.now);
      CHECK(param(world.start(), "code_challenge_method") == "S256");
    }
  }

  TEST_CASE(
      "begin_login: with several providers the attempt names its own, and so does the callback") {
    World world;
    world.context->several_providers = true;
    world.provider.settings.id = "corp";
    world.state = world.provider.known(world.driver.now);
    const auto location = world.start();
    CHECK(param(location, "redirect_uri") == "https://app.example/oauth2/callback/corp");
    CHECK(attempt_of(world, location).provider_id == "corp");
  }

  TEST_CASE("EN-08: above the limit the oldest attempt is evicted, the others stay") {
    World world;
    for (int i = 0; i < 12; ++i) {
      world.start();
      world.driver.now = world.driver.now + 1s;
    }
    CHECK(world.browser.cookies().size() == 8);
  }

  TEST_CASE(
      "begin_login_with_metadata: one refetch, then the redirect; its failure is the flow's") {
    World world;
    world.state = world.provider.unknown();
    flow::BeginLogin in(world.context);
    in.provider_id = "default";
    in.request = world.get("/wanted");
    const auto answer = world.driver.run(flow::begin_login_with_metadata(in));
    REQUIRE(answer.ok());
    CHECK(location_of(*answer).starts_with("https://idp.example/authorize?"));
    CHECK(world.driver.seen == std::vector<std::string>{"refetch metadata"});

    world.driver.on_refetch = [](const flow::Refetch&) -> Result<flow::Refetched> {
      return Error{Status::provider_unreachable, "no"};
    };
    const auto failed = world.driver.run(flow::begin_login_with_metadata(in));
    CHECK(failed.error().status == Status::provider_unreachable);
  }
}
