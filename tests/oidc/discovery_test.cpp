#include "oidc/discovery.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "support/providers.hpp"
#include "support/replies.hpp"
#include "support/token_mint.hpp"

using namespace gatelet;
using namespace gatelet::oidc;
using namespace gatelet::oidc_tests;
using jose::Algorithm;
using support::json_reply;
using support::reply;

namespace {

const std::string document = R"({"issuer":"https://idp.example",
  "authorization_endpoint":"https://idp.example/a1","token_endpoint":"https://idp.example/t1",
  "jwks_uri":"https://idp.example/j1","userinfo_endpoint":"https://idp.example/u1",
  "end_session_endpoint":"https://idp.example/e1","revocation_endpoint":"https://idp.example/r1",
  "introspection_endpoint":"https://idp.example/i1",
  "token_endpoint_auth_methods_supported":["client_secret_post"],
  "code_challenge_methods_supported":["S256"],
  "id_token_signing_alg_values_supported":["none","HS256","ES256","RS256","ES256"],
  "authorization_response_iss_parameter_supported":true,"unknown":{"x":[1]}})";

Provider configured() {
  auto provider = support::provider({.authorization_endpoint = "",
                                     .token_endpoint = "",
                                     .userinfo_endpoint = "",
                                     .jwks_uri = "",
                                     .end_session_endpoint = "",
                                     .auth_method = ClientAuthMethod::by_metadata});
  provider.algorithms.clear();
  return provider;
}

Metadata metadata_of(std::string_view text) {
  auto metadata = read_discovery_reply(json_reply(200, text));
  REQUIRE_MESSAGE(metadata.ok(), text_of(metadata));
  return std::move(*metadata);
}

Metadata minimal() {
  return metadata_of(R"({"issuer":"https://idp.example",
    "authorization_endpoint":"https://idp.example/a","token_endpoint":"https://idp.example/t",
    "jwks_uri":"https://idp.example/j"})");
}

Provider allowing_http(Provider provider) {
  HttpTrust trust;
  trust.allow_http = true;
  provider.trust = std::make_shared<const HttpTrust>(trust);
  return provider;
}

}  // namespace

