#include "oidc/refresh.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "support/providers.hpp"
#include "support/replies.hpp"

using namespace gatelet;
using namespace gatelet::oidc;
using namespace gatelet::oidc_tests;
using support::json_reply;
using support::reply;

TEST_SUITE("oidc/refresh") {
  TEST_CASE(
      "refresh_request: oidcc-client-test-refresh-token: a form POST that is sent once, "
      "without scope") {
    const auto provider = support::provider();
    const auto call = refresh_request(provider, Secret("r+1"));

    CHECK(call.method == "POST");
    CHECK(call.url == "https://idp.example/token");
    CHECK(call.body == "grant_type=refresh_token&refresh_token=r%2B1");
    CHECK(call.header("Authorization") == "Basic Yzpz");
    CHECK(call.header("Accept") == "application/json");
    CHECK(call.is_grant);
    CHECK(call.trust == provider.trust);
  }

  TEST_CASE("refresh_request: another client authentication is the only one, too") {
    const auto call = refresh_request(
        support::provider({.auth_method = ClientAuthMethod::client_secret_post}), Secret("r1"));
    CHECK(call.body == "grant_type=refresh_token&refresh_token=r1&client_id=c&client_secret=s");
    CHECK(call.header("Authorization").empty());
  }

  TEST_CASE("read_refresh_reply: a rotated token, or none; an ID token, or none") {
    const auto full = read_refresh_reply(json_reply(
        200, R"({"access_token":"a2","refresh_token":"r2","id_token":"i2","expires_in":60})"));
    REQUIRE(full.ok());
    CHECK(full->access_token.reveal() == "a2");
    CHECK(full->refresh_token.reveal() == "r2");
    CHECK(full->id_token.reveal() == "i2");
    CHECK(full->expires_in == std::chrono::seconds(60));

    const auto bare =
        read_refresh_reply(json_reply(200, R"({"access_token":"a2","refresh_token":""})"));
    REQUIRE(bare.ok());
    CHECK(bare->refresh_token.empty());
    CHECK(bare->id_token.empty());
  }

  TEST_CASE("read_refresh_reply: OP-17: invalid_grant and invalid_client end the grant, by value") {
    for (const auto* code : {"invalid_grant", "invalid_client"}) {
      const auto body = R"({"error":")" + std::string(code) + R"(","error_description":"canary"})";
      for (const int status : {200, 400, 401, 403}) {
        const auto read = read_refresh_reply(json_reply(status, body));
        CHECK(status_of(read) == Status::grant_ended);
        CHECK(text_of(read) == "refresh: provider answered " + std::to_string(status) + " " + code);
      }
    }
  }

  TEST_CASE(
      "read_refresh_reply: OP-17: no other code, and no text that looks alike, ends the "
      "grant") {
    for (const auto* body :
         {R"({"error":"invalid_request"})", R"({"error":"temporarily_unavailable"})",
          R"({"error":"Invalid_Grant"})", R"({"error":" invalid_grant"})",
          R"({"error":"x","error_description":"invalid_grant"})", R"({"error":["invalid_grant"]})",
          R"({"error":{"code":"invalid_grant"}})", "invalid_grant", R"(["invalid_grant"])", ""}) {
      CAPTURE(body);
      CHECK(status_of(read_refresh_reply(json_reply(400, body))) == Status::provider_refused);
    }
  }

  TEST_CASE(
      "read_refresh_reply: OP-17: 429 and 5xx keep the session even when they say "
      "invalid_grant") {
    for (const int status : {429, 500, 502, 503, 504}) {
      CAPTURE(status);
      const auto read = read_refresh_reply(json_reply(status, R"({"error":"invalid_grant"})"));
      CHECK(status_of(read) == Status::provider_unavailable);
      CHECK(status_class(read.error().status) == StatusClass::unavailable);
    }
    CHECK(text_of(read_refresh_reply(reply(503, "", {{"Retry-After", "30"}}))) ==
          "refresh: provider asks to come back in 30 s");
  }

  TEST_CASE("validate_request: the new access token goes to validate_url, in a header") {
    auto provider = support::provider();
    provider.validate_url = "https://idp.example/validate?x=1";
    const auto call = validate_request(provider, Secret("at"));
    CHECK(call.url == provider.validate_url);
    CHECK(call.method == "GET");
    CHECK(call.body.empty());
    CHECK(call.header("Authorization") == "Bearer at");
    CHECK(call.trust == provider.trust);
    CHECK_FALSE(call.is_grant);
  }

  TEST_CASE("refuses_token: by any status but 200; trouble of the provider's is no answer") {
    for (const int status : {100, 201, 204, 301, 302, 400, 401, 403, 404}) {
      CHECK(refuses_token(reply(status, "")));
    }
    for (const int status : {200, 429, 500, 502, 503, 504})
      CHECK_FALSE(refuses_token(reply(status, "")));
  }

  TEST_CASE("read_refresh_reply: garbage and a redirect are nobody's logout") {
    for (const auto& root : wrong_roots) {
      CAPTURE(root);
      CHECK(status_of(read_refresh_reply(json_reply(200, root))) == Status::provider_bad_answer);
    }
    CHECK(status_of(read_refresh_reply(json_reply(200, R"({"id_token":"i2"})"))) ==
          Status::provider_bad_answer);
    CHECK(status_of(read_refresh_reply(reply(
              302, "", {{"Location", "https://idp.example/login"}}))) == Status::provider_refused);
  }
}
