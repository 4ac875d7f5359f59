#include <doctest/doctest.h>

#include "config/validate.hpp"
#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;

namespace {

constexpr std::pair<std::string_view, std::string_view> skip{"skip_oidc_discovery", "true"};
constexpr std::pair<std::string_view, std::string_view> login{"login_url", "https://idp.example/a"};
constexpr std::pair<std::string_view, std::string_view> redeem{"redeem_url",
                                                               "https://idp.example/t"};
constexpr std::pair<std::string_view, std::string_view> jwks{"oidc_jwks_url",
                                                             "https://idp.example/k"};
constexpr std::pair<std::string_view, std::string_view> pem{"oidc_public_key_files", "key.pem"};

}  // namespace

TEST_SUITE("config/validate_provider") {
  TEST_CASE(
      "provider: oidc is the one type; the reference's others are not available, the rest "
      "unknown") {
    CHECK(problems(complete({{"provider", "oidc"}})).empty());
    CHECK(problem(complete({{"provider", "github"}})) ==
          "provider: \"github\" is not available in this version; write \"oidc\" where the "
          "provider speaks OpenID Connect");
    CHECK(complete({{"provider", "entra-id"}}).check()[0].status == Status::not_built);
    CHECK(problem(complete({{"provider", "okta"}})) ==
          "provider: \"okta\" is no provider type; write \"oidc\"");
    CHECK(complete({{"provider", "okta"}}).check()[0].status == Status::invalid_value);
  }

  TEST_CASE("provider: compat's default is not available, and says so") {
    const auto all = problems(complete({{"compat", "oauth2-proxy"}, {"email_domains", "*"}}));
    REQUIRE(all.size() == 1);
    CHECK(all[0].starts_with("provider: missing, and \"google\", compat's default"));
  }

  TEST_CASE("MA-16, LB-27: a provider without issuer or audience does not start") {
    CHECK(problem(complete({{"oidc_issuer_url", ""}})).starts_with("oidc_issuer_url: missing"));
    CHECK(problem(complete({{"client_id", ""}})).starts_with("client_id: missing"));
    CHECK(problem(complete({{"oidc_audience_claims", ""}})) ==
          "oidc_audience_claims: has an empty entry; leave it out");
  }

  TEST_CASE("client_secret: one of two ways, unless the client has none") {
    CHECK(problem(complete({{"client_secret", ""}})) ==
          "client_secret: missing; write it, or client_secret_file, or client_auth_method = "
          "\"none\" for a client that has no secret");
    CHECK(problems(complete({{"client_secret", ""}, {"client_secret_file", "f"}})).empty());
    CHECK(problem(complete({{"client_secret_file", "f"}})) ==
          "client_secret_file: does not go with client_secret; leave one of them out");
    CHECK(problems(complete({{"client_secret", ""}, {"client_auth_method", "none"}})).empty());
    CHECK(problem(complete({{"client_auth_method", "none"}})) ==
          "client_auth_method: \"none\" does not go with a client secret; leave one of them out");
    CHECK(problem(complete({{"client_auth_method", "private_key_jwt"}})) ==
          "client_auth_method: \"private_key_jwt\" is unknown; write \"client_secret_basic\", "
          "\"client_secret_post\" or \"none\"");
  }

  TEST_CASE("client_auth_method: a client without secret needs PKCE") {
    const Pairs open{{"client_secret", ""}, {"client_auth_method", "none"}};
    CHECK(problem(complete_compat(open)) ==
          "client_auth_method: \"none\" needs code_challenge_method = \"S256\"");
    auto with_pkce = open;
    with_pkce.emplace_back("code_challenge_method", "S256");
    CHECK(problems(complete_compat(with_pkce)).empty());
  }

  TEST_CASE("PKCE: two names that contradict each other are refused") {
    CHECK(problems(complete({{"force_code_challenge_method", "plain"}})).empty());
    CHECK(problem(complete(
              {{"force_code_challenge_method", "plain"}, {"code_challenge_method", "S256"}})) ==
          "force_code_challenge_method: contradicts code_challenge_method; leave one of them out");
    CHECK(problems(complete({{"force_code_challenge_method", "S256"},
                             {"code_challenge_method", "S256"}}))
              .empty());
    CHECK(problem(complete({{"code_challenge_method", "s256"}})) ==
          "code_challenge_method: \"s256\" is unknown; write \"S256\" or \"plain\"");
  }

  TEST_CASE("H-17: provider URLs are https, http by an insecure option, nothing else ever") {
    for (const auto key : {"oidc_issuer_url", "login_url", "redeem_url", "profile_url",
                           "validate_url", "oidc_jwks_url"}) {
      CAPTURE(key);
      CHECK(problem(complete({{key, "http://idp.example/x"}})) ==
            std::string(key) +
                ": \"http://idp.example/x\" is plain http; write https, or "
                "insecure_allow_http_provider = true for a test");
      CHECK(problems(complete({{key, "https://idp.example/x"}})).empty());
      const Pairs allowed{{key, "http://idp.example/x"}, {"insecure_allow_http_provider", "true"}};
      CHECK(problems(complete(allowed)).empty());
      for (const auto url : {"file:///etc/passwd", "gopher://idp.example/", "unix:/run/x",
                             "https://u:p@idp.example/", "https://idp.example/#f", "idp.example"}) {
        CHECK(problem(complete({{key, url}, {"insecure_allow_http_provider", "true"}}))
                  .starts_with(std::string(key) + ": "));
      }
    }
  }

  TEST_CASE("H-17: compat takes http where it is configured, unless told otherwise") {
    CHECK(problems(complete_compat({{"oidc_issuer_url", "http://idp.example"}})).empty());
    CHECK(problem(complete_compat({{"oidc_issuer_url", "http://idp.example"},
                                   {"insecure_allow_http_provider", "false"}}))
              .starts_with("oidc_issuer_url: "));
  }

  TEST_CASE("skip_oidc_discovery: needs endpoints, and keys in one of two ways") {
    CHECK(problems(complete({skip, login, redeem, jwks})).empty());
    CHECK(problems(complete({skip, login, redeem, pem})).empty());
    CHECK(problem(complete({skip, redeem, jwks})).starts_with("login_url: missing; "));
    CHECK(problem(complete({skip, login, jwks})).starts_with("redeem_url: missing; "));
    CHECK(problem(complete({skip, login, redeem})).starts_with("oidc_jwks_url: missing; "));
    CHECK(problem(complete({skip, login, redeem, jwks, pem})) ==
          "oidc_public_key_files: does not go with oidc_jwks_url; leave one of them out");
    CHECK(problem(complete({pem})) ==
          "oidc_public_key_files: has no effect without skip_oidc_discovery = true");
  }

  TEST_CASE("end_session: needs the provider's metadata") {
    CHECK(problems(complete({{"end_session", "true"}})).empty());
    CHECK(problem(complete({skip, login, redeem, jwks, {"end_session", "true"}})) ==
          "end_session: needs the provider's metadata; leave skip_oidc_discovery out");
  }

  TEST_CASE("auth_request_response_mode: form_post needs secure cookies") {
    const std::pair<std::string_view, std::string_view> form{"auth_request_response_mode",
                                                             "form_post"};
    CHECK(problems(complete({form})).empty());
    CHECK(problem(complete({form, {"cookie_secure", "false"}}))
              .starts_with("auth_request_response_mode: \"form_post\" needs cookie_secure"));
    CHECK(problem(complete({{"auth_request_response_mode", "fragment"}})) ==
          "auth_request_response_mode: \"fragment\" is unknown; write \"query\" or \"form_post\"");
  }

  TEST_CASE("userinfo: two options that contradict each other are refused") {
    const std::pair<std::string_view, std::string_view> never{"skip_claims_from_profile_url",
                                                              "true"};
    CHECK(problems(complete({never, {"userinfo_fetch", "never"}})).empty());
    CHECK(problem(complete({never, {"userinfo_fetch", "always"}})) ==
          "skip_claims_from_profile_url: contradicts userinfo_fetch = \"always\"; leave one of "
          "them out");
  }

  TEST_CASE("scope: without openid there is no ID token") {
    CHECK(problems(complete({{"scope", "profile openid"}})).empty());
    CHECK(problem(complete({{"scope", "profile openid2"}}))
              .starts_with("scope: \"profile openid2\" lacks \"openid\""));
    CHECK(problems(complete_compat({{"scope", "profile"}})).empty());
  }
}
