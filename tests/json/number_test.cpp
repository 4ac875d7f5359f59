#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "json/reader.hpp"

using namespace gatelet;
using namespace gatelet::json;

namespace {

std::optional<std::int64_t> int64_of(std::string text) { return to_int64(Number{std::move(text)}); }
std::optional<std::int64_t> seconds_of(std::string text) {
  return to_seconds(Number{std::move(text)});
}

}  // namespace

TEST_SUITE("json/number") {
  TEST_CASE("to_int64: reads the whole range") {
    CHECK(int64_of("0") == 0);
    CHECK(int64_of("-0") == 0);
    CHECK(int64_of("1750000000") == 1750000000);
    CHECK(int64_of("9007199254740993") == 9007199254740993);  // 2^53 + 1: no double on the way
    CHECK(int64_of("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    CHECK(int64_of("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  }

  TEST_CASE(
      "to_int64: refuses what is out of range, has a fraction or an exponent, or is no number") {
    for (const auto* text : {"9223372036854775808",
                             "-9223372036854775809",
                             "1e3",
                             "1.0",
                             "1E0",
                             "0.5",
                             "99999999999999999999999999",
                             "",
                             "-",
                             "01",
                             "-01",
                             "+1",
                             " 1",
                             "1 ",
                             "0x10",
                             "1_000",
                             "NaN",
                             "Infinity",
                             "true",
                             "1,5"}) {
      CAPTURE(text);
      CHECK_FALSE(int64_of(text));
    }
  }

  TEST_CASE("to_seconds: whole numbers, fractions and exponents come out exact, rounded down") {
    CHECK(seconds_of("0") == 0);
    CHECK(seconds_of("-0") == 0);
    CHECK(seconds_of("-0.0") == 0);
    CHECK(seconds_of("2147483648") == 2147483648);
    CHECK(seconds_of("1.5e9") == 1500000000);
    CHECK(seconds_of("15E+8") == 1500000000);
    CHECK(seconds_of("1750000000.999999999999999999") == 1750000000);
    CHECK(seconds_of("0.9999999999999999999999999") == 0);
    CHECK(seconds_of("1.5") == 1);
    CHECK(seconds_of("-1.5") == -2);
    CHECK(seconds_of("-0.000000001") == -1);
    CHECK(seconds_of("123456e-3") == 123);
    CHECK(seconds_of("-123456e-3") == -124);
    CHECK(seconds_of("1e-400") == 0);
    CHECK(seconds_of("-1e-400") == -1);
    CHECK(seconds_of("0e99999999999999999999") == 0);
    CHECK(seconds_of("0.0000000001e20") == 10000000000);
  }

  TEST_CASE("MA-21: to_seconds: years 1 to 9999 and nothing beyond, huge numbers included") {
    CHECK(seconds_of("253402300799") == 253402300799);
    CHECK(seconds_of("253402300799.9") == 253402300799);
    CHECK(seconds_of("-62135596800") == -62135596800);
    CHECK(seconds_of("-1") == -1);
    for (const auto* text :
         {"253402300800", "-62135596801", "-62135596800.1", "1e300", "1e400", "-1e300",
          "1e99999999999999999999", "9223372036854775807", "9223372036854775808",
          "99999999999999999999999999999999999999", "2534023008e2"}) {
      CAPTURE(text);
      CHECK_FALSE(seconds_of(text));
    }
  }

  TEST_CASE("to_seconds: what is no JSON number is none") {
    for (const auto* text : {"", "-", "01", "1.", ".5", "1e", "1e+", "e5", "1.5.5", "1e5e5", "NaN",
                             "inf", "0x1", "1 ", " 1", "+1", "--1"}) {
      CAPTURE(text);
      CHECK_FALSE(seconds_of(text));
    }
  }
}
