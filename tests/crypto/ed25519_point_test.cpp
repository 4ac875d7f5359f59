#include "crypto/ed25519_point.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/bytes.hpp"

using namespace gatelet;
using namespace gatelet::crypto;

namespace {

bool is_fit(const std::string& hex) { return check_ed25519_point(*from_hex(hex)).ok(); }

}  // namespace

TEST_SUITE("crypto/ed25519_point") {
  TEST_CASE("check_ed25519_point: honest keys pass, also close to the prime") {
    CHECK(is_fit("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
    CHECK(is_fit("0200000000000000000000000000000000000000000000000000000000000000"));
    CHECK(is_fit("ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"));
    CHECK(is_fit("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7e"));
  }

  TEST_CASE("J-09: check_ed25519_point: points of small order, with either sign") {
    for (const std::string point :
         {"0000000000000000000000000000000000000000000000000000000000000000",
          "0100000000000000000000000000000000000000000000000000000000000000",
          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"}) {
      CHECK_FALSE(is_fit(point));
      auto other_sign = *from_hex(point);
      other_sign[31] = static_cast<char>(other_sign[31] | '\x80');
      CHECK_FALSE(check_ed25519_point(other_sign).ok());
    }
  }

  TEST_CASE("J-09: check_ed25519_point: a second encoding of a point is refused") {
    for (const std::string low : {"ed", "ee", "ef", "f5", "ff"}) {
      CHECK_FALSE(is_fit(low + std::string(60, 'f') + "7f"));
      CHECK_FALSE(is_fit(low + std::string(60, 'f') + "ff"));
    }
  }

  TEST_CASE("LB-14: check_ed25519_point: 31, 33 and 57 bytes are refused") {
    for (const std::size_t size : {0u, 31u, 33u, 57u})
      CHECK_FALSE(check_ed25519_point(std::string(size, '\x22')).ok());
    CHECK(check_ed25519_point(std::string(32, '\x22')).ok());
  }
}
