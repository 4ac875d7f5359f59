#include "oidc/identity.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "json/writer.hpp"
#include "support/providers.hpp"

using namespace gatelet;
using namespace gatelet::oidc;
using namespace gatelet::oidc_tests;
using Groups = std::vector<std::string>;

namespace {

const std::string full = R"({"sub":"alice","email":"alice@example.com","email_verified":true,
  "preferred_username":"al","groups":["dev","ops"]})";

Result<PersonClaims> person(const Provider& provider, std::string_view id_claims,
                            std::string_view userinfo = {}) {
  const auto claims = parsed(id_claims);
  if (userinfo.empty()) return person_of(provider, claims, nullptr);
  const auto more = parsed(userinfo);
  return person_of(provider, claims, &more);
}

PersonClaims known(const Provider& provider, std::string_view id_claims,
                   std::string_view userinfo = {}) {
  auto result = person(provider, id_claims, userinfo);
  REQUIRE_MESSAGE(result.ok(), text_of(result));
  return std::move(*result);
}

bool needs(const Provider& provider, std::string_view id_claims) {
  return needs_userinfo(provider, parsed(id_claims));
}

// A provider with an email rule in the default profile, or compat's.
Provider strict() {
  auto provider = support::provider();
  provider.require_email = true;
  provider.require_verified_flag = true;
  return provider;
}

}  // namespace

