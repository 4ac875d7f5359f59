#include "base/keyed_hash.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace gatelet;

namespace {
std::array<unsigned char, 16> counting_key() {
  std::array<unsigned char, 16> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<unsigned char>(i);
  return key;
}
}  // namespace

TEST_SUITE("base/keyed_hash") {
  // Values of the reference implementation of SipHash-1-3 for the key 00 01 .. 0f and inputs 00 01 02 ...
  TEST_CASE("KeyedHash: equals SipHash-1-3 of the reference implementation") {
    const KeyedHash hash(counting_key());
    CHECK(hash("") == 0xabac0158050fc4dc);
    CHECK(hash(std::string_view("\x00", 1)) == 0xc9f49bf37d57ca93);
    CHECK(hash(std::string_view("\x00\x01", 2)) == 0x82cb9b024dc7d44d);
    CHECK(hash(std::string_view("\x00\x01\x02\x03\x04\x05\x06\x07", 8)) == 0x369095118d299a8e);
  }

  TEST_CASE("KeyedHash: every key bit and every input bit changes the value") {
    const std::string text = "0123456789abcdef01234";
    std::set<std::uint64_t> values{KeyedHash(counting_key())(text)};
    for (unsigned bit = 0; bit < 128; ++bit) {
      auto key = counting_key();
      key[bit / 8] = static_cast<unsigned char>(key[bit / 8] ^ 1u << bit % 8);
      CHECK(values.insert(KeyedHash(key)(text)).second);
    }
    for (unsigned bit = 0; bit < text.size() * 8; ++bit) {
      auto other = text;
      other[bit / 8] = static_cast<char>(other[bit / 8] ^ 1 << bit % 8);
      CHECK(values.insert(KeyedHash(counting_key())(other)).second);
    }
  }
}
