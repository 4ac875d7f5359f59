#include "config/resolve_provider.hpp"

#include <doctest/doctest.h>

#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;

namespace {

oidc::Provider provider(const Settings& settings) {
  return config::resolve(settings).providers.at(0).provider;
}
HttpTrust trust(const Settings& settings) {
  return config::resolve(settings).providers.at(0).trust;
}

std::string params(const Settings& settings) {
  std::string text;
  for (const auto& param : provider(settings).login_params)
    text += param.name + "=" + param.value + " ";
  return text;
}

}  // namespace

TEST_SUITE("config/resolve_provider") {
  TEST_CASE("client: the method is the metadata's unless it is named") {
    using Method = oidc::ClientAuthMethod;
    CHECK(provider(complete()).client.method == Method::by_metadata);
    CHECK(provider(complete({{"client_auth_method", "client_secret_basic"}})).client.method ==
          Method::client_secret_basic);
    CHECK(provider(complete({{"client_auth_method", "client_secret_post"}})).client.method ==
          Method::client_secret_post);
    CHECK(
        provider(complete({{"client_secret", ""}, {"client_auth_method", "none"}})).client.method ==
        Method::none);
  }

  TEST_CASE("display name: among several, the issuer's host stands in for it") {
    CHECK(provider(complete()).display_name == "");
    const Pairs corp{{"providers.corp.oidc_issuer_url", "https://login.corp.example:8443/x"},
                     {"providers.corp.provider_display_name", ""},
                     {"provider_display_name", "Main"}};
    const auto resolved = config::resolve(complete(corp));
    CHECK(resolved.providers.at(0).provider.display_name == "Main");
    CHECK(resolved.providers.at(1).provider.display_name == "login.corp.example");
  }

  TEST_CASE("scope: asks for groups where groups decide, unless a scope is set") {
    CHECK(provider(complete()).scope == "openid email profile");
    CHECK(provider(complete({{"allowed_groups", "a"}})).scope == "openid email profile groups");
    CHECK(provider(complete({{"allowed_groups", "a"}, {"scope", "openid"}})).scope == "openid");
  }

  TEST_CASE("login parameters: compat forces approval unless a prompt or another approval is set") {
    CHECK(params(complete()) == "");
    CHECK(params(complete({{"approval_prompt", "auto"}})) == "approval_prompt=auto ");
    CHECK(params(complete_compat()) == "approval_prompt=force ");
    CHECK(params(complete_compat({{"prompt", "login"}})) == "prompt=login ");
    CHECK(params(complete_compat({{"approval_prompt", "auto"}})) == "approval_prompt=auto ");
    CHECK(params(complete_compat({{"prompt", "login"}, {"approval_prompt", "auto"}})) ==
          "prompt=login approval_prompt=auto ");
    CHECK(params(complete({{"acr_values", "high"}})) == "acr_values=high ");
  }

  TEST_CASE(
      "PX-27: the default profile always sends S256; plain only when it is written; compat as "
      "set") {
    CHECK(provider(complete()).pkce == oidc::Pkce::s256);
    CHECK(provider(complete({{"code_challenge_method", ""}})).pkce == oidc::Pkce::s256);
    CHECK(provider(complete({{"code_challenge_method", "plain"}})).pkce == oidc::Pkce::plain);
    CHECK(provider(complete_compat()).pkce == oidc::Pkce::off);
    CHECK(provider(complete_compat({{"code_challenge_method", "S256"}})).pkce == oidc::Pkce::s256);
    CHECK(provider(complete_compat({{"force_code_challenge_method", "S256"}})).pkce ==
          oidc::Pkce::s256);
  }

  TEST_CASE(
      "claims: user_id_claim names the user; in compat it replaces the email claim at its "
      "default") {
    CHECK(provider(complete()).claims.user == "sub");
    CHECK(provider(complete({{"user_id_claim", "upn"}})).claims.user == "upn");
    CHECK(provider(complete({{"user_id_claim", "upn"}})).claims.email == "email");

    const auto replaced = provider(complete_compat({{"user_id_claim", "upn"}})).claims;
    CHECK(replaced.user == "sub");
    CHECK(replaced.email == "upn");
    CHECK(provider(complete_compat({{"user_id_claim", "upn"}, {"oidc_email_claim", "mail"}}))
              .claims.email == "mail");
  }

  TEST_CASE(
      "I-16: an absent email_verified refuses where an email rule restricts, in the default "
      "profile") {
    const Pairs rule{{"email_domains", "example.com"}};
    CHECK(provider(complete(rule)).require_email);
    CHECK(provider(complete(rule)).require_verified_flag);
    CHECK_FALSE(provider(complete({{"email_domains", "*"}})).require_email);
    CHECK_FALSE(provider(complete({{"email_domains", "*"}})).require_verified_flag);
    CHECK_FALSE(provider(complete()).require_email);
    CHECK(provider(complete_compat(rule)).require_email);
    CHECK_FALSE(provider(complete_compat(rule)).require_verified_flag);
    CHECK_FALSE(provider(complete({{"email_domains", "example.com"},
                                   {"insecure_oidc_allow_unverified_email", "true"}}))
                    .require_verified_flag);
  }

  TEST_CASE("PX-22: the default trusts the system's authorities and checks certificates") {
    CHECK(trust(complete()).use_system_store);
    CHECK_FALSE(trust(complete()).insecure_skip_verify);
    CHECK_FALSE(trust(complete_compat()).insecure_skip_verify);
    CHECK(trust(complete({{"ssl_insecure_skip_verify", "true"}})).insecure_skip_verify);
    CHECK_FALSE(trust(complete({{"provider_ca_files", "ca.pem"}})).use_system_store);
    CHECK(trust(complete({{"provider_ca_files", "ca.pem"}, {"use_system_trust_store", "true"}}))
              .use_system_store);
  }

  TEST_CASE("H-17: hosts that may be private are those written in the configuration") {
    const auto hosts = trust(complete({{"oidc_issuer_url", "https://IDP.example:8443/x"},
                                       {"redeem_url", "https://10.0.0.7/token"},
                                       {"profile_url", "https://idp.example/me"},
                                       {"oidc_jwks_url", "https://[fd00::1]/k"}}))
                           .configured_hosts;
    CHECK(hosts == std::vector<std::string>{"idp.example", "10.0.0.7", "[fd00::1]"});
    CHECK_FALSE(trust(complete()).allow_private);
  }

  TEST_CASE("H-17: http is off; compat takes it only where a configured URL says so") {
    CHECK_FALSE(trust(complete()).allow_http);
    CHECK(trust(complete({{"insecure_allow_http_provider", "true"}})).allow_http);
    CHECK_FALSE(trust(complete_compat()).allow_http);
    CHECK(trust(complete_compat({{"oidc_issuer_url", "http://idp.example"}})).allow_http);
    CHECK(trust(complete_compat({{"insecure_allow_http_provider", "true"}})).allow_http);
  }

  TEST_CASE("userinfo: two ways to say never") {
    CHECK(provider(complete()).userinfo_fetch == oidc::UserinfoFetch::missing);
    CHECK(provider(complete({{"userinfo_fetch", "never"}})).userinfo_fetch ==
          oidc::UserinfoFetch::never);
    CHECK(provider(complete({{"skip_claims_from_profile_url", "true"}})).userinfo_fetch ==
          oidc::UserinfoFetch::never);
  }

  TEST_CASE("response mode: query written out is sent, not written it is not") {
    CHECK_FALSE(provider(complete()).send_response_mode);
    const auto query = provider(complete({{"auth_request_response_mode", "query"}}));
    CHECK(query.send_response_mode);
    CHECK(query.response_mode == oidc::ResponseMode::query);
  }
}
