#include "oidc/bearer.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "support/providers.hpp"
#include "support/token_mint.hpp"

using namespace gatelet;
using namespace gatelet::oidc;
using namespace gatelet::oidc_tests;
using support::JsonText;
using support::mint;
using support::MintKey;

namespace {

constexpr Instant now = support::mint_epoch();

const MintKey& key() { return support::test_key(MintKey::Kind::rsa_2048); }
jose::KeySet keys() { return jose::parse_key_set(support::key_set_json(key())).value(); }

Status verify(const JsonText& claims, const Provider& provider = support::provider()) {
  return status_of(verify_bearer_token(provider, keys(), mint(key(), claims), now));
}

std::string typed(const std::string& typ) {
  return mint_with(key(), "RS256", R"({"alg":"RS256","kid":"k1","typ":")" + typ + "\"}",
                   support::id_claims(now).str());
}
Status verify_typed(const std::string& typ) {
  return status_of(verify_bearer_token(support::provider(), keys(), typed(typ), now));
}

Result<PersonClaims> person(const JsonText& claims, const Provider& provider) {
  const auto token = verify_bearer_token(provider, keys(), mint(key(), claims), now);
  REQUIRE(token.ok());
  return bearer_person(provider, *token);
}

}  // namespace

TEST_SUITE("oidc/bearer") {
  TEST_CASE("verify_bearer_token: an ID token, and an access token of RFC 9068") {
    CHECK(verify(support::id_claims(now)) == Status::ok);
    CHECK(verify_typed("JWT") == Status::ok);
    CHECK(verify_typed("at+jwt") == Status::ok);
    CHECK(verify_typed("application/at+jwt") == Status::ok);
    CHECK(verify(support::id_claims(now).remove("iat")) == Status::ok);
  }

  TEST_CASE("PX-07: verify_bearer_token: tokens for another purpose") {
    for (const auto* typ : {"logout+jwt", "secevent+jwt", "dpop+jwt", "oauth-authz-req+jwt", ""}) {
      CAPTURE(typ);
      CHECK(verify_typed(typ) == Status::token_rejected);
    }
    CHECK(verify(support::id_claims(now).set(
              "events", R"({"http://schemas.openid.net/event/backchannel-logout":{}})")) ==
          Status::token_rejected);
  }

  TEST_CASE("MA-16: verify_bearer_token: another audience or issuer, none, no end, or over") {
    CHECK(verify(support::id_claims(now).set_string("aud", "other")) == Status::token_rejected);
    CHECK(verify(support::id_claims(now).remove("aud")) == Status::token_rejected);
    CHECK(verify(support::id_claims(now).set_string("iss", "https://idp.example/")) ==
          Status::token_rejected);
    CHECK(verify(support::id_claims(now).remove("iss")) == Status::token_rejected);
    CHECK(verify(support::id_claims(now).remove("exp")) == Status::token_rejected);
    CHECK(verify(support::id_claims(now).remove("sub")) == Status::token_rejected);
    const auto seconds = now.wall.count() / 1000000000;
    CHECK(verify(support::id_claims(now).set_number("exp", seconds - 60).remove("iat")) ==
          Status::token_rejected);
    CHECK(verify(support::id_claims(now).set_number("exp", seconds - 59).remove("iat")) ==
          Status::ok);
    CHECK(verify(support::id_claims(now).set_number("nbf", seconds + 120)) ==
          Status::token_rejected);
  }

  TEST_CASE("F-030: verify_bearer_token: extra_audiences; strangers beside us are no objection") {
    auto provider = support::provider();
    provider.extra_audiences = {"api"};
    CHECK(verify(support::id_claims(now).set_string("aud", "api"), provider) == Status::ok);
    CHECK(verify(support::id_claims(now).set_string("aud", "api")) == Status::token_rejected);
    CHECK(verify(support::id_claims(now).set("aud", R"(["x","c"])").set_string("azp", "spa")) ==
          Status::ok);
    CHECK(verify(support::id_claims(now).set("aud", R"(["x","y"])").set_string("azp", "c")) ==
          Status::token_rejected);
    CHECK(verify(support::id_claims(now).set_string("azp", "spa")) == Status::ok);
  }

  TEST_CASE("verify_bearer_token: forged, unsigned, or under a key nobody knows") {
    const auto& other = support::test_key(MintKey::Kind::p256);
    const auto forged = mint(key(), support::id_claims(now));
    CHECK(status_of(verify_bearer_token(support::provider(), keys(),
                                        forged.substr(0, forged.size() - 4) + "AAAA", now)) ==
          Status::token_rejected);
    CHECK(status_of(verify_bearer_token(support::provider(), keys(),
                                        mint(other, support::id_claims(now)), now)) != Status::ok);
    CHECK(status_of(verify_bearer_token(support::provider(), keys(),
                                        mint(key().named("k9"), support::id_claims(now)), now)) ==
          Status::key_unknown);
    CHECK(status_of(verify_bearer_token(support::provider(), keys(), "eyJ.eyJ.x", now)) ==
          Status::token_rejected);
  }

  TEST_CASE("claimed_issuer: whatever the token says; empty where it says nothing") {
    CHECK(claimed_issuer(mint(key(), support::id_claims(now))) == "https://idp.example");
    CHECK(claimed_issuer(mint(key(), "{\"iss\":7}")).empty());
    CHECK(claimed_issuer(mint(key(), "[]")).empty());
    for (const auto* text : {"", "..", "a.b", "eyJ.!.x", "eyJ.eyJ.x"}) {
      CHECK(claimed_issuer(text).empty());
    }
  }

  TEST_CASE("bearer_person: the token alone says who it is; an address is not required") {
    auto provider = support::provider();
    provider.require_email = true;
    const auto alice = person(support::id_claims(now).set("groups", R"(["staff"])"), provider);
    REQUIRE(alice.ok());
    CHECK(alice->user == "alice");
    CHECK(alice->email == "alice@example.com");
    CHECK(alice->groups == std::vector<std::string>{"staff"});
    CHECK(alice->groups_complete);

    const auto service = person(support::id_claims(now).remove("email"), provider);
    REQUIRE(service.ok());
    CHECK(service->email.empty());
    provider.user_stands_in_for_email = true;
    CHECK(person(support::id_claims(now).remove("email"), provider)->email == "alice");
  }

  TEST_CASE("bearer_person: an address the provider calls unverified is refused") {
    const auto claims = support::id_claims(now).set("email_verified", "false");
    auto provider = support::provider();
    CHECK(status_of(person(claims, provider)) == Status::incomplete_identity);
    provider.allow_unverified_email = true;
    CHECK(person(claims, provider).ok());
  }
}
