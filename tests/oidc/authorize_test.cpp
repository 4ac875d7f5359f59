#include "oidc/authorize.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "fixture.hpp"
#include "http/form.hpp"
#include "http/url.hpp"
#include "oidc/discovery.hpp"
#include "support/providers.hpp"

using namespace gatelet;
using namespace gatelet::oidc;
using namespace gatelet::oidc_tests;

namespace {

AuthorizationRequest request(http::Params extra = {}) {
  AuthorizationRequest out;
  out.redirect_uri = "https://app.example/oauth2/callback";
  out.state = "h:/page?a=b";
  out.hashed_nonce = "n1";
  out.code_challenge = "ch";
  out.extra = std::move(extra);
  return out;
}

std::string url_of(const Provider& provider, const AuthorizationRequest& request) {
  auto url = authorization_url(provider, request);
  REQUIRE(url.ok());
  return std::move(*url);
}

http::Params params_of(const Provider& provider, const AuthorizationRequest& request) {
  const auto url = url_of(provider, request);
  return http::parse_form(url.substr(url.find('?') + 1)).value();
}

std::string value_of(const http::Params& params, std::string_view name) {
  CAPTURE(name);
  REQUIRE(http::count(params, name) == 1);
  return *http::find(params, name);
}

}  // namespace

