#include "crypto/gcm.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/bytes.hpp"

using namespace gatelet;
using crypto::Gcm;

namespace {

const std::string nonce(Gcm::nonce_size, 'n');

// The plaintext, or the status's name.
std::string opened(const Gcm& gcm, std::string_view key, std::string_view data, std::string sealed,
                   std::string_view with = nonce) {
  const auto done = gcm.open_in_place(key, with, data, sealed.data(), sealed.size());
  if (done.ok()) return sealed.substr(0, sealed.size() - Gcm::tag_size);
  if (sealed.size() >= Gcm::tag_size) CHECK(sealed == std::string(sealed.size(), '\0'));
  return std::string(status_name(done.error().status));
}

}  // namespace

TEST_SUITE("crypto/gcm") {
  TEST_CASE("seal: the GCM specification's test case 4 (AES-128), 10 (AES-192), 16 (AES-256)") {
    const auto gcm = Gcm::make().value();
    const auto iv = *from_hex("cafebabefacedbaddecaf888");
    const auto data = *from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const auto plain = *from_hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e24"
        "49a6b525b16aedf5aa0de657ba637b39");
    const std::string key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    const auto check = [&](std::size_t size, const char* sealed) {
      std::string out;
      REQUIRE(gcm.seal(*from_hex(key.substr(0, 2 * size)), iv, data, plain, out).ok());
      CHECK(to_hex(out) == sealed);
    };
    check(16,
          "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5a"
          "ac84aa051ba30b396a0aac973d58e091"
          "5bc94fbc3221a5db94fae95ae7121a47");
    check(24,
          "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18"
          "c84a3f4718e2448b2fe324d9ccda2710"
          "2519498e80f1478f37ba55bd6d27618c");
    check(32,
          "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10"
          "56828838c5f61e6393ba7a0abcc9f662"
          "76fc6ece0f4e1768cddf8853bb2d551b");
  }

  TEST_CASE("open_in_place: every size returns; out is appended to") {
    const auto gcm = Gcm::make().value();
    for (const std::size_t key_size : {16u, 24u, 32u}) {
      const std::string key(key_size, 'k');
      for (std::size_t size = 0; size < 70; ++size) {
        const std::string plain(size, 'p');
        std::string out = "before";
        REQUIRE(gcm.seal(key, nonce, "data", plain, out).ok());
        CHECK(out.size() == 6 + size + Gcm::tag_size);
        CHECK(opened(gcm, key, "data", out.substr(6)) == plain);
      }
    }
  }

  TEST_CASE("open_in_place: any bit of text, tag, data, nonce or key changed is not authentic") {
    const auto gcm = Gcm::make().value();
    const std::string key(32, 'k');
    std::string sealed;
    REQUIRE(gcm.seal(key, nonce, "data", "hello", sealed).ok());
    for (std::size_t i = 0; i < sealed.size() * 8; ++i) {
      auto changed = sealed;
      changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << i % 8));
      CHECK(opened(gcm, key, "data", changed) == "session_invalid");
    }
    CHECK(opened(gcm, key, "datb", sealed) == "session_invalid");
    CHECK(opened(gcm, key, "", sealed) == "session_invalid");
    CHECK(opened(gcm, key, "data", sealed, std::string(12, 'm')) == "session_invalid");
    CHECK(opened(gcm, std::string(32, 'K'), "data", sealed) == "session_invalid");
    CHECK(opened(gcm, std::string(16, 'k'), "data", sealed) == "session_invalid");
    for (std::size_t size = 0; size < sealed.size(); ++size) {
      CHECK(opened(gcm, key, "data", sealed.substr(0, size)) == "session_invalid");
    }
    CHECK(opened(gcm, key, "data", sealed) == "hello");  // after all that
  }

  TEST_CASE("seal, open_in_place: another size of key or nonce is refused") {
    const auto gcm = Gcm::make().value();
    for (std::size_t size = 0; size < 40; ++size) {
      const bool is_key = size == 16 || size == 24 || size == 32;
      std::string out = "before";
      CHECK(gcm.seal(std::string(size, 'k'), nonce, "", "x", out).ok() == is_key);
      CHECK(is_key == (out != "before"));
      out = "before";
      const bool is_nonce = size == Gcm::nonce_size;
      CHECK(gcm.seal(std::string(16, 'k'), std::string(size, 'n'), "", "x", out).ok() == is_nonce);
      std::string sealed(32, 's');
      CHECK(
          gcm.open_in_place(std::string(size, 'k'), nonce, "", sealed.data(), 32).error().status ==
          (is_key ? Status::session_invalid : Status::invalid_value));
    }
  }

  TEST_CASE("open_in_place: more threads than prepared contexts, each with keys of its own") {
    const auto gcm = Gcm::make().value();
    std::vector<std::thread> threads;
    std::vector<int> wrong(24, 0);
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 300; ++round) {
          const std::string key(16 + 8 * (i % 3), static_cast<char>('a' + i));
          std::string sealed;
          const bool is_done =
              gcm.seal(key, nonce, "d", "hello", sealed).ok() &&
              gcm.open_in_place(key, nonce, "d", sealed.data(), sealed.size()).ok();
          wrong[i] += is_done && sealed.starts_with("hello") ? 0 : 1;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(24, 0));
  }
}
