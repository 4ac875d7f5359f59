#include "base/constant_time.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;

TEST_SUITE("base/constant_time") {
  TEST_CASE("equal_constant_time: equal texts are equal, the empty ones too") {
    CHECK(equal_constant_time("", ""));
    CHECK(equal_constant_time("abc", "abc"));
  }

  TEST_CASE("equal_constant_time: one changed bit anywhere, or another length, is a difference") {
    const std::string text(100, 'x');
    for (std::size_t i = 0; i < text.size(); ++i) {
      auto other = text;
      other[i] = static_cast<char>(other[i] ^ 0x80);
      CHECK_FALSE(equal_constant_time(text, other));
    }
    CHECK_FALSE(equal_constant_time("abc", "abcd"));
    CHECK_FALSE(equal_constant_time("", "a"));
  }
}
