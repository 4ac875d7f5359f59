#include "base/base64url.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace gatelet;
using base64url::Padding;
using base64url::TrailingBits;

namespace {

// Written without a table, to have a second opinion.
std::optional<std::string> slow_decode(std::string_view text) {
  std::string bits;
  for (const char c : text) {
    int value = -1;
    if (c >= 'A' && c <= 'Z') value = c - 'A';
    if (c >= 'a' && c <= 'z') value = c - 'a' + 26;
    if (c >= '0' && c <= '9') value = c - '0' + 52;
    if (c == '-') value = 62;
    if (c == '_') value = 63;
    if (value < 0) return std::nullopt;
    for (int bit = 5; bit >= 0; --bit) bits += static_cast<char>('0' + (value >> bit & 1));
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  std::size_t i = 0;
  for (; i + 8 <= bits.size(); i += 8)
    out += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
  if (bits.find('1', i) != std::string::npos) return std::nullopt;
  return out;
}

}  // namespace

TEST_SUITE("base/base64url") {
  TEST_CASE("encode: RFC 4648 section 10 values, with and without padding") {
    CHECK(base64url::encode("") == "");
    CHECK(base64url::encode("f") == "Zg");
    CHECK(base64url::encode("fo") == "Zm8");
    CHECK(base64url::encode("foo") == "Zm9v");
    CHECK(base64url::encode("f", Padding::required) == "Zg==");
    CHECK(base64url::encode("fo", Padding::required) == "Zm8=");
    CHECK(base64url::encode("foo", Padding::required) == "Zm9v");
    CHECK(base64url::encode("\xfb\xff") == "-_8");
  }

  TEST_CASE("decode: gives back what encode wrote, every size, both paddings") {
    std::mt19937 random(7);
    for (std::size_t size = 0; size < 200; ++size) {
      std::string bytes(size, '\0');
      for (auto& c : bytes) c = static_cast<char>(random());
      for (const auto padding : {Padding::none, Padding::required}) {
        const auto text = base64url::encode(bytes, padding);
        CHECK(text.size() == base64url::encoded_size(size, padding));
        CHECK(base64url::decode(text, padding) == bytes);
      }
    }
  }

  TEST_CASE("decode: padding that is missing, short, long, inside or not wanted is refused") {
    CHECK_FALSE(base64url::decode("Zg", Padding::required));
    CHECK_FALSE(base64url::decode("Zg=", Padding::required));
    CHECK_FALSE(base64url::decode("Zg===", Padding::required));
    CHECK_FALSE(base64url::decode("Z===", Padding::required));
    CHECK_FALSE(base64url::decode("====", Padding::required));
    CHECK_FALSE(base64url::decode("Zg==Zg==", Padding::required));
    CHECK_FALSE(base64url::decode("Zm9v====", Padding::required));
    CHECK_FALSE(base64url::decode("Zg==", Padding::none));
  }

  TEST_CASE("decode: each byte at each place of a long text, as a decoder without tables has it") {
    const auto good = base64url::encode(std::string(33, '\xa5'));
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        auto text = good;
        text[at] = static_cast<char>(c);
        const auto expected = slow_decode(text);
        if (base64url::decode(text) != expected) {
          FAIL_CHECK("byte " << c << " at " << at);
        }
      }
    }
  }

  TEST_CASE("decode: writes no further than the bytes it says it needs") {
    for (std::size_t size = 0; size < 100; ++size) {
      const auto text = base64url::encode(std::string(size, 'x'));
      std::string out(base64url::max_decoded_size(text.size()) + 8, '#');
      CHECK(base64url::decode_into(text, out.data(), Padding::none) == size);
      CHECK(out.substr(out.size() - 8) == "########");
    }
  }

  TEST_CASE("decode: other alphabets, white space and a lone character are refused") {
    for (const auto* text :
         {"+_8", "-/8", "Zm 8", "Zm9v\n", " Zm9v", "Zm\t9v", "Z", "Zm9vZ", "Zm\x80v", "Zm9\xff"}) {
      CHECK_FALSE(base64url::decode(text));
    }
    CHECK_FALSE(base64url::decode(std::string_view("Zm9\0", 4)));
  }

  TEST_CASE("decode: bits that stand for nothing must be zero, unless told to ignore them") {
    CHECK_FALSE(base64url::decode("Zh"));
    CHECK_FALSE(base64url::decode("Zm9"));
    CHECK(base64url::decode("Zh", Padding::none, TrailingBits::ignored) == "f");
    CHECK(base64url::decode("Zm9", Padding::none, TrailingBits::ignored) == "fo");
  }

  TEST_CASE("decode: agrees with a decoder without tables on random text") {
    std::mt19937 random(11);
    constexpr std::string_view some = "ABCabc019-_Zz+/= ";
    for (int round = 0; round < 20000; ++round) {
      std::string text(random() % 12, '\0');
      for (auto& c : text) c = some[random() % (round % 2 ? some.size() : 13)];
      CHECK(base64url::decode(text) == slow_decode(text));
    }
  }
}
