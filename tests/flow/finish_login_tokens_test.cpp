// What comes back for a code: tokens and userinfo that must not be believed, in whole sign-ins.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>

#include "attempt.hpp"
#include "base/base64url.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

TEST_SUITE("flow/finish_login") {
  TEST_CASE("LO-01: a kid nobody published is looked for once; one that is no kid, not at all") {
    for (const auto* kid : {"k9", "../../x", "a?b", "http://evil/", "%2e%2e"}) {
      Attempt attempt;
      attempt.world.provider.replace_id_token = [kid](const std::string&) {
        return mint(test_key(MintKey::Kind::p256).named(kid), id_claims(mint_epoch()));
      };
      INFO(std::string(kid));
      check_refused(attempt.finish(), 502, Reason::token_rejected);
      const bool is_plausible = std::string_view(kid) == "k9";
      CHECK(attempt.world.provider.num_jwks == (is_plausible ? 1u : 0u));
      CHECK(attempt.world.driver.num_effects == (is_plausible ? 2u : 1u));
    }
  }

  TEST_CASE("LO-04 I-03: a nonce that is missing, or another attempt's, is refused") {
    Attempt missing;
    missing.world.provider.edit_id_token = [](JsonText& claims) { claims.remove("nonce"); };
    check_refused(missing.finish(), 502, Reason::token_rejected);

    Attempt other;
    set_claim(other, "nonce", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"");
    check_refused(other.finish(), 502, Reason::token_rejected);
  }

  TEST_CASE("LO-05 LB-06 I-07: issuer and audience must be ours, exactly") {
    const std::pair<const char*, const char*> wrong[] = {{"iss", "\"https://idp.example/\""},
                                                         {"iss", "\"https://other.example\""},
                                                         {"aud", "\"x\""},
                                                         {"aud", "[]"},
                                                         {"aud", "[\"x\",\"c\"]"},
                                                         {"aud", "{\"c\":1}"},
                                                         {"aud", "null"},
                                                         {"aud", "[[\"c\"]]"},
                                                         {"azp", "\"x\""}};
    for (const auto& [name, json] : wrong) {
      Attempt attempt;
      set_claim(attempt, name, json);
      const auto what = std::string(name) + " " + std::string(json);
      INFO(what);
      check_refused(attempt.finish(), 502, Reason::token_rejected);
    }
    Attempt list;
    set_claim(list, "aud", "[\"c\"]");
    CHECK(list.finish().reason() == Reason::signed_in);
  }

  TEST_CASE("J-14 MA-21: an ID token of another time, or of none, is refused") {
    const auto now = World().driver.now.unix_seconds();
    const std::pair<const char*, std::string> wrong[] = {{"exp", std::to_string(now - 120)},
                                                         {"exp", "\"1999999999\""},
                                                         {"exp", "null"},
                                                         {"nbf", std::to_string(now + 120)},
                                                         {"iat", std::to_string(now + 3600)}};
    for (const auto& [name, json] : wrong) {
      Attempt attempt;
      set_claim(attempt, name, json);
      const auto what = std::string(name) + " " + std::string(json);
      INFO(what);
      check_refused(attempt.finish(), 502, Reason::token_rejected);
    }
  }

  TEST_CASE("I-08: an at_hash of another access token is refused") {
    Attempt attempt;
    set_claim(attempt, "at_hash", "\"AAAAAAAAAAAAAAAAAAAAAA\"");
    check_refused(attempt.finish(), 502, Reason::token_rejected);
  }

  TEST_CASE("MA-49: a token that says alg none, or names none, is refused") {
    for (const auto* header : {R"({"alg":"none"})", R"({"alg":"nOnE"})", R"({"alg":""})", "{}"}) {
      Attempt attempt;
      attempt.world.provider.replace_id_token = [header](const std::string& token) {
        const auto dot = token.find('.');
        return base64url::encode(header) + token.substr(dot, token.rfind('.') - dot) + ".";
      };
      check_refused(attempt.finish(), 502, Reason::token_rejected);
    }
  }

  TEST_CASE("finish_login: userinfo is asked for what the ID token lacks, once") {
    Attempt attempt;
    attempt.world.provider.edit_id_token = [](JsonText& claims) { claims.remove("groups"); };
    CHECK(attempt.finish().reason() == Reason::signed_in);
    CHECK(attempt.world.provider.num_userinfo == 1);
    CHECK(attempt.world.session()->groups == std::vector<std::string>{"from-userinfo"});
  }
}
