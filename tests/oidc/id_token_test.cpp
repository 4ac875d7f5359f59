#include "oidc/id_token.hpp"

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

std::string nonce() { return hashed_nonce(attempt().oidc_nonce).value(); }

JsonText login_claims() { return support::id_claims(now, nonce()); }

TokenSet tokens(std::string_view id_token) {
  TokenSet out;
  out.access_token = Secret("a1");
  out.id_token = Secret(id_token);
  return out;
}

Status login_with(const Provider& provider, const LoginState& state, std::string_view token) {
  return status_of(verify_login_token(provider, keys(), state, tokens(token), now));
}
Status login(const JsonText& claims) {
  return login_with(support::provider(), attempt(), mint(key(), claims));
}

// What the session of that login remembers, and the claims of a refresh that changes nothing.
Remembered earlier(const JsonText& first = login_claims()) {
  return remember(Secret(mint(key(), first)), "unused", attempt().oidc_nonce.reveal()).value();
}
JsonText refreshed_claims() { return support::id_claims(now); }

Status refresh_with(const Provider& provider, const Remembered& before, const JsonText& claims) {
  return status_of(
      verify_refreshed_token(provider, keys(), before, tokens(mint(key(), claims)), now));
}
Status refresh(const JsonText& claims) {
  return refresh_with(support::provider(), earlier(), claims);
}

}  // namespace