TEST_SUITE("oidc/authorize") {
  TEST_CASE("authorization_url: oidcc-client-test: the whole request, sorted and form-encoded") {
    CHECK(url_of(support::provider(), request()) ==
          "https://idp.example/authorize?client_id=c&code_challenge=ch&code_challenge_method=S256&"
          "nonce=n1&redirect_uri=https%3A%2F%2Fapp.example%2Foauth2%2Fcallback&response_type=code&"
          "scope=openid+email+profile&state=h%3A%2Fpage%3Fa%3Db");
  }

  TEST_CASE("authorization_url: the query of the endpoint is kept, its order aside") {
    const auto provider = support::provider(
        {.authorization_endpoint = "https://idp.example/auth?tenant=a%20b&access_type=offline"});
    const auto params = params_of(provider, request());

    CHECK(value_of(params, "tenant") == "a b");
    CHECK(value_of(params, "access_type") == "offline");
    CHECK(std::is_sorted(params.begin(), params.end(),
                         [](const auto& a, const auto& b) { return a.name < b.name; }));
  }

  TEST_CASE("authorization_url: an endpoint's query cannot set or double a protocol parameter") {
    const auto provider =
        support::provider({.authorization_endpoint =
                               "https://idp.example/auth?client_id=x&state=x&scope=x&nonce=x&"
                               "redirect_uri=x&request_uri=x&code_challenge=x&response_type=x"});
    const auto params = params_of(provider, request());

    CHECK(value_of(params, "client_id") == "c");
    CHECK(value_of(params, "state") == "h:/page?a=b");
    CHECK(value_of(params, "scope") == "openid email profile");
    CHECK(value_of(params, "nonce") == "n1");
    CHECK(value_of(params, "code_challenge") == "ch");
    CHECK(value_of(params, "response_type") == "code");
    CHECK(http::find(params, "request_uri") == nullptr);
  }

  TEST_CASE("authorization_url: an empty scope is sent as such") {
    auto provider = support::provider();
    provider.scope = "";
    CHECK(url_of(provider, request()).find("&scope=&") != std::string::npos);
  }

  TEST_CASE(
      "authorization_url: MA-27: extra parameters replace configured ones, reserved names "
      "never pass") {
    auto provider = support::provider();
    provider.login_params = {{"prompt", "login"}, {"acr_values", "a"}, {"scope", "canary"}};
    const auto params = params_of(provider, request({{"prompt", "none"},
                                                     {"login_hint", "alice@example.com"},
                                                     {"scope", "canary"},
                                                     {"client_id", "canary"},
                                                     {"redirect_uri", "canary"},
                                                     {"state", "canary"},
                                                     {"nonce", "canary"},
                                                     {"request", "canary"},
                                                     {"response_mode", "canary"},
                                                     {"code_challenge_method", "canary"}}));

    CHECK(value_of(params, "prompt") == "none");
    CHECK(value_of(params, "acr_values") == "a");
    CHECK(value_of(params, "login_hint") == "alice@example.com");
    CHECK(http::find(params, "request") == nullptr);
    CHECK(http::find(params, "response_mode") == nullptr);
    for (const auto& param : params) CHECK(param.value != "canary");
  }

  TEST_CASE("authorization_url: a reserved name does not slip in while its own parameter is off") {
    auto provider = support::provider();
    provider.use_nonce = false;
    provider.pkce = Pkce::off;
    const auto params =
        params_of(provider, request({{"nonce", "canary"}, {"code_challenge", "canary"}}));
    CHECK(http::find(params, "nonce") == nullptr);
    CHECK(http::find(params, "code_challenge") == nullptr);
    CHECK(http::find(params, "code_challenge_method") == nullptr);
  }

  TEST_CASE("authorization_url: PX-27: metadata never switches PKCE off, plain only when chosen") {
    for (const std::string announced : {"", R"(,"code_challenge_methods_supported":["plain"])",
                                        R"(,"code_challenge_methods_supported":[])"}) {
      HttpReply reply;
      reply.status = 200;
      reply.body = R"({"issuer":"https://idp.example")" + announced + "}";
      const auto metadata = read_discovery_reply(reply);
      REQUIRE(metadata.ok());
      const auto provider = apply_metadata(support::provider(), *metadata);
      REQUIRE(provider.ok());
      const auto params = params_of(*provider, request());
      CHECK(value_of(params, "code_challenge") == "ch");
      CHECK(value_of(params, "code_challenge_method") == "S256");
    }
    auto provider = support::provider();
    provider.pkce = Pkce::plain;
    CHECK(value_of(params_of(provider, request()), "code_challenge_method") == "plain");
  }

  TEST_CASE("authorization_url: response_mode when configured, always for form_post") {
    auto provider = support::provider();
    provider.send_response_mode = true;
    CHECK(value_of(params_of(provider, request()), "response_mode") == "query");
    provider.response_mode = ResponseMode::form_post;
    provider.send_response_mode = false;
    CHECK(value_of(params_of(provider, request()), "response_mode") == "form_post");
  }

  TEST_CASE("authorization_url: every resource is named (RFC 8707)") {
    auto provider = support::provider();
    provider.resource = {"https://api.example/a", "https://api.example/b"};
    CHECK(http::count(params_of(provider, request()), "resource") == 2);
  }

  TEST_CASE("authorization_url: hostile values stay inside their parameter") {
    auto hostile = request({{"login_hint", "a&client_id=x#f\r\n\"<"}});
    hostile.state = "h:/x&nonce=y#z";
    const auto url = url_of(support::provider(), hostile);
    CHECK(http::parse_url(url).ok());
    CHECK(url.find('#') == std::string::npos);
    const auto params = params_of(support::provider(), request({{"login_hint", "a&client_id=x"}}));
    CHECK(value_of(params, "client_id") == "c");
  }

  TEST_CASE("authorization_url: an endpoint that is no URL is an error, not an address") {
    for (const auto* endpoint : {"", "https://", "javascript:alert(1)", "https://idp.example/?%"}) {
      CAPTURE(endpoint);
      CHECK(status_of(authorization_url(support::provider({.authorization_endpoint = endpoint}),
                                        request())) == Status::internal);
    }
  }

  TEST_CASE("pkce_challenge: the example of RFC 7636 appendix B") {
    const crypto::Sha256 sha256;
    const Secret verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    CHECK(pkce_challenge(sha256, Pkce::s256, verifier).value() ==
          "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    CHECK(pkce_challenge(sha256, Pkce::plain, verifier).value() == verifier.reveal());
    CHECK(pkce_challenge(sha256, Pkce::off, verifier).value().empty());
  }
}