TEST_SUITE("oidc/discovery") {
  TEST_CASE("discovery_request: the issuer minus one trailing slash") {
    const auto url = [](std::string issuer) {
      return discovery_request(support::provider({.issuer = std::move(issuer)})).url;
    };
    CHECK(url("https://idp.example") == "https://idp.example/.well-known/openid-configuration");
    CHECK(url("https://idp.example/") == "https://idp.example/.well-known/openid-configuration");
    CHECK(url("https://idp.example/t//") ==
          "https://idp.example/t//.well-known/openid-configuration");
  }

  TEST_CASE("discovery_request: a bounded GET for JSON, with this provider's trust") {
    const auto provider = support::provider();
    const auto call = discovery_request(provider);
    CHECK(call.method == "GET");
    CHECK(call.header("Accept") == "application/json");
    CHECK(call.max_reply_size == 512 * 1024);
    CHECK(call.trust == provider.trust);
    CHECK_FALSE(call.is_grant);
  }

  TEST_CASE(
      "apply_metadata: oidcc-client-test-discovery-openid-config: everything announced is "
      "used") {
    const auto provider = apply_metadata(configured(), metadata_of(document));

    REQUIRE(provider.ok());
    CHECK(provider->endpoints.authorization == "https://idp.example/a1");
    CHECK(provider->endpoints.token == "https://idp.example/t1");
    CHECK(provider->endpoints.jwks == "https://idp.example/j1");
    CHECK(provider->endpoints.userinfo == "https://idp.example/u1");
    CHECK(provider->endpoints.end_session == "https://idp.example/e1");
    CHECK(provider->endpoints.revocation == "https://idp.example/r1");
    CHECK(provider->endpoints.introspection == "https://idp.example/i1");
    CHECK(provider->client.method == ClientAuthMethod::client_secret_post);
    CHECK(provider->announces_issuer_in_response);
    CHECK(provider->algorithms == std::vector{Algorithm::es256, Algorithm::rs256});
  }

  TEST_CASE("apply_metadata: announced endpoints replace configured ones, others stay") {
    auto before = support::provider({.userinfo_endpoint = "https://other.example/me"});
    before.validate_url = "https://other.example/validate";
    const auto provider = apply_metadata(before, minimal());

    REQUIRE(provider.ok());
    CHECK(provider->endpoints.token == "https://idp.example/t");
    CHECK(provider->endpoints.userinfo == "https://other.example/me");
    CHECK(provider->validate_url == "https://other.example/validate");
    CHECK_FALSE(provider->announces_issuer_in_response);
  }

  TEST_CASE(
      "apply_metadata: I-01, oidcc-client-test-discovery-issuer-mismatch: the issuer is exact "
      "to the byte") {
    auto metadata = minimal();
    for (const auto* issuer :
         {"https://idp.example/", "https://idp.exampleINVALID", "https://IDP.example",
          "http://idp.example", "https://idp.example:443", "", "https://idp.%65xample"}) {
      CAPTURE(issuer);
      metadata.issuer = issuer;
      const auto provider = apply_metadata(configured(), metadata);
      CHECK(status_of(provider) == Status::provider_bad_answer);
      CHECK(text_of(provider).find("INVALID") == std::string::npos);
    }
  }

  TEST_CASE("apply_metadata: insecure_any_issuer accepts another issuer, and keeps ours") {
    auto before = configured();
    before.insecure_any_issuer = true;
    auto metadata = minimal();
    metadata.issuer = "https://other.example";
    const auto provider = apply_metadata(before, metadata);
    REQUIRE(provider.ok());
    CHECK(provider->issuer == "https://idp.example");
  }

  TEST_CASE("apply_metadata: I-11: authorization, token and key set must be there") {
    for (const auto place : {&Endpoints::authorization, &Endpoints::token, &Endpoints::jwks}) {
      auto metadata = minimal();
      (metadata.endpoints.*place).clear();
      CHECK(status_of(apply_metadata(configured(), metadata)) == Status::provider_bad_answer);

      auto before = configured();
      before.endpoints.*place = "https://idp.example/by-hand";
      const auto provider = apply_metadata(before, metadata);
      REQUIRE(provider.ok());
      CHECK(provider->endpoints.*place == "https://idp.example/by-hand");
    }
  }

  TEST_CASE("apply_metadata: I-11, H-17: no endpoint but an https URL without tricks") {
    for (const auto place :
         {&Endpoints::authorization, &Endpoints::token, &Endpoints::jwks, &Endpoints::userinfo,
          &Endpoints::end_session, &Endpoints::revocation, &Endpoints::introspection}) {
      for (const auto* url :
           {"http://idp.example/x", "file:///etc/passwd", "gopher://idp.example/", "/relative",
            "https://user@idp.example/x", "https://idp.example/x#f", "https://idp.example\\x",
            "//idp.example/x", "https:///x", "https://idp.example/ x", "https://idp.example/?a;b",
            "javascript:alert(1)"}) {
        CAPTURE(url);
        auto metadata = minimal();
        metadata.endpoints.*place = url;
        const auto provider = apply_metadata(configured(), metadata);
        CHECK(status_of(provider) == Status::provider_bad_answer);
        CHECK(text_of(provider).find(url) == std::string::npos);
      }
    }
  }

  TEST_CASE("apply_metadata: plain http only where the operator allowed it") {
    auto metadata = minimal();
    metadata.endpoints.token = "http://127.0.0.1:9000/token";
    CHECK_FALSE(apply_metadata(configured(), metadata).ok());
    CHECK(apply_metadata(allowing_http(configured()), metadata).ok());
    metadata.endpoints.token = "ftp://127.0.0.1/token";
    CHECK_FALSE(apply_metadata(allowing_http(configured()), metadata).ok());

    auto without_trust = configured();
    without_trust.trust = nullptr;
    metadata.endpoints.token = "http://127.0.0.1:9000/token";
    CHECK_FALSE(apply_metadata(without_trust, metadata).ok());
  }

  TEST_CASE("apply_metadata: algorithms are those both announced and enabled") {
    auto before = configured();
    auto metadata = minimal();
    CHECK(apply_metadata(before, metadata)->algorithms == std::vector{Algorithm::rs256});

    metadata.algorithms = {"RS256", "ES256", "PS512"};
    before.enabled_algorithms = {Algorithm::es256, Algorithm::eddsa};
    CHECK(apply_metadata(before, metadata)->algorithms == std::vector{Algorithm::es256});

    metadata.algorithms.reset();
    CHECK(apply_metadata(before, metadata)->algorithms ==
          std::vector{Algorithm::es256, Algorithm::eddsa});
    metadata.algorithms.emplace();
    CHECK(apply_metadata(before, metadata)->algorithms ==
          std::vector{Algorithm::es256, Algorithm::eddsa});
  }

  TEST_CASE("apply_metadata: MA-49: no common algorithm is an error, none and HS256 are nobody's") {
    auto before = configured();
    auto metadata = minimal();
    metadata.algorithms = {"none", "HS256", "RS257", ""};
    CHECK(status_of(apply_metadata(before, metadata)) == Status::provider_bad_answer);

    metadata.algorithms = {"RS256"};
    before.enabled_algorithms = {Algorithm::es256};
    const auto provider = apply_metadata(before, metadata);
    CHECK(status_of(provider) == Status::provider_bad_answer);
    CHECK(text_of(provider).find("oidc_enabled_signing_algs") != std::string::npos);
  }

  TEST_CASE(
      "apply_metadata: a provider that takes none of our client authentications is an error") {
    auto metadata = minimal();
    metadata.auth_methods = {"tls_client_auth"};
    CHECK(status_of(apply_metadata(configured(), metadata)) == Status::provider_bad_answer);
  }

  TEST_CASE("read_discovery_reply: MA-22: any root but an object is refused") {
    for (const auto& root : wrong_roots) {
      CAPTURE(root);
      CHECK(status_of(read_discovery_reply(json_reply(200, root))) == Status::provider_bad_answer);
    }
  }

  TEST_CASE("read_discovery_reply: a member of the wrong type is named, null is silence") {
    for (const auto* text : {R"({"issuer":7})", R"({"token_endpoint":["x"]})", R"({"jwks_uri":{}})",
                             R"({"id_token_signing_alg_values_supported":"RS256"})",
                             R"({"id_token_signing_alg_values_supported":["RS256",1]})",
                             R"({"token_endpoint_auth_methods_supported":{}})",

                             R"({"authorization_response_iss_parameter_supported":"true"})",
                             R"({"issuer":"a","issuer":"a"})"}) {
      CAPTURE(text);
      CHECK(status_of(read_discovery_reply(json_reply(200, text))) == Status::provider_bad_answer);
    }
    CHECK(text_of(read_discovery_reply(json_reply(200, R"({"jwks_uri":1})"))) ==
          "discovery: jwks_uri is no text");
    CHECK(read_discovery_reply(json_reply(200, R"({"jwks_uri":null})"))->endpoints.jwks.empty());
  }

  TEST_CASE("read_discovery_reply: EN-21: more than 512 KiB is refused") {
    const auto huge =
        R"({"issuer":"https://idp.example","pad":")" + std::string(512 * 1024, 'a') + "\"}";
    CHECK(status_of(read_discovery_reply(json_reply(200, huge))) == Status::provider_bad_answer);
  }

  TEST_CASE("read_discovery_reply: only 200 is a document") {
    for (const int status : {201, 204, 301, 302, 401, 404}) {
      CHECK(status_of(read_discovery_reply(json_reply(status, document))) ==
            Status::provider_refused);
    }
    CHECK(status_of(read_discovery_reply(json_reply(500, document))) ==
          Status::provider_unavailable);
    CHECK(text_of(read_discovery_reply(reply(503, "", {{"Retry-After", "9"}}))) ==
          "discovery: provider asks to come back in 9 s");
  }

  TEST_CASE("provider_without_discovery: configured endpoints, RS256 and Basic") {
    auto before = support::provider({.jwks_uri = "", .auth_method = ClientAuthMethod::by_metadata});
    before.algorithms.clear();
    const auto provider = provider_without_discovery(before);
    REQUIRE(provider.ok());
    CHECK(provider->algorithms == std::vector{Algorithm::rs256});
    CHECK(provider->client.method == ClientAuthMethod::client_secret_basic);
    CHECK(provider->endpoints == before.endpoints);

    before.enabled_algorithms = {Algorithm::eddsa};
    before.client.secret = Secret();
    CHECK(provider_without_discovery(before)->algorithms == std::vector{Algorithm::eddsa});
    CHECK(provider_without_discovery(before)->client.method == ClientAuthMethod::none);
  }

  TEST_CASE("provider_without_discovery: what is missing or unacceptable is named by its option") {
    const auto missing = provider_without_discovery(support::provider({.token_endpoint = ""}));
    CHECK(status_of(missing) == Status::invalid_configuration);
    CHECK(text_of(missing) == "redeem_url is missing; it is needed with skip_oidc_discovery");

    const auto plain = provider_without_discovery(
        support::provider({.authorization_endpoint = "http://idp.example/a"}));
    CHECK(status_of(plain) == Status::invalid_configuration);
    CHECK(text_of(plain).starts_with("login_url is not an acceptable https URL"));
  }

  TEST_CASE("jwks_request: oidcc-client-test-discovery-jwks-uri-keys: asks where metadata says") {
    const auto provider = support::provider({.jwks_uri = "https://idp.example/keys-7f3a"});
    const auto call = jwks_request(provider);
    CHECK(call.method == "GET");
    CHECK(call.url == "https://idp.example/keys-7f3a");
    CHECK(call.max_reply_size == 512 * 1024);
    CHECK(call.trust == provider.trust);
  }

  TEST_CASE("read_jwks_reply: a set with one usable key is a key set") {
    const auto& key = support::test_key(support::MintKey::Kind::p256);
    const auto keys = read_jwks_reply(json_reply(200, support::key_set_json(key)));
    REQUIRE(keys.ok());
    CHECK(keys->keys().size() == 1);
  }

  TEST_CASE(
      "read_jwks_reply: MA-22, K-03: no set, an empty one, or no usable key keeps the old keys") {
    for (const auto& root : wrong_roots) {
      CAPTURE(root);
      CHECK(status_of(read_jwks_reply(json_reply(200, root))) == Status::provider_bad_answer);
    }
    for (const auto* text :
         {"{}", R"({"keys":[]})", R"({"keys":{}})", R"({"keys":[{"kty":"oct","k":"AAAA"}]})"}) {
      CAPTURE(text);
      CHECK(status_of(read_jwks_reply(json_reply(200, text))) == Status::provider_bad_answer);
    }
    const auto& key = support::test_key(support::MintKey::Kind::p256);
    CHECK(status_of(read_jwks_reply(json_reply(404, support::key_set_json(key)))) ==
          Status::provider_refused);
    CHECK(status_of(read_jwks_reply(
              json_reply(200, support::key_set_json(key) + std::string(512 * 1024, ' ')))) ==
          Status::provider_bad_answer);
  }
}
