#include "base/utf8.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using namespace gatelet;

namespace {

std::string encoded(std::uint32_t point) {
  std::string out;
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6), put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12), put(0x80 | (point >> 6 & 0x3f)), put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18), put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f)), put(0x80 | (point & 0x3f));
  }
  return out;
}

}  // namespace

TEST_SUITE("base/utf8") {
  TEST_CASE("utf8_size: every code point has its size, every surrogate has none") {
    for (std::uint32_t point = 0; point <= 0x110010; ++point) {
      const auto text = encoded(point);
      const bool is_scalar = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
      if (utf8_size(text) != (is_scalar ? text.size() : 0)) FAIL("code point ", point);
    }
  }

  TEST_CASE("utf8_size: a sequence cut short or empty has none") {
    CHECK(utf8_size("") == 0);
    for (const std::uint32_t point : {0xe9u, 0x20acu, 0x1f600u}) {
      auto text = encoded(point);
      while (text.pop_back(), !text.empty()) CHECK(utf8_size(text) == 0);
    }
  }

  TEST_CASE("utf8_size: overlong forms, bare continuation bytes and bytes above F4 are refused") {
    for (const auto* text :
         {"\xc0\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xf0\x80\x80\xaf",
          "\xf0\x8f\xbf\xbf", "\x80", "\xbf", "\xf5\x80\x80\x80", "\xfe", "\xff", "\xc3\x28",
          "\xe2\x82\x28", "\xf4\x90\x80\x80"}) {
      CHECK(utf8_size(text) == 0);
    }
  }

  TEST_CASE("is_utf8: one bad byte anywhere spoils the text, the same text without it passes") {
    const std::string good =
        "plain ASCII text, then \xc3\xa9 and \xe2\x82\xac and \xf0\x9f\x98\x80.";
    CHECK(is_utf8(good));
    CHECK(is_utf8(""));
    for (std::size_t i = 0; i <= good.size(); ++i) {
      auto bad = good;
      bad.insert(i, 1, '\xff');
      CHECK_FALSE(is_utf8(bad));
    }
  }
}
