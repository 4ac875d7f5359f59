#include "crypto/cfb.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::crypto;

namespace {

CfbKey key_of(std::string_view hex) { return CfbKey::make(Secret(*from_hex(hex))).value(); }

}  // namespace

TEST_SUITE("crypto/cfb") {
  TEST_CASE("decrypt: SP 800-38A F.3.13, F.3.15 and F.3.17, CFB128 with each key size") {
    const std::string iv = "000102030405060708090a0b0c0d0e0f";
    const std::string plain =
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
    const auto check = [&](std::string_view key, const std::string& sealed) {
      CHECK(to_hex(key_of(key).decrypt(*from_hex(iv + sealed)).value()) == plain);
    };
    check("2b7e151628aed2a6abf7158809cf4f3c",
          "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
          "26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6");
    check("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
          "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a"
          "2e1e8a1dd59b88b1c8e60fed1efac4c9c05f9f9ca9834fa042ae8fba584b09ff");
    check("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
          "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b"
          "df10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471");
  }

  TEST_CASE("encrypt, decrypt: every size returns, each time under another start value") {
    const auto key = CfbKey::make(Secret(std::string(32, 'k'))).value();
    support::SeededEntropy entropy;
    for (std::size_t size = 0; size < 1100; ++size) {  // past two steps of key stream
      std::string plain(size, 'p');
      for (std::size_t i = 0; i < size; ++i) plain[i] = static_cast<char>(i * 7 + i / 256);
      const auto sealed = key.encrypt(plain, entropy).value();
      CHECK(sealed.size() == CfbKey::iv_size + size);
      CHECK(key.decrypt(sealed).value() == plain);
      CHECK(key.encrypt(plain, entropy).value() != sealed);
    }
  }

  TEST_CASE("decrypt_in_place: the text lies behind the start value") {
    const auto key = CfbKey::make(Secret(std::string(16, 'k'))).value();
    support::SeededEntropy entropy;
    auto sealed = key.encrypt("hello", entropy).value();
    REQUIRE(key.decrypt_in_place(sealed.data(), sealed.size()).ok());
    CHECK(sealed.substr(CfbKey::iv_size) == "hello");
  }

  TEST_CASE("decrypt: less than a start value is session_invalid") {
    const auto key = CfbKey::make(Secret(std::string(16, 'k'))).value();
    for (std::size_t size = 0; size < CfbKey::iv_size; ++size)
      CHECK(key.decrypt(std::string(size, 'x')).error().status == Status::session_invalid);
    CHECK(key.decrypt(std::string(CfbKey::iv_size, 'x')).value().empty());
  }

  TEST_CASE("decrypt: another key or a changed byte gives another text") {
    const auto key = CfbKey::make(Secret(std::string(32, 'k'))).value();
    support::SeededEntropy entropy;
    auto sealed = key.encrypt("hello, world", entropy).value();
    CHECK(CfbKey::make(Secret(std::string(32, 'K'))).value().decrypt(sealed).value() !=
          "hello, world");
    sealed[3] = static_cast<char>(sealed[3] ^ 1);
    CHECK(key.decrypt(sealed).value() != "hello, world");
  }

  TEST_CASE("make: only AES key sizes") {
    for (std::size_t size = 0; size < 70; ++size) {
      const auto key = CfbKey::make(Secret(std::string(size, 'k')));
      const bool is_aes = size == 16 || size == 24 || size == 32;
      CHECK(key.ok() == is_aes);
      if (!is_aes) CHECK(key.error().status == Status::invalid_value);
    }
  }

  TEST_CASE("MA-41: encrypt: without random bytes nothing is encrypted") {
    const auto key = CfbKey::make(Secret(std::string(32, 'k'))).value();
    support::FailingEntropy entropy(1);
    CHECK(key.encrypt("a", entropy).ok());
    CHECK(key.encrypt("a", entropy).error().status == Status::no_entropy);
  }

  TEST_CASE("decrypt: more threads than prepared contexts") {
    const auto key = CfbKey::make(Secret(std::string(32, 'k'))).value();
    support::SeededEntropy entropy;
    const auto sealed = key.encrypt("hello", entropy).value();
    std::vector<std::thread> threads;
    std::vector<int> wrong(24, 0);
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 500; ++round)
          wrong[i] += key.decrypt(sealed).value() == "hello" ? 0 : 1;
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(24, 0));
  }
}