TEST_SUITE("oidc/identity") {
  TEST_CASE("person_of: everything from the ID token") {
    const auto alice = known(support::provider(), full);
    CHECK(alice.subject == "alice");
    CHECK(alice.user == "alice");
    CHECK(alice.email == "alice@example.com");
    CHECK(alice.email_verified == true);
    CHECK(alice.preferred_username == "al");
    CHECK(alice.groups == Groups{"dev", "ops"});
    CHECK(alice.groups_complete);
    CHECK(alice.additional.empty());
  }

  TEST_CASE("person_of: userinfo fills in what is missing and replaces nothing") {
    const auto alice =
        known(support::provider(), R"({"sub":"alice","preferred_username":"al"})",
              R"({"sub":"alice","email":"a@example.com","preferred_username":"x","groups":["g"]})");
    CHECK(alice.email == "a@example.com");
    CHECK(alice.preferred_username == "al");
    CHECK(alice.groups == Groups{"g"});
  }

  TEST_CASE("person_of: the subject is the ID token's, whatever userinfo says") {
    CHECK(known(support::provider(), R"({"sub":"alice"})", R"({"sub":"bob"})").subject == "alice");
    CHECK(status_of(person(support::provider(), "{}", R"({"sub":"bob"})")) ==
          Status::incomplete_identity);
    CHECK(status_of(person(support::provider(), R"({"sub":7})")) == Status::incomplete_identity);
  }

  TEST_CASE("person_of: user_id_claim names the user, and must be told then") {
    auto provider = support::provider();
    provider.claims.user = "upn";
    CHECK(known(provider, R"({"sub":"s","upn":"alice@corp"})").user == "alice@corp");
    CHECK(known(provider, R"({"sub":"s"})", R"({"sub":"s","upn":"u"})").user == "u");
    for (const auto* claims :
         {R"({"sub":"s"})", R"({"sub":"s","upn":""})", R"({"sub":"s","upn":7})",
          R"({"sub":"s","upn":["u"]})", R"({"sub":"s","upn":null})"}) {
      CAPTURE(claims);
      const auto result = person(provider, claims);
      CHECK(status_of(result) == Status::incomplete_identity);
      CHECK(text_of(result) == "the provider told no user (claim upn)");
    }
  }

  TEST_CASE("person_of: a claim of the wrong type counts as absent") {
    const auto alice = known(support::provider(), R"({"sub":"alice","email":7,
      "preferred_username":{"x":1},"groups":{"dev":true}})");
    CHECK(alice.email.empty());
    CHECK(alice.preferred_username.empty());
    CHECK(alice.groups.empty());

    // ... so that userinfo is heard.
    CHECK(known(support::provider(), R"({"sub":"alice","email":7})",
                R"({"sub":"alice","email":"a@b.example"})")
              .email == "a@b.example");
  }

  TEST_CASE("person_of: a value of more than 1 KiB counts as absent") {
    const auto fits = std::string(1024, 'a'), over = std::string(1025, 'a');
    const auto with = [](const std::string& email) {
      return R"({"sub":"alice","email":")" + email + "\"}";
    };
    CHECK(known(support::provider(), with(fits)).email == fits);
    CHECK(known(support::provider(), with(over)).email.empty());
  }

  TEST_CASE("person_of: email_verified that is not true refuses") {
    const auto with = [](const std::string& flag) {
      return R"({"sub":"alice","email":"canary@example.com","email_verified":)" + flag + "}";
    };
    CHECK(person(support::provider(), with("true")).ok());
    CHECK(person(support::provider(), with("\"true\"")).ok());
    CHECK(person(support::provider(), with("null")).ok());
    for (const auto* flag : {"false", "\"false\"", "\"True\"", "1", "0", "\"\"", "[true]", "{}"}) {
      CAPTURE(flag);
      const auto result = person(support::provider(), with(flag));
      CHECK(status_of(result) == Status::incomplete_identity);
      CHECK(text_of(result).find("email_verified") != std::string::npos);
      CHECK(text_of(result).find("canary") == std::string::npos);
    }
  }

  TEST_CASE("person_of: allow_unverified_email lets it pass and says so") {
    auto provider = support::provider();
    provider.allow_unverified_email = true;
    const auto alice =
        known(provider, R"({"sub":"alice","email":"a@example.com","email_verified":false})");
    CHECK(alice.email == "a@example.com");
    CHECK(alice.email_verified == false);
  }

  TEST_CASE("person_of: the flag says nothing about an address of another claim") {
    auto provider = strict();
    provider.claims.email = "upn";
    const auto alice = known(provider, R"({"sub":"alice","upn":"a@corp","email_verified":false})");
    CHECK(alice.email == "a@corp");
    CHECK(alice.email_verified == std::nullopt);
  }

  TEST_CASE("person_of: require_email wants an address") {
    auto provider = support::provider();
    CHECK(known(provider, R"({"sub":"alice"})").email.empty());
    provider.require_email = true;
    for (const auto* claims : {R"({"sub":"alice"})", R"({"sub":"alice","email":""})",
                               R"({"sub":"alice","email":["a@b"]})"}) {
      const auto result = person(provider, claims);
      CHECK(status_of(result) == Status::incomplete_identity);
      CHECK(text_of(result) == "the provider told no email (claim email)");
    }
  }

  TEST_CASE("person_of: require_verified_flag wants the flag from the address's own source") {
    const auto* bare = R"({"sub":"alice","email":"a@example.com"})";
    CHECK(status_of(person(strict(), bare)) == Status::incomplete_identity);
    CHECK(person(strict(), full).ok());
    CHECK(status_of(person(strict(), bare, R"({"sub":"alice","email_verified":true})")) ==
          Status::incomplete_identity);
    CHECK(
        status_of(person(strict(), bare,
                         R"({"sub":"alice","email":"other@example.com","email_verified":true})")) ==
        Status::incomplete_identity);
    CHECK(status_of(person(strict(), R"({"sub":"alice","email_verified":true})",
                           R"({"sub":"alice","email":"a@example.com"})")) ==
          Status::incomplete_identity);
    CHECK(person(strict(), bare, R"({"sub":"alice","email":"a@example.com","email_verified":true})")
              .ok());
    CHECK(person(strict(), R"({"sub":"alice"})",
                 R"({"sub":"alice","email":"a@example.com","email_verified":true})")
              .ok());
  }

  TEST_CASE("person_of: a no from either source is heard") {
    CHECK(status_of(person(support::provider(), R"({"sub":"alice","email":"a@example.com"})",
                           R"({"sub":"alice","email_verified":false})")) ==
          Status::incomplete_identity);
    CHECK(status_of(person(support::provider(), R"({"sub":"alice","email_verified":false})",
                           R"({"sub":"alice","email":"a@example.com"})")) ==
          Status::incomplete_identity);
  }

  TEST_CASE("person_of: a no about an address is not undone by another source") {
    CHECK(status_of(person(support::provider(),
                           R"({"sub":"alice","email":"a@example.com","email_verified":false})",
                           R"({"sub":"alice","email":"a@example.com","email_verified":true})")) ==
          Status::incomplete_identity);
  }

  TEST_CASE("person_of: groups are a list of texts, or one text") {
    const auto groups = [](const std::string& json) {
      return known(support::provider(), R"({"sub":"alice","groups":)" + json + "}").groups;
    };
    CHECK(groups(R"(["b","a","b","a,c"])") == Groups{"b", "a", "a,c"});
    CHECK(groups(R"("dev")") == Groups{"dev"});
    CHECK(groups(R"("a,b")") == Groups{"a,b"});
    CHECK(groups("[]").empty());
    CHECK(groups(R"("")").empty());
    CHECK(groups(R"(["",""])").empty());
    CHECK(groups("7").empty());
  }

  TEST_CASE("person_of: groups that cannot be read are left out, and the list is not complete") {
    const auto odd =
        known(support::provider(), R"({"sub":"alice","groups":["dev",7,null,{"name":"x"},["y"]]})");
    CHECK(odd.groups == Groups{"dev"});
    CHECK_FALSE(odd.groups_complete);

    const auto long_one = known(support::provider(), R"({"sub":"alice","groups":["dev",")" +
                                                         std::string(1025, 'g') + "\"]}");
    CHECK(long_one.groups == Groups{"dev"});
    CHECK_FALSE(long_one.groups_complete);
  }

  TEST_CASE("person_of: groups that were to come from userinfo make the list incomplete") {
    auto provider = support::provider();
    CHECK_FALSE(known(provider, R"({"sub":"alice"})").groups_complete);
    CHECK(known(provider, R"({"sub":"alice"})", R"({"sub":"alice"})").groups_complete);
    provider.userinfo_fetch = UserinfoFetch::never;
    CHECK(known(provider, R"({"sub":"alice"})").groups_complete);
  }

  TEST_CASE(
      "person_of: I-12, oidcc-client-test-distributed-claims, -aggregated-claims: other "
      "sources are not asked and override nothing") {
    const auto alice = known(support::provider(), full, R"({"sub":"alice",
      "_claim_names":{"sub":"s","email":"s","credit_score":"s"},
      "_claim_sources":{"s":{"endpoint":"http://169.254.169.254/","access_token":"t"}}})");
    CHECK(alice.email == "alice@example.com");
    CHECK(alice.subject == "alice");

    const auto overage = known(support::provider(), R"({"sub":"alice"})", R"({"sub":"alice",
      "_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{"JWT":"x.y.z"}}})");
    CHECK(overage.groups.empty());
    CHECK_FALSE(overage.groups_complete);
  }

  TEST_CASE("person_of: additional claims keep their type, under the names configured") {
    auto provider = support::provider();
    provider.claims.additional = {"org.unit", "level", "absent", "nothing"};
    const auto alice = known(provider, R"({"sub":"alice","org":{"unit":["a",1]},"nothing":null})",
                             R"({"sub":"alice","level":2.5})");
    REQUIRE(alice.additional.size() == 2);
    CHECK(alice.additional[0].first == "org.unit");
    CHECK(json::to_text(alice.additional[0].second) == R"(["a",1])");
    CHECK(alice.additional[1].first == "level");
    CHECK(json::to_text(alice.additional[1].second) == "2.5");
  }

  TEST_CASE("person_of: additional claims stay within 16 KiB") {
    auto provider = support::provider();
    provider.claims.additional = {"big", "small"};
    const auto alice = known(
        provider, R"({"sub":"alice","small":1,"big":")" + std::string(16 * 1024, 'x') + "\"}");
    REQUIRE(alice.additional.size() == 1);
    CHECK(alice.additional[0].first == "small");
  }

  TEST_CASE("find_claim: literally first, then as a dotted path through objects") {
    const auto claims = parsed(R"({"a.b":1,"a":{"b":2,"c":{"d":3},"list":[{"x":4}]},
      "https://app.example/roles":5})");
    const auto number = [&](std::string_view name) {
      const auto* claim = find_claim(claims, name);
      return claim == nullptr ? std::string("-") : claim->number()->text;
    };
    CHECK(number("a.b") == "1");
    CHECK(number("a.c.d") == "3");
    CHECK(number("https://app.example/roles") == "5");
    for (const auto* name :
         {"", ".", "a.", ".a", "a..b", "a.x", "a.list.0.x", "a.list.x", "b", "A"}) {
      CAPTURE(name);
      CHECK(find_claim(claims, name) == nullptr);
    }
    CHECK(find_claim(parsed("[1]"), "a") == nullptr);
  }

  TEST_CASE("needs_userinfo: only where a claim of the map is missing") {
    auto provider = support::provider();
    CHECK_FALSE(needs(provider, full));
    for (const auto* claims :
         {R"({"sub":"alice"})", R"({"sub":"alice","email":"a@b","preferred_username":"al"})",
          R"({"sub":"alice","email":"a@b","groups":[]})",
          R"({"sub":"alice","preferred_username":"al","groups":[],"email":7})",
          R"({"sub":"alice","preferred_username":"al","groups":7,"email":"a@b"})"}) {
      CAPTURE(claims);
      CHECK(needs(provider, claims));
    }
    provider.claims.additional = {"org"};
    CHECK(needs(provider, full));
  }

  TEST_CASE("needs_userinfo: a flag that is required and missing is worth asking for") {
    const auto* unflagged =
        R"({"sub":"alice","email":"a@b","preferred_username":"al","groups":[]})";
    CHECK_FALSE(needs(support::provider(), unflagged));
    CHECK(needs(strict(), unflagged));
  }

  TEST_CASE("needs_userinfo: always, never, and never without an endpoint") {
    auto provider = support::provider();
    provider.userinfo_fetch = UserinfoFetch::always;
    CHECK(needs(provider, full));
    provider.userinfo_fetch = UserinfoFetch::never;
    CHECK_FALSE(needs(provider, R"({"sub":"alice"})"));
    provider = support::provider({.userinfo_endpoint = ""});
    provider.userinfo_fetch = UserinfoFetch::always;
    CHECK_FALSE(needs(provider, R"({"sub":"alice"})"));
  }
}
