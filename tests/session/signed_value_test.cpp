#include "session/signed_value.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::session;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t stamp = 1767225600;

const crypto::HmacKey& key() {
  static const auto made =
      crypto::HmacKey::make(crypto::Digest::sha256, Secret("0123456789abcdef")).value();
  return made;
}

std::string sign(std::string_view payload, std::int64_t seconds = stamp,
                 std::string_view name = "name") {
  return write_signed(key(), name, payload, seconds).value();
}

Result<SignedParts> check(std::string_view value, std::chrono::seconds lifetime = 3600s,
                          Instant now = at_unix(stamp + 1), std::string_view name = "name") {
  return check_signed(key(), name, value, lifetime, now);
}

}  // namespace

TEST_SUITE("session/signed_value") {
  TEST_CASE("check_signed: what write_signed wrote, under the same name") {
    const auto value = sign("payload");
    const auto parts = check(value).value();
    CHECK(parts.seconds == stamp);
    std::string out;
    CHECK(decode_payload(parts.payload, out).value() == 7);
    CHECK(out.substr(0, 7) == "payload");
    CHECK(check(value, 3600s, at_unix(stamp + 1), "nam").error().text ==
          "the cookie's signature does not match");
    CHECK_FALSE(
        check_signed(
            crypto::HmacKey::make(crypto::Digest::sha256, Secret("0123456789abcdeg")).value(),
            "name", value, 3600s, at_unix(stamp))
            .ok());
  }

  TEST_CASE("split_signed: three fields, digits, a MAC of 44 characters, nothing else") {
    const auto mac = std::string(43, 'A') + "=";
    CHECK(split_signed("YQ==|0|" + mac).value().seconds == 0);
    CHECK(split_signed("|9223372036854775807|" + mac).value().seconds == INT64_MAX);
    for (const char* bad : {"", "a", "a|1", "||", "a||", "|||"})
      CHECK_FALSE(split_signed(bad + mac).has_value());
    for (const char* number : {"", "+1", "-1", "01", "00", "1.0", "0x1", "1_0", " 1", "1 ",
                               "9223372036854775808", "1e3"})
      CHECK_FALSE(split_signed("YQ==|" + std::string(number) + "|" + mac).has_value());
    CHECK_FALSE(split_signed("YQ==|1|" + mac.substr(1)).has_value());
    CHECK_FALSE(split_signed("YQ==|1|" + mac + "=").has_value());
    CHECK_FALSE(split_signed("YQ==|1|2|" + mac.substr(2)).has_value());
  }

  TEST_CASE("check_signed: a MAC that is no strict base64url is refused") {
    auto value = sign("payload");
    CHECK(check(value).ok());
    // The last character but one carries two bits that stand for nothing.
    auto& last = value[value.size() - 2];
    const auto before = last;
    for (const char c :
         std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_+/")) {
      last = c;
      CHECK(check(value).ok() == (c == before));
    }
  }

  TEST_CASE("check_signed: the window is open at both ends") {
    const auto value = sign("p");
    CHECK_FALSE(check(value, 60s, at_unix(stamp + 60)).ok());
    CHECK(check(value, 60s, at_unix(stamp + 60) - 1ns).ok());
    CHECK(check(value, 60s, at_unix(stamp - 300) + 1ns).ok());
    CHECK_FALSE(check(value, 60s, at_unix(stamp - 300)).ok());
    CHECK(check(value, 60s, at_unix(stamp - 301)).error().text ==
          "the cookie is too old, or from the future");
    CHECK(check(value, 0s, at_unix(stamp + 1'000'000'000)).ok());
    CHECK_FALSE(check(sign("p", INT64_MAX)).ok());
    CHECK_FALSE(check(sign("p", 0)).ok());
  }

  TEST_CASE("decode_payload: only base64url with its padding") {
    std::string out;
    CHECK(decode_payload("YWI=", out).value() == 2);
    for (const char* bad : {"YWI", "YWJ=", "YW+=", "Y", "YWI==", "YW I", "=YWI"})
      CHECK(decode_payload(bad, out).error().status == Status::session_invalid);
  }

  TEST_CASE("OP-20: bytes moved across any field border are refused") {
    const auto value = sign("the payload of a cookie!");  // 24 bytes: no padding to stop a shift
    REQUIRE(value.find('=') == value.size() - 1);
    const auto first = value.find('|');
    std::string digits = value;
    digits.erase(first, 1);
    for (std::size_t border = 0; border < first + 10; ++border) {
      auto moved = digits;
      moved.insert(border, "|");
      if (border == first) {
        CHECK(check(moved).ok());
        continue;
      }
      CAPTURE(border);
      const auto result = check(moved);
      std::string out;
      // A border moved into the payload makes the stamp no number; one moved into the stamp
      // leaves a moment long ago, or a payload whose size is no multiple of four.
      CHECK((!result.ok() || !decode_payload(result->payload, out).ok()));
    }
  }

  TEST_CASE("EN-04: a longer stamp cannot be had by moving the payload's last digits") {
    // "...1234" + "1767225600": all four digits belong to the MAC's input either way.
    const auto value = sign(std::string("\xd7\x6d\xf8\xd7\x6d\xf8", 6));  // "1234" twice
    const auto first = value.find('|');
    REQUIRE(value.substr(0, first) == "12341234");
    for (std::size_t moved = 1; moved <= 4; ++moved) {
      auto shifted = value;
      shifted.erase(first, 1);
      shifted.insert(first - moved, "|");
      CHECK_FALSE(check(shifted).ok());
    }
  }
}
