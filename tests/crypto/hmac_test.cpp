#include "crypto/hmac.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "base/bytes.hpp"

using namespace gatelet;
using namespace gatelet::crypto;

namespace {

std::string mac_hex(Digest digest, std::string_view key, std::string_view text) {
  return to_hex(HmacKey::make(digest, Secret(key)).value().mac({text}).value());
}

}  // namespace

TEST_SUITE("crypto/hmac") {
  TEST_CASE("mac: RFC 4231 test case 2, three hashes") {
    CHECK(mac_hex(Digest::sha256, "Jefe", "what do ya want for nothing?") ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(mac_hex(Digest::sha384, "Jefe", "what do ya want for nothing?") ==
          "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
          "8e2240ca5e69e2c78b3239ecfab21649");
    CHECK(mac_hex(Digest::sha512, "Jefe", "what do ya want for nothing?") ==
          "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
          "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
  }

  TEST_CASE("mac: RFC 4231 test case 6, a key longer than a block is hashed first") {
    const std::string key(131, '\xaa');
    CHECK(mac_hex(Digest::sha256, key, "Test Using Larger Than Block-Size Key - Hash Key First") ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    CHECK(mac_hex(Digest::sha512, key, "Test Using Larger Than Block-Size Key - Hash Key First") ==
          "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
          "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
  }

  TEST_CASE("mac: parts count as one text, wherever they are cut") {
    const auto key = HmacKey::make(Digest::sha256, Secret("k")).value();
    const std::string text = "name|value|time";
    const auto whole = key.mac({text}).value();
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      const std::string_view view(text);
      CHECK(key.mac({view.substr(0, cut), "", view.substr(cut)}).value() == whole);
    }
    CHECK(key.mac({}).value() == key.mac({""}).value());
  }

  TEST_CASE("mac: a key serves again and again, each message alone") {
    const auto key = HmacKey::make(Digest::sha256, Secret("k")).value();
    const auto first = key.mac({"a"}).value();
    CHECK(key.mac({"b"}).value() != first);
    CHECK(key.mac({"a"}).value() == first);
  }

  TEST_CASE("make: an empty key is refused") {
    CHECK(HmacKey::make(Digest::sha256, Secret()).error().status == Status::invalid_value);
    CHECK(HmacKey::make(Digest::sha256, Secret("x")).ok());
  }

  TEST_CASE("verify: only the whole MAC of these parts under this key") {
    const auto key = HmacKey::make(Digest::sha256, Secret("k")).value();
    const auto mac = key.mac({"text"}).value();
    CHECK(key.verify({"te", "xt"}, mac));
    CHECK_FALSE(key.verify({"texT"}, mac));
    CHECK_FALSE(key.verify({"text"}, mac.substr(0, 31)));
    CHECK_FALSE(key.verify({"text"}, mac + '\0'));
    CHECK_FALSE(key.verify({"text"}, ""));
    CHECK_FALSE(HmacKey::make(Digest::sha256, Secret("K")).value().verify({"text"}, mac));
    for (std::size_t i = 0; i < mac.size(); ++i) {
      auto changed = mac;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      CHECK_FALSE(key.verify({"text"}, changed));
    }
  }

  TEST_CASE("mac: more threads than prepared contexts all compute the same") {
    const auto key = HmacKey::make(Digest::sha256, Secret("k")).value();
    const auto expected = key.mac({"text"}).value();
    std::vector<std::thread> threads;
    std::vector<int> wrong(24, 0);
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 500; ++round)
          wrong[i] += key.verify({"text"}, expected) ? 0 : 1;
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(24, 0));
  }

  TEST_CASE("HmacKey: moves keep the key working") {
    auto key = HmacKey::make(Digest::sha256, Secret("k")).value();
    const auto mac = key.mac({"a"}).value();
    HmacKey moved(std::move(key));
    auto other = HmacKey::make(Digest::sha256, Secret("other")).value();
    other = std::move(moved);
    CHECK(other.verify({"a"}, mac));
  }
}
