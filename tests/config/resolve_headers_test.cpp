#include "config/resolve_headers.hpp"

#include <string>

#include <doctest/doctest.h>

#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;

namespace {

constexpr auto request_key = "inject_request_headers";
constexpr auto response_key = "inject_response_headers";

std::string rules(std::string_view text, const Pairs& more = {}) {
  auto settings = complete(more);
  REQUIRE(settings.set(request_key, text).ok());
  const auto said = problems(settings);
  std::string out;
  for (const auto& one : said) out += one + "\n";
  return said.empty() ? members(settings).at("headers.request") : out;
}

std::string one(std::string_view fields) { return "[{" + std::string(fields) + "}]"; }

std::string valued(std::string_view value) {
  return R"([{"name":"X-A","values":[)" + std::string(value) + "]}]";
}

}  // namespace

TEST_SUITE("config/resolve_headers") {
  TEST_CASE("F-044: inject_request_headers: claims, prefixes, passwords and texts as rules") {
    CHECK(rules(valued(R"({"claimSource":{"claim":"user"}})")) == "X-A=user,|");
    CHECK(rules(valued(R"({"claimSource":{"claim":"department","prefix":"dept:"}},)"
                       R"({"secretSource":{"value":"s"}})")) == "X-A=dept:department,'s',|");
    CHECK(rules(valued(R"({"claimSource":{"claim":"user","prefix":"Basic ",)"
                       R"("basicAuthPassword":{"value":[112,119]}}})")) == "X-A=user:pw,|");
    CHECK(rules(one(R"("name":"X_A","preserveRequestValue":true,)"
                    R"("InsecureSkipHeaderNormalization":true)")) == "X_A (exact) (kept)=|");
    CHECK(rules(R"({"name":"X-One"})") == "X-One=|");
  }

  TEST_CASE("F-044: structured rules take the place of every switch") {
    CHECK(rules("[]") == "");
    auto settings = complete({{response_key, R"([{"name":"X-A"}])"}});
    CHECK(members(settings).at("headers.request") == "");
    CHECK(members(settings).at("headers.response") == "X-A=|");
    CHECK(members(complete()).at("headers.request") != "");
    CHECK(members(complete({{request_key, ""}})).at("headers.request") != "");
  }

  TEST_CASE("a switch beside structured rules is a conflict, on as well as off") {
    for (const auto* key : {"pass_user_headers", "pass_access_token", "pass_authorization_header",
                            "set_authorization_header", "set_xauthrequest", "pass_basic_auth",
                            "prefer_email_to_user"}) {
      for (const auto* value : {"true", "false"}) {
        CAPTURE(key);
        const auto said = rules("[]", {{key, value}});
        CHECK(said.starts_with(std::string(key) + ": does not go with inject_request_headers"));
      }
    }
    const auto said = rules("[]", {{"set_basic_auth", "true"}, {"basic_auth_password", "canary"}});
    CHECK(said.find("set_basic_auth: does not go") != std::string::npos);
    CHECK(said.find("basic_auth_password: does not go") != std::string::npos);
    CHECK(said.find("canary") == std::string::npos);
  }

  TEST_CASE("what is no list of objects is refused unseen") {
    for (const auto* text : {"canary", "\"canary\"", "[\"canary\"]", "{\"canary\"", "[[]]", "1",
                             "null", "[{},\"canary\"]"}) {
      CAPTURE(text);
      const auto said = rules(text);
      CHECK(said ==
            "inject_request_headers: is no list of objects; write a JSON array, [{\"name\": "
            "\"...\"}]\n");
    }
  }

  TEST_CASE("headers.json: the six refusals of the reference are refusals here") {
    CHECK(rules(valued(R"({"secretSource":{"value":"x","fromEnv":"canary"}})")) ==
          "inject_request_headers: \"X-A\".values[0].secretSource.value: expected one of value, "
          "fromEnv and fromFile, got several\n");
    CHECK(rules(valued(R"({"secretSource":{}})")).find("got none") != std::string::npos);
    CHECK(rules(valued(R"({"claimSource":{"claim":"user"},"secretSource":{"value":"x"}})")) ==
          "inject_request_headers: \"X-A\".values[0].claimSource: expected one of claimSource and "
          "secretSource, got both\n");
    CHECK(rules(valued("{}")).find("got none") != std::string::npos);
    CHECK(problem(complete({{"set_basic_auth", "true"}})).find("missing") != std::string::npos);
    // The sixth, a file that is missing: tests/engine/assemble_test.cpp
  }

  TEST_CASE("LO-08: unknown fields name the nearest one; a claim is needed") {
    const auto said = rules(one(R"("nam":"X-A","values":[{"claimSource":{"clam":"canary"}},)"
                                R"({"claim":"x"}],"valus":1)"));
    CHECK(said.find("[0].\"nam\": there is no field of this name; did you mean name?") !=
          std::string::npos);
    CHECK(said.find("[0].values[0].claimSource.\"clam\": ") != std::string::npos);
    CHECK(said.find("[0].values[0].claimSource.claim: missing") != std::string::npos);
    CHECK(said.find("[0].values[1].\"claim\": ") != std::string::npos);
    CHECK(said.find("[0].\"valus\": there is no field of this name; did you mean values?") !=
          std::string::npos);
    CHECK(said.find("[0].name: missing") != std::string::npos);
    CHECK(said.find("canary") == std::string::npos);
  }

  TEST_CASE("names: a name twice is refused, in every spelling that means the same field") {
    const auto two = [](std::string_view a, std::string_view b) {
      return rules(R"([{"name":")" + std::string(a) + R"("},{"name":")" + std::string(b) +
                   R"("}])");
    };
    CHECK(two("X-A", "X-B") == "X-A=|X-B=|");
    for (const auto* other : {"X-A", "x-a", "X_A", "X.a"}) {
      CHECK(two("X-A", other).find("stands twice") != std::string::npos);
    }
    CHECK(rules(R"([{"name":"X-A"},{"name":"X_A","InsecureSkipHeaderNormalization":true}])") ==
          "X-A=|X_A (exact)=|");
    CHECK(rules(R"([{"name":"X-A"},{"name":"x-a","InsecureSkipHeaderNormalization":true}])")
              .find("stands twice") != std::string::npos);
  }

  TEST_CASE("names: fields of HTTP itself, of cookies and of the library cannot be set") {
    for (const auto* name : {"Host", "host", "Content-Length", "Transfer-Encoding", "Connection",
                             "Keep-Alive", "TE", "Trailer", "Proxy-Connection", "Upgrade", "Expect",
                             "Cookie", "GAP-Auth", "GAP-Signature", "Content_Length"}) {
      CAPTURE(name);
      CHECK(rules(R"([{"name":")" + std::string(name) + R"("}])")
                .find("belongs to HTTP or to the library") != std::string::npos);
    }
    for (const auto* name : {"", "X A", "X:A", "X\\nA", "\xc3\xa9"}) {
      CAPTURE(name);
      CHECK(rules(R"([{"name":")" + std::string(name) + R"("}])").find(".name: ") !=
            std::string::npos);
    }
    CHECK(rules(R"([{"name":"Authorization"}])") == "Authorization=|");
  }

  TEST_CASE("Set-Cookie: on answers only, and of a text of the settings only") {
    const auto answer = [](std::string_view value) {
      return problem(complete(
          {{response_key, R"([{"name":"Set-Cookie","values":[)" + std::string(value) + "]}]"}}));
    };
    CHECK(answer(R"({"secretSource":{"value":"c=3"}})") == "0 problems");
    CHECK(answer(R"({"claimSource":{"claim":"user"}})").find("could set the cookie's attributes") !=
          std::string::npos);
    CHECK(rules(R"([{"name":"set_cookie"}])").find("stands on answers only") != std::string::npos);
  }

  TEST_CASE("texts and prefixes that no header can carry are refused unseen") {
    for (const auto* value : {R"({"secretSource":{"value":"canary\r\nX-Evil: 1"}})",
                              R"({"secretSource":{"value":[99,0]}})",
                              R"({"claimSource":{"claim":"user","prefix":"canary\n"}})"}) {
      const auto said = rules(valued(value));
      CHECK(said.find("has a control character") != std::string::npos);
      CHECK(said.find("canary") == std::string::npos);
    }
  }

  TEST_CASE("variables and files: the former are looked up, the latter noted with their place") {
    const auto text = R"([{"name":"X-A","values":[{"claimSource":{"claim":"user"}},)"
                      R"({"secretSource":{"fromFile":"key"}}]},)"
                      R"({"name":"X-B","values":[{"secretSource":{"fromEnv":"KEY"}}]}])";
    auto settings = complete({{request_key, text}});
    CHECK(problem(settings).find("load_env") != std::string::npos);
    const char* const variables[] = {"KEY=found", nullptr};
    REQUIRE(settings.load_env(variables).ok());
    CHECK(problem(settings) == "0 problems");
    CHECK(members(settings).at("headers.request") == "X-A=user,'',|X-B='found',|");
    const auto files = config::resolve(settings).header_files;
    REQUIRE(files.size() == 1);
    CHECK(files[0].path == "key");
    CHECK(files[0].rule == 0);
    CHECK(files[0].value == 1);
    CHECK_FALSE(files[0].is_password);
  }

  TEST_CASE("field_complaint: control characters only") {
    CHECK(config::field_complaint("Bearer x") == "");
    CHECK(config::field_complaint("") == "");
    CHECK(config::field_complaint("a\tb") != "");
  }
}
