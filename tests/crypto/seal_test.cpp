#include "crypto/seal.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <set>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using crypto::Gcm;
using crypto::SealKey;

namespace {

constexpr std::size_t overhead = SealKey::nonce_size + SealKey::tag_size;

std::shared_ptr<const Gcm> gcm() {
  static const auto shared = std::make_shared<const Gcm>(Gcm::make().value());
  return shared;
}

SealKey key_of(std::string_view bytes) { return SealKey::make(Secret(bytes), gcm()).value(); }

// Ciphertext and tag.
std::string sealed_with(const SealKey& key, std::string_view nonce, std::string_view data,
                        std::string_view plain) {
  support::GivenEntropy entropy(nonce);
  std::string out;
  REQUIRE(key.seal(data, plain, entropy, out).ok());
  REQUIRE(out.starts_with(nonce));
  return out.substr(nonce.size());
}

// The plaintext, or the status's name; what is no plaintext has been wiped.
std::string opened(const SealKey& key, std::string_view data, std::string sealed) {
  const auto plain = key.open_in_place(data, sealed.data(), sealed.size());
  if (plain.ok()) return std::string(*plain);
  if (sealed.size() >= overhead) {
    CHECK(sealed.substr(SealKey::nonce_size) ==
          std::string(sealed.size() - SealKey::nonce_size, '\0'));
  }
  return std::string(status_name(plain.error().status));
}

std::string shake128(std::string_view text, std::size_t size) {
  std::string out(size, '\0');
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool done =
      EVP_DigestInit_ex(context, EVP_shake128(), nullptr) == 1 &&
      EVP_DigestUpdate(context, text.data(), text.size()) == 1 &&
      EVP_DigestFinalXOF(context, reinterpret_cast<unsigned char*>(out.data()), size) == 1;
  EVP_MD_CTX_free(context);
  REQUIRE(done);
  return out;
}

}  // namespace

TEST_SUITE("crypto/seal") {
  TEST_CASE("seal: the two vectors of c2sp.org/XAES-256-GCM, one for each first bit of L") {
    const std::string nonce = "ABCDEFGHIJKLMNOPQRSTUVWX";
    CHECK(to_hex(sealed_with(key_of(std::string(32, '\1')), nonce, "", "XAES-256-GCM")) ==
          "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
    CHECK(to_hex(sealed_with(key_of(std::string(32, '\3')), nonce, "c2sp.org/XAES-256-GCM",
                             "XAES-256-GCM")) ==
          "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
  }

  TEST_CASE("seal: the specification's accumulated test of 10 000 values, each opened again") {
    constexpr int num_values = 10'000;
    const auto stream = shake128("", num_values * (32 + 24 + 2 * 256));
    REQUIRE(to_hex(stream.substr(0, 16)) == "7f9c2ba4e88f827d616045507605853e");
    std::size_t at = 0;
    const auto take = [&](std::size_t size) {
      at += size;
      return std::string_view(stream).substr(at - size, size);
    };
    const auto take_counted = [&] { return take(static_cast<unsigned char>(take(1).front())); };
    std::string all;
    for (int i = 0; i < num_values; ++i) {
      const auto key = key_of(take(32));
      const auto nonce = take(24), plain = take_counted(), data = take_counted();
      const auto sealed = sealed_with(key, nonce, data, plain);
      REQUIRE(opened(key, data, std::string(nonce) + sealed) == plain);
      all += sealed;
    }
    CHECK(to_hex(shake128(all, 32)) ==
          "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939");
  }

  TEST_CASE("open_in_place: any bit of nonce, text, tag or data changed is not authentic") {
    const auto key = key_of(std::string(32, 'k'));
    support::SeededEntropy entropy;
    std::string sealed;
    REQUIRE(key.seal("data", "hello", entropy, sealed).ok());
    REQUIRE(sealed.size() == 5 + overhead);
    for (std::size_t i = 0; i < sealed.size() * 8; ++i) {
      auto changed = sealed;
      changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << i % 8));
      CHECK(opened(key, "data", changed) == "session_invalid");
    }
    for (std::size_t size = 0; size < sealed.size(); ++size)
      CHECK(opened(key, "data", sealed.substr(0, size)) == "session_invalid");
    CHECK(opened(key, "datb", sealed) == "session_invalid");
    CHECK(opened(key, "", sealed) == "session_invalid");
    CHECK(opened(key_of(std::string(32, 'K')), "data", sealed) == "session_invalid");
    CHECK(opened(key, "data", sealed + '\0') == "session_invalid");
    CHECK(opened(key, "data", sealed) == "hello");  // after all that
  }

  TEST_CASE("seal: the same text twice gives two values; no nonce comes again") {
    const auto key = key_of(std::string(32, 'k'));
    support::SeededEntropy entropy;
    std::set<std::string> nonces, texts;
    for (int i = 0; i < 20'000; ++i) {
      std::string sealed;
      REQUIRE(key.seal("data", "hello", entropy, sealed).ok());
      nonces.insert(sealed.substr(0, SealKey::nonce_size));
      texts.insert(sealed.substr(SealKey::nonce_size));
    }
    CHECK(nonces.size() == 20'000);
    CHECK(texts.size() == 20'000);
  }

  TEST_CASE("seal: appends; without random bytes it leaves out as it was") {
    const auto key = key_of(std::string(32, 'k'));
    support::FailingEntropy entropy(1);
    std::string out = "before";
    REQUIRE(key.seal("data", "", entropy, out).ok());
    CHECK(out.size() == 6 + overhead);
    CHECK(opened(key, "data", out.substr(6)).empty());
    out = "before";
    CHECK(key.seal("data", "hello", entropy, out).error().status == Status::no_entropy);
    CHECK(out == "before");
  }

  TEST_CASE("make: a key of another size is refused") {
    for (std::size_t size = 0; size < 70; ++size) {
      const auto key = SealKey::make(Secret(std::string(size, 'k')), gcm());
      CHECK(key.ok() == (size == 32));
      if (!key.ok()) CHECK(key.error().status == Status::invalid_value);
    }
  }

  TEST_CASE("open_in_place: more threads than prepared contexts share one key") {
    const auto key = key_of(std::string(32, 'k'));
    std::vector<std::thread> threads;
    std::vector<int> wrong(24, 0);
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      threads.emplace_back([&, i] {
        support::SeededEntropy entropy(i);
        for (int round = 0; round < 300; ++round) {
          std::string sealed;
          const bool is_sealed = key.seal("data", "hello", entropy, sealed).ok();
          const auto plain = key.open_in_place("data", sealed.data(), sealed.size());
          wrong[i] += is_sealed && plain.ok() && *plain == "hello" ? 0 : 1;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(24, 0));
  }
}
