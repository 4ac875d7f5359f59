#include "oidc/token.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "support/providers.hpp"
#include "support/replies.hpp"

using namespace gatelet;
using namespace gatelet::oidc;
using namespace gatelet::oidc_tests;
using support::json_reply;
using support::reply;

namespace {

constexpr std::string_view redirect_uri = "https://app.example/oauth2/callback";

CheckedCallback checked(std::string code = "code1") {
  const http::Params params = {{"code", std::move(code)}, {"state", state_of(attempt())}};
  return check_callback(support::provider(), params, attempt(), false).value();
}

// A success with `more` members.
HttpReply tokens(std::string_view more) {
  return json_reply(200, R"({"access_token":"a1","id_token":"i1")" + std::string(more) + "}");
}

std::optional<std::chrono::seconds> expires_in(std::string_view json) {
  const auto read = read_token_reply(tokens(R"(,"expires_in":)" + std::string(json)));
  REQUIRE_MESSAGE(read.ok(), json);
  return read->expires_in;
}

}  // namespace

TEST_SUITE("oidc/token") {
  TEST_CASE("token_request: a form POST that is sent once, authenticated as the client") {
    const auto provider = support::provider();
    const auto call = token_request(provider, checked(), Secret("v1"), redirect_uri);

    CHECK(call.method == "POST");
    CHECK(call.url == "https://idp.example/token");
    CHECK(call.body ==
          "grant_type=authorization_code&code=code1&redirect_uri=https%3A%2F%2Fapp.example%2Foauth2"
          "%2Fcallback&code_verifier=v1");
    CHECK(call.header("Authorization") == "Basic Yzpz");
    CHECK(call.header("Accept") == "application/json");
    CHECK(call.header("Content-Type") == "application/x-www-form-urlencoded");
    CHECK(call.is_grant);
    CHECK(call.trust == provider.trust);
  }

  TEST_CASE("token_request: client_secret_post and none stand in the body") {
    auto provider = support::provider({.auth_method = ClientAuthMethod::client_secret_post});
    auto call = token_request(provider, checked(), Secret(), "u");
    CHECK(call.body ==
          "grant_type=authorization_code&code=code1&redirect_uri=u&client_id=c&"
          "client_secret=s");
    CHECK(call.header("Authorization").empty());

    provider.client.method = ClientAuthMethod::none;
    call = token_request(provider, checked(), Secret(), "u");
    CHECK(call.body == "grant_type=authorization_code&code=code1&redirect_uri=u&client_id=c");
  }

  TEST_CASE("token_request: a code with reserved bytes arrives whole, resources follow") {
    auto provider = support::provider();
    provider.resource = {"https://api.example"};
    const auto call = token_request(provider, checked("a+b/c=&client_id=x"), Secret(), "u");
    CHECK(call.body ==
          "grant_type=authorization_code&code=a%2Bb%2Fc%3D%26client_id%3Dx&"
          "redirect_uri=u&resource=https%3A%2F%2Fapi.example");
  }

  TEST_CASE("read_token_reply: a full answer, of any 2xx and any Content-Type") {
    const auto* body = R"({"access_token":"a1","token_type":"Bearer","expires_in":3600,
      "refresh_token":"r1","id_token":"i1","scope":"openid","extra":[]})";
    for (const auto& answer : {json_reply(200, body), reply(201, body),
                               reply(200, body, {{"Content-Type", "text/html"}})}) {
      const auto read = read_token_reply(answer);
      REQUIRE(read.ok());
      CHECK(read->access_token.reveal() == "a1");
      CHECK(read->id_token.reveal() == "i1");
      CHECK(read->refresh_token.reveal() == "r1");
      CHECK(read->expires_in == std::chrono::seconds(3600));
    }
  }

  TEST_CASE(
      "read_token_reply: fapi2 token-endpoint-response-without-expires_in: no life is "
      "claimed") {
    const auto read = read_token_reply(tokens(""));
    REQUIRE(read.ok());
    CHECK(read->expires_in == std::nullopt);
    CHECK(read->refresh_token.empty());
  }

  TEST_CASE(
      "PX-25: read_token_reply: fapi2 token-type-case-insensitivity: bEARER is Bearer, nothing "
      "else "
      "is") {
    CHECK(read_token_reply(tokens(R"(,"token_type":"bEARER")")).ok());
    for (const auto* type :
         {R"("DPoP")", R"("")", R"("Bearer ")", "7", R"("mac")", "[\"Bearer\"]"}) {
      CAPTURE(type);
      CHECK(status_of(read_token_reply(tokens(R"(,"token_type":)" + std::string(type)))) ==
            Status::provider_bad_answer);
    }
  }

  TEST_CASE("read_token_reply: MA-21: expires_in is a number or a numeric string, and bounded") {
    constexpr std::chrono::seconds ten_years(10LL * 366 * 24 * 60 * 60);
    CHECK(expires_in("3600") == std::chrono::seconds(3600));
    CHECK(expires_in("\"3600\"") == std::chrono::seconds(3600));
    CHECK(expires_in("3600.9") == std::chrono::seconds(3600));
    CHECK(expires_in("0") == std::chrono::seconds(0));
    CHECK(expires_in("null") == std::nullopt);
    CHECK(expires_in("2147483648") == ten_years);
    CHECK(expires_in("\"9223372036854775807\"") == ten_years);
    for (const auto* json :
         {"-1", "\"-1\"", "1e300", "9223372036854775808", "\"9223372036854775808\"", "true", "{}",
          "\"\"", "\"1.5\"", "\" 1\"", "\"1h\""}) {
      CAPTURE(json);
      CHECK(status_of(read_token_reply(tokens(R"(,"expires_in":)" + std::string(json)))) ==
            Status::provider_bad_answer);
    }
  }

  TEST_CASE("read_token_reply: an error member fails even with 200, whatever stands beside it") {
    const auto read = read_token_reply(tokens(R"(,"error":"bad_verification_code")"));
    CHECK(status_of(read) == Status::provider_refused);
    CHECK(text_of(read) == "token: provider answered 200 bad_verification_code");
    for (const auto* error : {"\"a canary\"", "7", "\"\"", "{}", "false"}) {
      const auto odd = read_token_reply(tokens(R"(,"error":)" + std::string(error)));
      CHECK(status_of(odd) == Status::provider_refused);
      CHECK(text_of(odd) == "token: provider answered 200");
    }
    CHECK(read_token_reply(tokens(R"(,"error":null)")).ok());
  }

  TEST_CASE("read_token_reply: a status that is no 2xx is never parsed as success") {
    for (const int status : {0, 100, 199, 301, 302, 400, 401, 404}) {
      CAPTURE(status);
      auto answer = tokens("");
      answer.status = status;
      CHECK(status_of(read_token_reply(answer)) == Status::provider_refused);
    }
    for (const int status : {429, 500, 503}) {
      auto answer = tokens("");
      answer.status = status;
      CHECK(status_of(read_token_reply(answer)) == Status::provider_unavailable);
    }
  }

  TEST_CASE("read_token_reply: 400 names the code, never the description") {
    const auto read = read_token_reply(
        json_reply(400, R"({"error":"invalid_grant","error_description":"canary"})"));
    CHECK(status_of(read) == Status::provider_refused);
    CHECK(text_of(read) == "token: provider answered 400 invalid_grant");
  }

  TEST_CASE("read_token_reply: access_token and id_token are required, as non-empty texts") {
    for (const auto* body :
         {R"({"id_token":"i1"})", R"({"access_token":"a1"})",
          R"({"access_token":"","id_token":"i"})", R"({"access_token":"a1","id_token":""})",
          R"({"access_token":null,"id_token":"i"})", R"({"access_token":7,"id_token":"i"})",
          R"({"access_token":"a1","id_token":["i"]})",
          R"({"access_token":"a1","id_token":"i","refresh_token":1})", "{}"}) {
      CAPTURE(body);
      CHECK(status_of(read_token_reply(json_reply(200, body))) == Status::provider_bad_answer);
    }
  }

  TEST_CASE("read_token_reply: a token that could break a header is refused and not quoted") {
    for (const auto* name : {"access_token", "id_token", "refresh_token"}) {
      for (const auto* bad : {"can\\r\\nary", "can\\u0000ary", "can\\u007fary", "can\xC3\xA9ry"}) {
        CAPTURE(name);
        auto body = std::string(R"({"access_token":"a1","id_token":"i1","refresh_token":"r1"})");
        const auto at = body.find(name) + std::string_view(name).size() + 3;
        body.replace(at, 2, bad);
        const auto read = read_token_reply(json_reply(200, body));
        CHECK(status_of(read) == Status::provider_bad_answer);
        CHECK(text_of(read).find("can") == std::string::npos);
      }
    }
  }

  TEST_CASE(
      "read_token_reply: MA-22, EN-21: other roots, duplicates and more than 1 MiB are "
      "refused") {
    for (const auto& root : wrong_roots) {
      CAPTURE(root);
      CHECK(status_of(read_token_reply(json_reply(200, root))) == Status::provider_bad_answer);
    }
    CHECK_FALSE(read_token_reply(tokens(R"(,"access_token":"a2")")).ok());
    CHECK_FALSE(
        read_token_reply(tokens(R"(,"pad":")" + std::string(1024 * 1024, 'a') + "\"")).ok());
    CHECK_FALSE(read_token_reply(reply(200, "access_token=a1&id_token=i1")).ok());
  }
}
