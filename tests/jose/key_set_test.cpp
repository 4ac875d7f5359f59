#include "jose/key_set.hpp"

#include <string>

#include "jose/fixture.hpp"
#include "jose/jwk.hpp"

using namespace gatelet;
using namespace gatelet::jose;
using namespace gatelet::jose_tests;

namespace {

// Which key of the set is chosen, by number; -1 when the choice failed.
int chosen(const KeySet& keys, std::optional<std::string_view> kid, Algorithm algorithm) {
  const auto key = keys.select(kid, algorithm);
  if (!key) return -1;
  for (std::size_t i = 0; i < keys.keys().size(); ++i) {
    if (keys.keys()[i] == *key) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

TEST_SUITE("jose/key_set") {
  TEST_CASE("J-02: parse_algorithm: the ten names, byte for byte, and nothing else") {
    for (const auto name : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
                            "ES512", "EdDSA"}) {
      const auto algorithm = parse_algorithm(name);
      REQUIRE(algorithm.has_value());
      CHECK(algorithm_name(*algorithm) == name);
    }
    using namespace std::string_view_literals;
    for (const auto name : {""sv, "none"sv, "None"sv, "HS256"sv, "HS384"sv, "HS512"sv, "rs256"sv,
                            "RS256 "sv, "RS256\0"sv, "ES256K"sv, "RS1"sv, "dir"sv, "EDDSA"sv})
      CHECK_FALSE(parse_algorithm(name).has_value());
  }

  TEST_CASE("parse_key_set: keeps the keys that can be used and says why the others cannot") {
    std::vector<std::string> skipped;
    const auto keys = parse_key_set(
        support::key_set_json({rsa_key().jwk("RS256"), R"({"kty":"oct","k":"AA"})",
                               ec_key().named("e").jwk(), R"({"kty":"canary"})", "7"}),
        &skipped);
    REQUIRE(keys.ok());
    CHECK(keys->keys().size() == 2);
    REQUIRE(skipped.size() == 3);
    CHECK(skipped[0] == "key 2: a symmetric key does not belong in a public set");
    CHECK(skipped[1] == "key 4: its kty is not supported");
    CHECK(skipped[2] == "key 5: it is no object");
  }

  TEST_CASE("LB-11: parse_key_set: an empty list is a set without keys; no list is a bad answer") {
    const auto none = parse_key_set(R"({"keys":[]})");
    REQUIRE(none.ok());
    CHECK(none->empty());
    for (const auto text : {"{}", R"({"keys":{}})", R"({"keys":null})", R"({"keys":"x"})",
                            R"({"Keys":[]})", "<html></html>", "", R"({"keys":[)"}) {
      CAPTURE(text);
      CHECK(status_of(parse_key_set(text)) == Status::provider_bad_answer);
    }
  }

  TEST_CASE("MA-22: parse_key_set: another root than an object is a bad answer") {
    for (const auto text : {"[]", R"("x")", "1", "null", "true"})
      CHECK(status_of(parse_key_set(text)) == Status::provider_bad_answer);
    CHECK(status_of(parse_key_set("[" + rsa_key().jwk() + "]")) == Status::provider_bad_answer);
  }

  TEST_CASE("LB-12, J-11: parse_key_set: duplicates, depth and broken text refuse the whole set") {
    const auto jwk = rsa_key().jwk();
    for (const auto& text :
         {R"({"keys":[],"keys":[]})" + std::string(),
          R"({"keys":[],"\u006beys":[]})" + std::string(),
          R"({"keys":[{"kty":"RSA","kty":"EC"}]})" + std::string(),
          "\xef\xbb\xbf{\"keys\":[" + jwk + "]}", "{\"keys\":[" + jwk + "]}x",
          "{\"keys\":[" + jwk + "],\"x\":" + std::string(40, '[') + std::string(40, ']') + "}"}) {
      CAPTURE(text);
      CHECK(status_of(parse_key_set(text)) == Status::provider_bad_answer);
    }
  }

  TEST_CASE("parse_key_set: 256 keys are the most, 512 KiB the largest document") {
    std::vector<std::string> jwks(256, ec_key().jwk());
    CHECK(parse_key_set(support::key_set_json(jwks)).ok());
    jwks.push_back(ec_key().jwk());
    CHECK(status_of(parse_key_set(support::key_set_json(jwks))) == Status::provider_bad_answer);
    const auto large = R"({"keys":[],"x":")" + std::string(512 * 1024, 'x') + "\"}";
    CHECK(status_of(parse_key_set(large)) == Status::provider_bad_answer);
  }

  TEST_CASE("J-04: select: without a kid the only fitting key is used, of several none") {
    CHECK(chosen(key_set({rsa_key().jwk()}), std::nullopt, Algorithm::rs256) == 0);
    const auto mixed = key_set({ec_key().named("e").jwk(), rsa_key().named("r").jwk()});
    CHECK(chosen(mixed, std::nullopt, Algorithm::rs256) == 1);
    CHECK(chosen(mixed, std::nullopt, Algorithm::es256) == 0);
    CHECK(chosen(mixed, std::nullopt, Algorithm::es384) == -1);

    const auto two = key_set({rsa_key().named("a").jwk(), rsa_key().named("b").jwk()});
    CHECK(status_of(two.select(std::nullopt, Algorithm::rs256)) == Status::token_rejected);
    const auto other_alg =
        key_set({rsa_key().named("a").jwk("RS256"), rsa_key().named("b").jwk("PS256")});
    CHECK(chosen(other_alg, std::nullopt, Algorithm::rs256) == 0);
  }

  TEST_CASE("J-04: select: a kid is matched byte for byte") {
    const auto keys = key_set({rsa_key().named("K1").jwk(), rsa_key().named("k1").jwk(),
                               rsa_key().named("caf\u00e9").jwk()});
    CHECK(chosen(keys, "K1", Algorithm::rs256) == 0);
    CHECK(chosen(keys, "k1", Algorithm::rs256) == 1);
    CHECK(chosen(keys, "caf\u00e9", Algorithm::rs256) == 2);
    for (const auto kid : {"cafe\u0301", "k1 ", "k", "k11", "../k1", "' OR 1=1 --"}) {
      CAPTURE(kid);
      CHECK(chosen(keys, kid, Algorithm::rs256) == -1);
    }
  }

  TEST_CASE(
      "J-04: select: the same kid twice is ambiguous, unless only one key fits the algorithm") {
    const auto twice = key_set({rsa_key().jwk(), rsa_key().jwk()});
    CHECK(status_of(twice.select("k1", Algorithm::rs256)) == Status::token_rejected);
    CHECK(text_of(twice.select("k1", Algorithm::rs256)) ==
          "several keys fit the token; which one is ambiguous");
    // Decoys: the same name under other algorithms, as a FAPI provider pads its set.
    const auto decoys = key_set({ec_key().jwk(), rsa_key().jwk("PS256"), rsa_key().jwk("RS256"),
                                 test_key(MintKey::Kind::p384).jwk()});
    CHECK(chosen(decoys, "k1", Algorithm::rs256) == 2);
    CHECK(chosen(decoys, "k1", Algorithm::ps256) == 1);
    CHECK(chosen(decoys, "k1", Algorithm::es256) == 0);
    CHECK(chosen(decoys, "k1", Algorithm::rs384) == -1);
  }

  TEST_CASE("select: keys with names do not answer for another name; a set without names does") {
    const auto partly = key_set({rsa_key().named("").jwk(), rsa_key().named("b").jwk()});
    CHECK(chosen(partly, "b", Algorithm::rs256) == 1);
    CHECK(status_of(partly.select("a", Algorithm::rs256)) == Status::key_unknown);
    const auto nameless = key_set({rsa_key().named("").jwk()});
    CHECK(chosen(nameless, "anything", Algorithm::rs256) == 0);
  }

  TEST_CASE("select: no fitting key may be worth a refetch") {
    const auto keys = key_set(rsa_key());
    for (const auto kid :
         {"new", "2026-11-24", "a/b+c==", "nS//7c=", "CN=idp, O=Example", "{5A3B}", "a:b"}) {
      CAPTURE(kid);
      CHECK(status_of(keys.select(kid, Algorithm::rs256)) == Status::key_unknown);
    }
    CHECK(status_of(keys.select("k1", Algorithm::es256)) == Status::key_unknown);
    CHECK(status_of(KeySet().select("k1", Algorithm::rs256)) == Status::key_unknown);
    CHECK(status_of(KeySet().select(std::nullopt, Algorithm::rs256)) == Status::key_unknown);
  }

  TEST_CASE("LO-01: select: a kid that no provider would publish is refused for good") {
    const auto keys = key_set(rsa_key());
    for (const auto kid :
         {"../../x", "a?b", "http://evil/", "%2e%2e", "a\\b", "k\x01", "<script>"}) {
      CAPTURE(kid);
      const auto result = keys.select(kid, Algorithm::rs256);
      CHECK(status_of(result) == Status::token_rejected);
      CHECK(text_of(result).find(kid) == std::string::npos);
    }
  }

  TEST_CASE("key_set_from_pem: keys without names and with every algorithm of their type") {
    const auto keys = key_set_from_pem({rsa_key().public_pem(), ec_key().public_pem()});
    REQUIRE(keys.ok());
    CHECK(chosen(*keys, "whatever", Algorithm::ps512) == 0);
    CHECK(chosen(*keys, std::nullopt, Algorithm::es256) == 1);
    CHECK(key_set_from_pem({})->empty());
  }

  TEST_CASE("key_set_from_pem: one file that is no public key refuses all, and says which") {
    const auto result = key_set_from_pem({rsa_key().public_pem(), ec_key().private_pem()});
    CHECK(status_of(result) == Status::invalid_value);
    CHECK(text_of(result) == "public key file 2: a private key stands where a public key belongs");
    CHECK(status_of(key_set_from_pem({""})) == Status::invalid_value);
    CHECK(status_of(key_set_from_pem({test_key(MintKey::Kind::rsa_1024).public_pem()})) ==
          Status::invalid_value);
    CHECK(status_of(key_set_from_pem({"ssh-rsa AAAAB3NzaC1yc2E= me@example"})) ==
          Status::invalid_value);
  }
}
