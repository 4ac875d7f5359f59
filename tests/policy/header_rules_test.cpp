#include "policy/header_rules.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using policy::header_rules;
using policy::HeaderRule;
using policy::HeaderSwitches;

namespace {

// "NAME=claim NAME=claim,Bearer claim": every rule by its name and values.
std::string text_of(const std::vector<HeaderRule>& rules) {
  std::string out;
  for (const auto& rule : rules) {
    out += (out.empty() ? "" : " ") + rule.name + "=";
    for (std::size_t i = 0; i < rule.values.size(); ++i) {
      const auto& value = rule.values[i];
      out += (i == 0 ? "" : ",") + value.prefix + value.claim;
      if (value.password) out += ":" + std::string(value.password->reveal());
    }
  }
  return out;
}

const std::string person =
    "X-Forwarded-User=user X-Forwarded-Groups=groups X-Forwarded-Email=email "
    "X-Forwarded-Preferred-Username=preferred_username";

}  // namespace

TEST_SUITE("policy/header_rules") {
  TEST_CASE("header_rules: by default the person's headers, and nothing on the answer") {
    CHECK(text_of(header_rules({}).request) == person);
    CHECK(header_rules({}).response.empty());
    CHECK(header_rules({.pass_user_headers = false}).request.empty());
  }

  TEST_CASE("header_rules: each switch adds what it says") {
    CHECK(text_of(header_rules({.pass_access_token = true}).request) ==
          person + " X-Forwarded-Access-Token=access_token");
    CHECK(text_of(header_rules({.pass_authorization_header = true}).request) ==
          person + " Authorization=Bearer id_token");
    CHECK(text_of(header_rules({.set_authorization_header = true}).response) ==
          "Authorization=Bearer id_token");
    const std::string told =
        "X-Auth-Request-User=user X-Auth-Request-Email=email "
        "X-Auth-Request-Preferred-Username=preferred_username X-Auth-Request-Groups=groups";
    CHECK(text_of(header_rules({.set_xauthrequest = true}).response) == told);
    CHECK(text_of(header_rules({.pass_access_token = true, .set_xauthrequest = true}).response) ==
          told + " X-Auth-Request-Access-Token=access_token");
    CHECK(text_of(header_rules({.prefer_email_to_user = true}).request) ==
          "X-Forwarded-User=email X-Forwarded-Groups=groups "
          "X-Forwarded-Preferred-Username=preferred_username");
  }

  TEST_CASE("F-287: header_rules: the names of others, exactly") {
    using policy::HeaderPreset;
    const auto with = [](HeaderPreset preset) {
      HeaderSwitches on;
      on.preset = preset;
      on.set_xauthrequest = true;
      on.additional_claims = {"department", "no token", "name"};
      return header_rules(on);
    };
    const auto both = [&](HeaderPreset preset) {
      const auto rules = with(preset);
      CHECK(text_of(rules.request) == text_of(rules.response));
      return text_of(rules.request);
    };
    CHECK(both(HeaderPreset::authelia) ==
          "Remote-User=user Remote-Groups=groups Remote-Name=name Remote-Email=email");
    CHECK(both(HeaderPreset::authentik) ==
          "X-authentik-username=preferred_username X-authentik-groups=groups "
          "X-authentik-email=email X-authentik-name=name X-authentik-uid=user");
    CHECK(with(HeaderPreset::authentik).request[1].separator == '|');
    CHECK(both(HeaderPreset::mod_auth_openidc) ==
          "OIDC_CLAIM_sub=user OIDC_CLAIM_email=email "
          "OIDC_CLAIM_preferred_username=preferred_username OIDC_CLAIM_groups=groups "
          "OIDC_CLAIM_department=department OIDC_CLAIM_name=name");
  }

  TEST_CASE("F-041: header_rules: HTTP Basic with the user, or the address") {
    HeaderSwitches on{.pass_user_headers = false, .pass_basic_auth = true, .set_basic_auth = true};
    on.basic_auth_password = Secret("pw");
    CHECK(text_of(header_rules(on).request) == "Authorization=user:pw");
    CHECK(text_of(header_rules(on).response) == "Authorization=user:pw");
    on.prefer_email_to_user = true;
    CHECK(text_of(header_rules(on).request) == "Authorization=email:pw");
  }

  TEST_CASE("header_rules: two values for one name are one rule") {
    HeaderSwitches on{.pass_user_headers = false, .pass_authorization_header = true};
    on.pass_basic_auth = true;
    on.basic_auth_password = Secret("pw");
    CHECK(text_of(header_rules(on).request) == "Authorization=user:pw,Bearer id_token");
  }

  TEST_CASE("hands_out_tokens: on either side") {
    CHECK_FALSE(hands_out_tokens(header_rules({.set_xauthrequest = true})));
    CHECK(hands_out_tokens(header_rules({.pass_access_token = true})));
    CHECK(hands_out_tokens(header_rules({.set_authorization_header = true})));
    policy::HeaderRules text;
    text.request = {{"X", {{"id_token", {}, {}, Secret("text wins")}}}};
    CHECK_FALSE(hands_out_tokens(text));
  }
}
