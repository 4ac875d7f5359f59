// The primitives under JOSE against Wycheproof: RSA PKCS #1 and PSS, ECDSA, Ed25519.
#include <array>

#include "base/base64url.hpp"
#include "crypto/pkey.hpp"
#include "vectors/wycheproof.hpp"

using namespace gatelet;
using namespace gatelet::vectors;
using crypto::PublicKey;
using crypto::SignatureAlgorithm;

namespace {

struct File {
  const char* name;
  SignatureAlgorithm algorithm;
  Tally expected;
};

PublicKey key_of(const Json& group) {
  auto key = PublicKey::pem(group.at("publicKeyPem").get<std::string>());
  REQUIRE_MESSAGE(key.ok(), (key.ok() ? "" : key.error().text));
  return std::move(key).value();
}

// Verifies each test with the key of its group, made once a group.
template <class WaiverOf>
Tally run_signatures(const std::string& file, SignatureAlgorithm algorithm, WaiverOf waiver_of) {
  CAPTURE(file);
  Tally tally;
  for (const Json document = load(file); const auto& group : document.at("testGroups")) {
    const auto key = key_of(group);
    REQUIRE(key.fits(algorithm));
    for (const auto& test : group.at("tests")) {
      const bool accepted = key.verify(algorithm, bytes_at(test, "msg"), bytes_at(test, "sig"));
      tally.add(test, {accepted, waiver_of(group, test)});
    }
  }
  return tally;
}

Waiver no_waiver(const Json&, const Json&) { return Waiver::none; }
Waiver always_der(const Json&, const Json&) { return Waiver::der_encoding; }
Waiver always_fixed_hash(const Json&, const Json&) { return Waiver::fixed_hash; }

}  // namespace

