#include "crypto/pkey.hpp"

#include <doctest/doctest.h>
#include <openssl/err.h>

#include <array>
#include <thread>
#include <utility>
#include <vector>

#include "support/token_mint.hpp"

using namespace gatelet;
using namespace gatelet::crypto;
using support::MintKey;
using support::test_key;

namespace {

using Named = std::pair<SignatureAlgorithm, const char*>;
constexpr std::array<Named, 10> algorithms = {{{SignatureAlgorithm::rs256, "RS256"},
                                               {SignatureAlgorithm::rs384, "RS384"},
                                               {SignatureAlgorithm::rs512, "RS512"},
                                               {SignatureAlgorithm::ps256, "PS256"},
                                               {SignatureAlgorithm::ps384, "PS384"},
                                               {SignatureAlgorithm::ps512, "PS512"},
                                               {SignatureAlgorithm::es256, "ES256"},
                                               {SignatureAlgorithm::es384, "ES384"},
                                               {SignatureAlgorithm::es512, "ES512"},
                                               {SignatureAlgorithm::eddsa, "EdDSA"}}};

const MintKey& signer(std::string_view algorithm) {
  if (algorithm == "ES256") return test_key(MintKey::Kind::p256);
  if (algorithm == "ES384") return test_key(MintKey::Kind::p384);
  if (algorithm == "ES512") return test_key(MintKey::Kind::p521);
  if (algorithm == "EdDSA") return test_key(MintKey::Kind::ed25519);
  return test_key(MintKey::Kind::rsa_2048);
}

PublicKey public_key(const MintKey& key) { return PublicKey::pem(key.public_pem()).value(); }

std::string flipped(std::string text, std::size_t at) {
  text[at] = static_cast<char>(text[at] ^ 1);
  return text;
}

}  // namespace

