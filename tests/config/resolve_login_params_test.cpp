#include "config/resolve_login_params.hpp"

#include <string>

#include <doctest/doctest.h>

#include "configured.hpp"
#include "oidc/authorize.hpp"

using namespace gatelet;
using namespace gatelet::test;

namespace {

constexpr auto key = "login_url_parameters";

// The defaults and the rules, or the problems.
std::string params(std::string_view text, const Pairs& more = {}) {
  auto settings = complete(more);
  REQUIRE(settings.set(key, text).ok());
  std::string out;
  for (const auto& one : problems(settings)) out += one + "\n";
  if (!out.empty()) return out;
  const auto all = members(settings);
  return all.at("default.login_params") + " " + all.at("login_params");
}

}  // namespace

TEST_SUITE("config/resolve_login_params") {
  TEST_CASE("F-057: login_url_parameters: defaults are sent, rules let the start say otherwise") {
    CHECK(params(R"([{"name":"organization","default":["a","b"]}])") ==
          "organization=a|organization=b| ");
    CHECK(params(R"([{"name":"prompt","allow":[{"value":"login"},{"value":""}]}])") ==
          " default:prompt=login,,|");
    CHECK(params(R"([{"name":"prompt","default":["login"],"allow":[{"value":"none"}]},)"
                 R"({"name":"max_age","default":[3600]}])") ==
          "prompt=login|max_age=3600| default:prompt=none,|");
    CHECK(params(R"([{"name":"unused"}])") == " ");
  }

#ifdef GATELET_HAVE_RE2
  TEST_CASE("F-057: login_url_parameters: patterns, and what is none") {
    CHECK(params(R"([{"name":"login_hint","allow":[{"pattern":"^[^@]*@example\\.com$"}]}])") ==
          " default:login_hint~|");
    const auto said = params(R"([{"name":"login_hint","allow":[{"pattern":"("}]}])");
    CHECK(said.find("login_url_parameters: \"login_hint\".allow[0].pattern: \"(\" is no pattern") !=
          std::string::npos);
  }
#endif

  TEST_CASE("an empty list says that there are no parameters") {
    CHECK(members(complete_compat()).at("default.login_params") == "approval_prompt=force|");
    CHECK(members(complete_compat({{key, "[]"}})).at("default.login_params") == "");
    CHECK(members(complete_compat({{key, ""}})).at("default.login_params") ==
          "approval_prompt=force|");
  }

  TEST_CASE("MA-27: login_url_parameters: what only the library sets cannot be listed") {
    for (const auto* name : {"client_id", "redirect_uri", "response_type", "response_mode", "scope",
                             "state", "nonce", "resource", "request", "request_uri",
                             "code_challenge", "code_challenge_method", "registration"}) {
      CAPTURE(name);
      CHECK(oidc::is_reserved_parameter(name));
      CHECK(params(R"([{"name":")" + std::string(name) + R"(","allow":[{"value":"x"}]}])")
                .find("only the library sets this parameter") != std::string::npos);
    }
  }

  TEST_CASE("login_url_parameters: everything that is wrong, by its place") {
    CHECK(params(R"([{"name":"prompt","allow":[{},{"value":"a","pattern":"b"}]}])") ==
          "login_url_parameters: \"prompt\".allow[0].value: expected one of value and pattern, got "
          "none\n"
          "login_url_parameters: \"prompt\".allow[1].value: expected one of value and pattern, got "
          "both\n");
    CHECK(params(R"([{"default":["x"]}])") ==
          "login_url_parameters: [0].name: missing; write the parameter's name, such as prompt\n");
    CHECK(params(R"([{"name":"a"},{"name":"a"}])") ==
          "login_url_parameters: \"a\".name: stands twice; write one entry\n");
    CHECK(params(R"([{"name":"a","defualt":[]}])").find("did you mean default?") !=
          std::string::npos);
    CHECK(params(R"([{"name":"a","default":"x"}])").find("expected a list") != std::string::npos);
    CHECK(params("x").find("is no list of objects") != std::string::npos);
  }

  TEST_CASE("login_url_parameters: the options for single parameters do not go besides") {
    for (const auto* flat : {"prompt", "approval_prompt", "acr_values"}) {
      CHECK(params("[]", {{flat, "x"}}) ==
            std::string(flat) +
                ": does not go with login_url_parameters, which lists every parameter; leave it "
                "out, and write it there\n");
    }
  }

  TEST_CASE("login_url_parameters: of each provider by itself") {
    auto settings = complete(
        {{"providers.corp.oidc_issuer_url", "https://corp.example"},
         {"providers.corp.client_id", "app"},
         {"providers.corp.client_secret", "s"},
         {"providers.corp.login_url_parameters", R"([{"name":"hd","allow":[{"value":"x"}]}])"}});
    CHECK(problem(settings) == "0 problems");
    CHECK(members(settings).at("login_params") == "corp:hd=x,|");
  }
}