TEST_SUITE("vectors/wycheproof_signatures") {
  TEST_CASE("RSA PKCS #1: 2330 vectors; what is merely acceptable is refused") {
    constexpr std::array<File, 9> files = {{
        {"rsa_signature_2048_sha256_test.json", SignatureAlgorithm::rs256, {259, 9, 250, 0}},
        {"rsa_signature_2048_sha384_test.json", SignatureAlgorithm::rs384, {258, 7, 251, 0}},
        {"rsa_signature_2048_sha512_test.json", SignatureAlgorithm::rs512, {259, 8, 251, 0}},
        {"rsa_signature_3072_sha256_test.json", SignatureAlgorithm::rs256, {259, 8, 251, 0}},
        {"rsa_signature_3072_sha384_test.json", SignatureAlgorithm::rs384, {259, 7, 252, 0}},
        {"rsa_signature_3072_sha512_test.json", SignatureAlgorithm::rs512, {260, 8, 252, 0}},
        {"rsa_signature_4096_sha256_test.json", SignatureAlgorithm::rs256, {258, 7, 251, 0}},
        {"rsa_signature_4096_sha384_test.json", SignatureAlgorithm::rs384, {259, 7, 252, 0}},
        {"rsa_signature_4096_sha512_test.json", SignatureAlgorithm::rs512, {259, 7, 252, 0}},
    }};
    int executed = 0;
    for (const auto& file : files) {
      CAPTURE(file.name);
      const auto tally = run_signatures(file.name, file.algorithm, no_waiver);
      CHECK(tally == file.expected);
      executed += tally.executed;
    }
    CHECK(executed == 2330);
  }

  TEST_CASE("RSA PSS with a salt as long as the hash: 785 vectors") {
    constexpr std::array<File, 6> files = {{
        {"rsa_pss_2048_sha256_mgf1_32_test.json", SignatureAlgorithm::ps256, {108, 63, 45, 0}},
        {"rsa_pss_2048_sha384_mgf1_48_test.json", SignatureAlgorithm::ps384, {141, 95, 46, 0}},
        {"rsa_pss_3072_sha256_mgf1_32_test.json", SignatureAlgorithm::ps256, {108, 63, 45, 0}},
        {"rsa_pss_4096_sha256_mgf1_32_test.json", SignatureAlgorithm::ps256, {108, 63, 45, 0}},
        {"rsa_pss_4096_sha384_mgf1_48_test.json", SignatureAlgorithm::ps384, {141, 95, 46, 0}},
        {"rsa_pss_4096_sha512_mgf1_64_test.json", SignatureAlgorithm::ps512, {179, 132, 47, 0}},
    }};
    int executed = 0;
    for (const auto& file : files) {
      CAPTURE(file.name);
      const auto tally = run_signatures(file.name, file.algorithm, no_waiver);
      CHECK(tally == file.expected);
      executed += tally.executed;
    }
    CHECK(executed == 785);
  }

  TEST_CASE("J-08: RSA PSS with another salt length is refused") {
    // 69 is a forgery there because its salt has 32 bytes, and a true PS256 signature by the same.
    const auto waiver = [](const Json&, const Json& test) {
      return test.at("tcId") == 69 ? Waiver::our_salt : Waiver::fixed_hash;
    };
    CHECK(run_signatures("rsa_pss_2048_sha256_mgf1_0_test.json", SignatureAlgorithm::ps256,
                         waiver) == Tally{103, 1, 102, 62});
    CHECK(run_signatures("rsa_pss_4096_sha512_mgf1_32_test.json", SignatureAlgorithm::ps512,
                         always_fixed_hash) == Tally{177, 0, 177, 132});
  }

  TEST_CASE("J-08: RSA PSS with another hash, MGF1 hash or salt: one combination of 150 is ours") {
    constexpr std::array<SignatureAlgorithm, 3> algorithms = {
        SignatureAlgorithm::ps256, SignatureAlgorithm::ps384, SignatureAlgorithm::ps512};
    for (const auto algorithm : algorithms) {
      const auto tally = run_signatures("rsa_pss_misc_test.json", algorithm, always_fixed_hash);
      // The salts of the file go up to 64 bytes in all hashes: 32, 48 and 64 are among them.
      CHECK(tally == Tally{150, 1, 149, 149});
    }
  }

  TEST_CASE("ECDSA r ‖ s: 860 vectors") {
    constexpr std::array<File, 3> files = {{
        {"ecdsa_secp256r1_sha256_p1363_test.json", SignatureAlgorithm::es256, {262, 173, 89, 0}},
        {"ecdsa_secp384r1_sha384_p1363_test.json", SignatureAlgorithm::es384, {280, 193, 87, 0}},
        {"ecdsa_secp521r1_sha512_p1363_test.json", SignatureAlgorithm::es512, {318, 231, 87, 0}},
    }};
    int executed = 0;
    for (const auto& file : files) {
      CAPTURE(file.name);
      const auto tally = run_signatures(file.name, file.algorithm, no_waiver);
      CHECK(tally == file.expected);
      executed += tally.executed;
    }
    CHECK(executed == 860);
  }

  TEST_CASE("ECDSA r ‖ s over a hash that JOSE does not pair with the curve: all refused") {
    CHECK(run_signatures("ecdsa_secp256r1_sha512_p1363_test.json", SignatureAlgorithm::es256,
                         always_fixed_hash) == Tally{332, 0, 332, 242});
    CHECK(run_signatures("ecdsa_secp384r1_sha512_p1363_test.json", SignatureAlgorithm::es384,
                         always_fixed_hash) == Tally{318, 0, 318, 230});
  }

  TEST_CASE("LB-28: ECDSA in DER is no JOSE signature: 3098 vectors, all refused") {
    constexpr std::array<File, 6> files = {{
        {"ecdsa_secp256r1_sha256_test.json", SignatureAlgorithm::es256, {484, 0, 484, 174}},
        {"ecdsa_secp256r1_sha512_test.json", SignatureAlgorithm::es256, {554, 0, 554, 243}},
        {"ecdsa_secp384r1_sha256_test.json", SignatureAlgorithm::es384, {472, 0, 472, 162}},
        {"ecdsa_secp384r1_sha384_test.json", SignatureAlgorithm::es384, {504, 0, 504, 194}},
        {"ecdsa_secp384r1_sha512_test.json", SignatureAlgorithm::es384, {542, 0, 542, 231}},
        {"ecdsa_secp521r1_sha512_test.json", SignatureAlgorithm::es512, {542, 0, 542, 232}},
    }};
    int executed = 0;
    for (const auto& file : files) {
      CAPTURE(file.name);
      const auto tally = run_signatures(file.name, file.algorithm, always_der);
      CHECK(tally == file.expected);
      executed += tally.executed;
    }
    CHECK(executed == 3098);
  }

  TEST_CASE("J-09: Ed25519: 151 vectors") {
    const auto tally = run_signatures("ed25519_test.json", SignatureAlgorithm::eddsa, no_waiver);
    CHECK(tally == Tally{151, 88, 63, 0});
  }
}