TEST_SUITE("crypto/pkey") {
  TEST_CASE("verify: each algorithm accepts its signature, twice from one context") {
    for (const auto& [algorithm, name] : algorithms) {
      const auto tried = name;  // clang 14 captures no structured binding
      CAPTURE(tried);
      const auto key = public_key(signer(name));
      CHECK(key.fits(algorithm));
      const auto signature = signer(name).sign(name, "text");
      CHECK(key.verify(algorithm, "text", signature));
      CHECK(key.verify(algorithm, "text", signature));
      CHECK(key.verify(algorithm, "", signer(name).sign(name, "")));
    }
  }

  TEST_CASE("verify: another text, another signature, another key, and right again afterwards") {
    for (const auto& [algorithm, name] : algorithms) {
      const auto tried = name;  // clang 14 captures no structured binding
      CAPTURE(tried);
      const auto key = public_key(signer(name));
      const auto signature = signer(name).sign(name, "text");
      CHECK_FALSE(key.verify(algorithm, "texT", signature));
      CHECK_FALSE(key.verify(algorithm, "", signature));
      for (const std::size_t at : {std::size_t{0}, signature.size() / 2, signature.size() - 1})
        CHECK_FALSE(key.verify(algorithm, "text", flipped(signature, at)));
      CHECK(key.verify(algorithm, "text", signature));
    }
  }

  TEST_CASE("LB-14: verify: a signature of any other size is refused") {
    for (const auto& [algorithm, name] : algorithms) {
      const auto tried = name;  // clang 14 captures no structured binding
      CAPTURE(tried);
      const auto key = public_key(signer(name));
      const auto signature = signer(name).sign(name, "text");
      CHECK_FALSE(key.verify(algorithm, "text", ""));
      CHECK_FALSE(key.verify(algorithm, "text", signature.substr(1)));
      CHECK_FALSE(key.verify(algorithm, "text", signature.substr(0, signature.size() - 1)));
      CHECK_FALSE(key.verify(algorithm, "text", '\0' + signature));
      CHECK_FALSE(key.verify(algorithm, "text", signature + '\0'));
      for (const std::size_t size : {63u, 64u, 65u, 96u, 132u, 256u})
        CHECK_FALSE(key.verify(algorithm, "text", std::string(size, '\0')));
    }
  }

  TEST_CASE("LB-05: verify: each algorithm refuses what every other one signed") {
    for (const auto& [algorithm, name] : algorithms) {
      const auto key = public_key(signer(name));
      for (const auto& [other, other_name] : algorithms) {
        const auto tried = name;  // clang 14 captures no structured binding
        CAPTURE(tried);
        const auto other_tried = other_name;
        CAPTURE(other_tried);
        const auto signature = signer(other_name).sign(other_name, "text");
        CHECK(key.verify(algorithm, "text", signature) == (algorithm == other));
        CHECK(key.verify(other, "text", signature) == key.fits(other));
      }
    }
  }

  TEST_CASE("LB-01: verify: a name of another family with the same hash changes nothing") {
    const auto rsa = public_key(test_key(MintKey::Kind::rsa_2048));
    const auto rs256 = test_key(MintKey::Kind::rsa_2048).sign("RS256", "text");
    REQUIRE(rsa.verify(SignatureAlgorithm::rs256, "text", rs256));
    CHECK_FALSE(rsa.verify(SignatureAlgorithm::es256, "text", rs256));
    const auto p256 = public_key(test_key(MintKey::Kind::p256));
    const auto es256 = test_key(MintKey::Kind::p256).sign("ES256", "text");
    REQUIRE(p256.verify(SignatureAlgorithm::es256, "text", es256));
    CHECK_FALSE(p256.verify(SignatureAlgorithm::rs256, "text", es256));
    const auto ed25519 = public_key(test_key(MintKey::Kind::ed25519));
    const auto eddsa = test_key(MintKey::Kind::ed25519).sign("EdDSA", "text");
    REQUIRE(ed25519.verify(SignatureAlgorithm::eddsa, "text", eddsa));
    CHECK_FALSE(ed25519.verify(SignatureAlgorithm::es512, "text", eddsa));
  }

  TEST_CASE("fits: a key has one family, a curve one algorithm") {
    const auto count = [](const PublicKey& key) {
      int fitting = 0;
      for (const auto& [algorithm, name] : algorithms) fitting += key.fits(algorithm) ? 1 : 0;
      return fitting;
    };
    CHECK(count(public_key(test_key(MintKey::Kind::rsa_2048))) == 6);
    for (const auto kind :
         {MintKey::Kind::p256, MintKey::Kind::p384, MintKey::Kind::p521, MintKey::Kind::ed25519})
      CHECK(count(public_key(test_key(kind))) == 1);
  }

  TEST_CASE("J-06: ec: coordinates of exact size that name a point of the curve") {
    const auto& key = test_key(MintKey::Kind::p256);
    const auto x = key.first_parameter();
    const auto y = key.second_parameter();
    using Kind = PublicKey::Kind;
    CHECK(PublicKey::ec(Kind::ec_p256, x, y).ok());
    CHECK(PublicKey::ec(Kind::ec_p256, x, flipped(y, 31)).error().status == Status::malformed);
    CHECK_FALSE(PublicKey::ec(Kind::ec_p256, '\0' + x, y).ok());
    CHECK_FALSE(PublicKey::ec(Kind::ec_p256, x.substr(1), y).ok());
    CHECK_FALSE(PublicKey::ec(Kind::ec_p256, x, "").ok());
    CHECK_FALSE(PublicKey::ec(Kind::ec_p256, std::string(32, '\0'), std::string(32, '\0')).ok());
    CHECK_FALSE(PublicKey::ec(Kind::ec_p256, std::string(32, '\xff'), y).ok());
    CHECK_FALSE(PublicKey::ec(Kind::ec_p384, x, y).ok());
    CHECK_FALSE(
        PublicKey::ec(Kind::ec_p384, std::string(16, '\0') + x, std::string(16, '\0') + y).ok());
    CHECK_FALSE(PublicKey::ec(Kind::rsa, x, y).ok());
    CHECK_FALSE(PublicKey::ec(Kind::ed25519, x, y).ok());
    const auto& other = test_key(MintKey::Kind::secp256k1);
    CHECK_FALSE(
        PublicKey::ec(Kind::ec_p256, other.first_parameter(), other.second_parameter()).ok());
  }

  TEST_CASE("J-07: rsa: 1024 bits are refused, 2048 are not") {
    const auto& weak = test_key(MintKey::Kind::rsa_1024);
    const auto& good = test_key(MintKey::Kind::rsa_2048);
    CHECK_FALSE(PublicKey::rsa(weak.first_parameter(), weak.second_parameter()).ok());
    CHECK(PublicKey::rsa(good.first_parameter(), good.second_parameter()).ok());
    CHECK_FALSE(PublicKey::pem(weak.public_pem()).ok());
  }

  TEST_CASE("J-09: ed25519: 32 bytes of an honest point") {
    CHECK(PublicKey::ed25519(test_key(MintKey::Kind::ed25519).first_parameter()).ok());
    CHECK_FALSE(PublicKey::ed25519(std::string(32, '\0')).ok());
    CHECK_FALSE(PublicKey::ed25519(std::string(31, '\x22')).ok());
  }

  TEST_CASE("verify: leaves the host's OpenSSL errors, and adds none") {
    const auto key = public_key(test_key(MintKey::Kind::rsa_2048));
    ERR_clear_error();
    CHECK_FALSE(key.verify(SignatureAlgorithm::rs256, "text", std::string(256, '\x11')));
    CHECK(ERR_peek_error() == 0);
    ERR_raise(ERR_LIB_USER, 42);
    CHECK_FALSE(key.verify(SignatureAlgorithm::ps256, "text", std::string(256, '\x11')));
    CHECK(ERR_GET_REASON(ERR_peek_last_error()) == 42);
    ERR_clear_error();
  }

  TEST_CASE("verify: more threads than prepared contexts, good and bad signatures mixed") {
    const auto key = public_key(test_key(MintKey::Kind::rsa_2048));
    const auto signature = test_key(MintKey::Kind::rsa_2048).sign("RS256", "text");
    const auto bad = flipped(signature, 9);
    std::vector<std::thread> threads;
    std::vector<int> wrong(12, 0);
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 50; ++round) {
          wrong[i] += key.verify(SignatureAlgorithm::rs256, "text", signature) ? 0 : 1;
          wrong[i] += key.verify(SignatureAlgorithm::rs256, "text", bad) ? 1 : 0;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(12, 0));
  }
}
