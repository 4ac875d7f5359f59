#include "base/bytes.hpp"

#include <doctest/doctest.h>

using namespace gatelet;

TEST_SUITE("base/bytes") {
  TEST_CASE("hex: there and back, either letter case") {
    CHECK(to_hex(std::string_view("\x00\xff\x1a", 3)) == "00ff1a");
    CHECK(from_hex("00fF1A") == std::string("\x00\xff\x1a", 3));
    CHECK(from_hex("") == "");
  }

  TEST_CASE("hex: an odd length or another character is refused") {
    CHECK_FALSE(from_hex("0"));
    CHECK_FALSE(from_hex("0g"));
    CHECK_FALSE(from_hex("0x"));
  }
}