TEST_SUITE("oidc/id_token") {
  TEST_CASE("verify_login_token: oidcc-client-test-idtoken-sig-rs256: the token of this attempt") {
    const auto token = verify_login_token(support::provider(), keys(), attempt(),
                                          tokens(mint(key(), login_claims())), now);
    REQUIRE(token.ok());
    CHECK(token->subject() == "alice");
  }

  TEST_CASE(
      "verify_login_token: LO-04, I-03, oidcc-client-test-nonce-invalid: another nonce, or "
      "none") {
    CHECK(login(login_claims().set_string("nonce", nonce() + "x")) == Status::token_rejected);
    CHECK(login(login_claims().remove("nonce")) == Status::token_rejected);
    CHECK(login(login_claims().set("nonce", "[]")) == Status::token_rejected);
    // The nonce itself is not what was sent.
    CHECK(login(login_claims().set_string("nonce", attempt().oidc_nonce.reveal())) ==
          Status::token_rejected);
    auto parallel = attempt();
    parallel.oidc_nonce = Secret("nonce of the other tab, 32 bytes");
    CHECK(login_with(support::provider(), parallel, mint(key(), login_claims())) ==
          Status::token_rejected);
  }

  TEST_CASE("verify_login_token: an attempt that lost its nonce accepts no token") {
    auto lost = attempt();
    lost.oidc_nonce = Secret();
    CHECK(login_with(support::provider(), lost, mint(key(), login_claims())) ==
          Status::token_rejected);
    const auto empty = hashed_nonce(Secret()).value();
    CHECK(login_with(support::provider(), lost, mint(key(), support::id_claims(now, empty))) ==
          Status::token_rejected);
    CHECK(login_with(support::provider(), lost,
                     mint(key(), login_claims().set_string("nonce", ""))) ==
          Status::token_rejected);
  }

  TEST_CASE("verify_login_token: insecure_oidc_skip_nonce neither wants nor compares one") {
    auto provider = support::provider();
    provider.use_nonce = false;
    CHECK(login_with(provider, LoginState(), mint(key(), support::id_claims(now))) == Status::ok);
    CHECK(login_with(provider, LoginState(), mint(key(), support::id_claims(now, "x"))) ==
          Status::ok);
  }

  TEST_CASE(
      "verify_login_token: LO-05, I-01, oidcc-client-test-invalid-iss, -invalid-aud, "
      "-missing-*") {
    CHECK(login(login_claims().set_string("iss", "https://idp.examplex")) ==
          Status::token_rejected);
    CHECK(login(login_claims().set_string("iss", "https://idp.example/")) ==
          Status::token_rejected);
    CHECK(login(login_claims().set_string("aud", "cx")) == Status::token_rejected);
    CHECK(login(login_claims().set_string("aud", "another client")) == Status::token_rejected);
    for (const auto* name : {"iss", "aud", "sub", "iat", "exp"}) {
      CAPTURE(name);
      CHECK(login(login_claims().remove(name)) == Status::token_rejected);
    }
  }

  TEST_CASE("verify_login_token: LB-06, I-07, fapi2 valid-aud-as-array, invalid-secondary-aud") {
    CHECK(login(login_claims().set("aud", R"(["c"])")) == Status::ok);
    CHECK(login(login_claims().set("aud", R"(["x","c"])")) == Status::token_rejected);
    CHECK(login(login_claims().set("aud", R"(["x","c"])").set_string("azp", "x")) ==
          Status::token_rejected);
    CHECK(login(login_claims().set("aud", R"(["x","c"])").set_string("azp", "c")) == Status::ok);
    CHECK(login(login_claims().set_string("azp", "x")) == Status::token_rejected);
    for (const auto* aud : {"[]", R"([["c"]])", R"(["C"])", R"({"c":1})", R"(["c",1])", "null"}) {
      CAPTURE(aud);
      CHECK(login(login_claims().set("aud", aud)) == Status::token_rejected);
    }
  }

  TEST_CASE("verify_login_token: configured audience claims and further audiences") {
    auto provider = support::provider();
    provider.audience_claims = {"client_id", "aud"};
    provider.extra_audiences = {"trusted"};
    const auto with = [&](JsonText claims) {
      return login_with(provider, attempt(), mint(key(), claims));
    };
    CHECK(with(login_claims().set_string("client_id", "trusted")) == Status::ok);
    CHECK(with(login_claims().set_string("client_id", "x")) == Status::token_rejected);
    CHECK(with(login_claims().set_string("aud", "trusted")) == Status::ok);
    CHECK(with(login_claims().set("aud", R"(["c","x"])").set_string("azp", "c")) ==
          Status::token_rejected);
    CHECK(with(login_claims().set("aud", R"(["c","trusted"])").set_string("azp", "c")) ==
          Status::ok);
  }

  TEST_CASE("verify_login_token: I-08: at_hash is optional in the code flow, but never wrong") {
    const auto good = support::half_hash("RS256", "a1");
    CHECK(login(login_claims().set_string("at_hash", good)) == Status::ok);
    CHECK(login(login_claims().set_string("at_hash", good + "x")) == Status::token_rejected);
    CHECK(login(login_claims().set_string("at_hash", support::half_hash("RS512", "a1"))) ==
          Status::token_rejected);
    CHECK(login(login_claims().set_string("at_hash", support::half_hash("RS256", "a2"))) ==
          Status::token_rejected);
    CHECK(login(login_claims().set("at_hash", "null")) == Status::token_rejected);
  }

  TEST_CASE("verify_login_token: J-14: times have the configured leeway") {
    const auto seconds = now.unix_seconds();
    CHECK(login(login_claims().set_number("exp", seconds - 59).set_number("iat", seconds - 99)) ==
          Status::ok);
    CHECK(login(login_claims().set_number("exp", seconds - 61).set_number("iat", seconds - 99)) ==
          Status::token_rejected);
    CHECK(login(login_claims().set_number("nbf", seconds + 61)) == Status::token_rejected);
    CHECK(login(login_claims().set_number("iat", seconds + 3600)) == Status::token_rejected);

    auto provider = support::provider();
    provider.leeway = std::chrono::seconds(0);
    const auto late = login_claims().set_number("exp", seconds - 1).set_number("iat", seconds - 9);
    CHECK(login_with(provider, attempt(), mint(key(), late)) == Status::token_rejected);
  }

  TEST_CASE(
      "verify_login_token: MA-49, oidcc-client-test-idtoken-sig-none, -invalid-sig-*: only "
      "the provider's algorithms, and only a true signature") {
    const auto claims = login_claims().str();
    for (const auto* alg : {"none", "None", "nOnE", ""}) {
      auto header = JsonText().set_string("alg", alg).str();
      const auto signed_one = support::mint_with(key(), "RS256", header, claims);
      CHECK(login_with(support::provider(), attempt(), signed_one) == Status::token_rejected);
      const auto unsigned_one = signed_one.substr(0, signed_one.rfind('.') + 1);
      CHECK(login_with(support::provider(), attempt(), unsigned_one) == Status::token_rejected);
    }
    auto token = mint(key(), claims);
    token[token.size() - 10] = token[token.size() - 10] == 'A' ? 'B' : 'A';
    CHECK(login_with(support::provider(), attempt(), token) == Status::token_rejected);

    const auto rs512 =
        support::mint_with(key(), "RS512", support::mint_header(key(), "RS512").str(), claims);
    CHECK(login_with(support::provider(), attempt(), rs512) == Status::token_rejected);

    auto unsettled = support::provider();
    unsettled.algorithms.clear();
    CHECK(login_with(unsettled, attempt(), mint(key(), claims)) == Status::token_rejected);
  }

  TEST_CASE(
      "verify_login_token: oidcc-client-test-signing-key-rotation: an unknown kid asks for a "
      "refetch") {
    const auto rotated = mint(key().named("k2"), login_claims());
    CHECK(login_with(support::provider(), attempt(), rotated) == Status::key_unknown);
  }

  TEST_CASE("verify_login_token: insecure_oidc_skip_issuer_verification accepts any issuer") {
    auto provider = support::provider();
    provider.insecure_any_issuer = true;
    const auto foreign = mint(key(), login_claims().set_string("iss", "https://x.example"));
    CHECK(login_with(provider, attempt(), foreign) == Status::ok);
  }

  TEST_CASE("remember: what the session's own token says") {
    const auto before = earlier(login_claims().set_number("auth_time", 1767000000));
    CHECK(before.subject == "alice");
    CHECK(before.issuer == "https://idp.example");
    CHECK(before.audiences == std::vector<std::string>{"c"});
    CHECK(before.auth_time == 1767000000);
    CHECK(before.nonce == nonce());
  }

  TEST_CASE("remember: without a token, or with one that is none, the subject stands alone") {
    for (const auto* token : {"", "opaque", "a.b.c", "e30.W10.x"}) {
      CAPTURE(token);
      const auto before = remember(Secret(token), "alice", "").value();
      CHECK(before.subject == "alice");
      CHECK(before.issuer.empty());
      CHECK(before.audiences.empty());
      CHECK(before.auth_time == std::nullopt);
      CHECK(before.nonce == std::nullopt);
    }
  }

  TEST_CASE(
      "verify_refreshed_token: oidcc-client-test-refresh-token: the same sign-in, a nonce or "
      "none") {
    CHECK(refresh(refreshed_claims()) == Status::ok);
    CHECK(refresh(login_claims()) == Status::ok);
  }

  TEST_CASE(
      "verify_refreshed_token: MA-17, oidcc-client-test-refresh-token-invalid-sub, "
      "-invalid-issuer") {
    CHECK(refresh(refreshed_claims().set_string("sub", "bob")) == Status::token_rejected);
    CHECK(refresh(refreshed_claims().set_string("sub", "Alice")) == Status::token_rejected);
    CHECK(refresh(refreshed_claims().set_string("iss", "https://other.example")) ==
          Status::token_rejected);
    CHECK(refresh(refreshed_claims().remove("iat")) == Status::token_rejected);
    CHECK(refresh(refreshed_claims().set_string("aud", "x")) == Status::token_rejected);
  }

  TEST_CASE("verify_refreshed_token: MA-17: a forged or unsigned token is refused") {
    auto forged = mint(key(), refreshed_claims());
    forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
    CHECK(status_of(verify_refreshed_token(support::provider(), keys(), earlier(), tokens(forged),
                                           now)) == Status::token_rejected);
    const auto bare =
        support::mint_with(key(), "RS256", R"({"alg":"none"})", refreshed_claims().str());
    CHECK(status_of(verify_refreshed_token(support::provider(), keys(), earlier(),
                                           tokens(bare.substr(0, bare.rfind('.') + 1)), now)) ==
          Status::token_rejected);
    CHECK(status_of(verify_refreshed_token(support::provider(), keys(), earlier(), tokens(""),
                                           now)) == Status::token_rejected);
  }

  TEST_CASE("verify_refreshed_token: the issuer stays even where any issuer is accepted") {
    auto provider = support::provider();
    provider.insecure_any_issuer = true;
    CHECK(refresh_with(provider, earlier(), refreshed_claims()) == Status::ok);
    CHECK(refresh_with(provider, earlier(),
                       refreshed_claims().set_string("iss", "https://other.example")) ==
          Status::token_rejected);
  }

  TEST_CASE("verify_refreshed_token: a nonce that is there is the sign-in's (Core 12.2)") {
    CHECK(refresh(refreshed_claims().set_string("nonce", "x")) == Status::token_rejected);
    CHECK(refresh(refreshed_claims().set("nonce", "7")) == Status::token_rejected);
    auto before = earlier();
    before.nonce.reset();
    CHECK(refresh_with(support::provider(), before, login_claims()) == Status::token_rejected);

    auto provider = support::provider();
    provider.use_nonce = false;
    CHECK(refresh_with(provider, before, refreshed_claims().set_string("nonce", "x")) ==
          Status::ok);
  }

  TEST_CASE("verify_refreshed_token: auth_time is the sign-in's where both tell it") {
    const auto before = earlier(login_claims().set_number("auth_time", 1767000000));
    const auto with = [&](const JsonText& claims) {
      return refresh_with(support::provider(), before, claims);
    };
    CHECK(with(refreshed_claims().set_number("auth_time", 1767000000)) == Status::ok);
    CHECK(with(refreshed_claims()) == Status::ok);
    CHECK(with(refreshed_claims().set_number("auth_time", 1767000001)) == Status::token_rejected);
    CHECK(with(refreshed_claims().set_string("auth_time", "1767000000")) == Status::token_rejected);
    CHECK(refresh(refreshed_claims().set_number("auth_time", 1767000001)) == Status::ok);
  }

  TEST_CASE("verify_refreshed_token: audiences of the session's token stay") {
    const auto both = [](JsonText claims) {
      return claims.set("aud", R"(["c","x"])").set_string("azp", "c");
    };
    const auto before = earlier(both(login_claims()));
    CHECK(refresh_with(support::provider(), before, both(refreshed_claims())) == Status::ok);
    CHECK(refresh_with(support::provider(), before, refreshed_claims()) == Status::token_rejected);
  }

  TEST_CASE("verify_refreshed_token: a session whose subject is unknown accepts no new token") {
    CHECK(refresh_with(support::provider(), Remembered(), refreshed_claims()) ==
          Status::token_rejected);
    Remembered before;
    before.subject = "alice";
    CHECK(refresh_with(support::provider(), before, refreshed_claims()) == Status::ok);
  }

  TEST_CASE("verify_refreshed_token: at_hash belongs to the new access token") {
    CHECK(refresh(refreshed_claims().set_string("at_hash", support::half_hash("RS256", "a1"))) ==
          Status::ok);
    CHECK(refresh(refreshed_claims().set_string("at_hash", support::half_hash("RS256", "old"))) ==
          Status::token_rejected);
  }
}
