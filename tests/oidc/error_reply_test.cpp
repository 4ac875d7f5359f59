#include "oidc/error_reply.hpp"

#include <doctest/doctest.h>

#include "support/replies.hpp"

using namespace gatelet;
using namespace gatelet::oidc;
using support::json_reply;
using support::reply;

TEST_SUITE("oidc/error_reply") {
  TEST_CASE("is_error_code: every code of RFC 6749, OpenID Connect and GitHub") {
    for (const auto* code : {"invalid_grant", "login_required", "unsupported_token_type",
                             "bad_verification_code", "x", "AADSTS70008", "a.b-c"}) {
      CHECK(is_error_code(code));
    }
    CHECK(is_error_code(std::string(64, 'a')));
  }

  TEST_CASE("is_error_code: no markup, no space, no control byte, no novel") {
    for (const auto* code : {"", "can ary", "<b>", "a\n", "a\"b", "a\\b", "caf\xC3\xA9", "a/b"}) {
      CAPTURE(code);
      CHECK_FALSE(is_error_code(code));
    }
    CHECK_FALSE(is_error_code(std::string(65, 'a')));
    CHECK_FALSE(is_error_code(std::string_view("a\0", 2)));
  }

  TEST_CASE("error_code: of an error object, whatever its Content-Type") {
    CHECK(error_code(reply(400, R"({"error":"invalid_grant"})")) == "invalid_grant");
    CHECK(error_code(json_reply(200, R"({"error":"invalid_grant"})")) == "invalid_grant");
  }

  TEST_CASE("error_code: not of anything else") {
    for (const auto* body :
         {R"({"error":7})", R"({"error":"a b"})", R"({"error":null})", R"(["error"])", "", "error",
          R"({"error":"x","error":"x"})", R"({"error_description":"canary"})"}) {
      CAPTURE(body);
      CHECK(error_code(reply(400, body)) == std::nullopt);
    }
    CHECK(error_code(reply(400, R"({"error":"x","pad":")" + std::string(64 * 1024, 'a') + "\"}")) ==
          std::nullopt);
  }

  TEST_CASE("retry_after: whole seconds up to a day") {
    CHECK(retry_after(reply(503, "", {{"retry-after", "0"}})) == std::chrono::seconds(0));
    CHECK(retry_after(reply(503, "", {{"Retry-After", "86400"}})) == std::chrono::seconds(86400));
  }

  TEST_CASE("retry_after: no date, no sign, no fraction, no novel") {
    for (const auto* text : {"", "-1", "+1", "1.5", " 1", "1 ", "86401", "99999999999999999999",
                             "Fri, 31 Dec 1999 23:59:59 GMT"}) {
      CAPTURE(text);
      CHECK(retry_after(reply(503, "", {{"Retry-After", text}})) == std::nullopt);
    }
    CHECK(retry_after(reply(503, "")) == std::nullopt);
  }

  TEST_CASE("retry_text: says for how long, and nothing the provider wrote") {
    CHECK(retry_text(reply(503, "", {{"Retry-After", "120"}})) ==
          "provider asks to come back in 120 s");
    CHECK(retry_text(reply(503, "", {{"Retry-After", "<script>"}})) == "provider is unavailable");
  }

  TEST_CASE("refusal: 429 and 5xx are unavailable, whatever the body says") {
    const auto* grant_ended = R"({"error":"invalid_grant"})";
    for (const int status : {429, 500, 502, 503, 504, 599}) {
      CAPTURE(status);
      CHECK(refusal("token", json_reply(status, grant_ended)).status ==
            Status::provider_unavailable);
    }
    CHECK(refusal("token", reply(429, "", {{"Retry-After", "5"}})).text ==
          "token: provider asks to come back in 5 s");
    CHECK(refusal("token", reply(502, "canary")).text == "token: provider answered 502");
  }

  TEST_CASE("refusal: everything else names the code, never the description") {
    const auto error = refusal(
        "token", json_reply(400, R"({"error":"invalid_scope","error_description":"canary"})"));

    CHECK(error.status == Status::provider_refused);
    CHECK(error.text == "token: provider answered 400 invalid_scope");
    for (const int status : {0, 100, 204, 302, 404}) {
      CHECK(refusal("token", reply(status, "canary")).text ==
            "token: provider answered " + std::to_string(status));
    }
  }
}
