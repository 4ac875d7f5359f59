#include "oidc/userinfo.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "support/providers.hpp"
#include "support/replies.hpp"

using namespace gatelet;
using namespace gatelet::oidc;
using namespace gatelet::oidc_tests;
using support::json_reply;
using support::reply;

TEST_SUITE("oidc/userinfo") {
  TEST_CASE(
      "userinfo_request: oidcc-client-test-userinfo-bearer-header: the token stands in "
      "Authorization and nowhere else") {
    const auto provider = support::provider();
    const auto call = userinfo_request(provider, Secret("a1"));

    CHECK(call.method == "GET");
    CHECK(call.url == "https://idp.example/userinfo");
    CHECK(call.header("Authorization") == "Bearer a1");
    CHECK(call.header("Accept") == "application/json");
    CHECK(call.body.empty());
    CHECK(call.max_reply_size == 1024 * 1024);
    CHECK_FALSE(call.is_grant);
    CHECK(call.trust == provider.trust);
  }

  TEST_CASE(
      "read_userinfo_reply: oidcc-client-test-scope-userinfo-claims: claims about the same "
      "subject") {
    const auto claims = read_userinfo_reply(
        reply(200, R"({"sub":"alice","email":"alice@example.com"})", {{"Content-Type", "text/x"}}),
        "alice");
    REQUIRE(claims.ok());
    CHECK(*claims->find_string("email") == "alice@example.com");
  }

  TEST_CASE(
      "read_userinfo_reply: I-10, MA-40, oidcc-client-test-userinfo-invalid-sub: another sub, "
      "or none, is refused") {
    for (const auto* body :
         {R"({"sub":"alicex"})", R"({"sub":"Alice"})", R"({"sub":"alice "})", R"({"sub":""})",
          R"({"email":"a@b"})", R"({"sub":7})", R"({"sub":["alice"]})", R"({"sub":null})"}) {
      CAPTURE(body);
      const auto claims = read_userinfo_reply(json_reply(200, body), "alice");
      CHECK(status_of(claims) == Status::token_rejected);
      CHECK(text_of(claims) == "userinfo: sub is not the ID token's");
    }
    CHECK(status_of(read_userinfo_reply(json_reply(200, R"({"sub":""})"), "")) ==
          Status::token_rejected);
  }

  TEST_CASE("read_userinfo_reply: I-10, MA-22: other roots, HTML and duplicates are refused") {
    for (const auto& root : wrong_roots) {
      CAPTURE(root);
      CHECK(status_of(read_userinfo_reply(json_reply(200, root), "alice")) ==
            Status::provider_bad_answer);
    }
    CHECK(status_of(read_userinfo_reply(json_reply(200, R"({"sub":"bob","sub":"alice"})"),
                                        "alice")) == Status::provider_bad_answer);
  }

  TEST_CASE(
      "read_userinfo_reply: oidcc-client-test-userinfo-signed: a signed answer is refused and "
      "says why") {
    for (const auto* type : {"application/jwt", "Application/JWT; charset=utf-8"}) {
      // Even one whose body would be fine as JSON.
      const auto claims =
          read_userinfo_reply(reply(200, R"({"sub":"alice"})", {{"Content-Type", type}}), "alice");
      CHECK(status_of(claims) == Status::provider_bad_answer);
      CHECK(text_of(claims).find("application/jwt") != std::string::npos);
    }
  }

  TEST_CASE("read_userinfo_reply: I-10: only 200 is an answer") {
    for (const int status : {201, 204, 302, 401, 403}) {
      CAPTURE(status);
      CHECK(status_of(read_userinfo_reply(json_reply(status, R"({"sub":"alice"})"), "alice")) ==
            Status::provider_refused);
    }
    CHECK(status_of(read_userinfo_reply(json_reply(502, ""), "alice")) ==
          Status::provider_unavailable);
  }
}
