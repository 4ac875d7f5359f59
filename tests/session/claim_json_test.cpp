#include "session/claim_json.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace gatelet::session;
using msgpack::Value;

namespace {

std::string json(Value::Data data) {
  std::string out;
  write_claim_json(Value(std::move(data)), out);
  return out;
}

}  // namespace

TEST_SUITE("session/claim_json") {
  TEST_CASE("write_claim_json: texts, numbers, flags and nothing") {
    CHECK(json(nullptr) == "null");
    CHECK(json(true) == "true");
    CHECK(json(std::int64_t{-5}) == "-5");
    CHECK(json(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(json(std::string("a\"b")) == "\"a\\\"b\"");
  }

  TEST_CASE("write_claim_json: floating numbers as Go prints them") {
    CHECK(json(1.5) == "1.5");
    CHECK(json(3.0) == "3");
    CHECK(json(-0.000001) == "-0.000001");
    CHECK(json(1e-7) == "1e-7");
    CHECK(json(1e20) == "100000000000000000000");
    CHECK(json(1e21) == "1e+21");
    CHECK(json(0.0) == "0");
    CHECK(json(std::numeric_limits<double>::infinity()) == "null");
    CHECK(json(std::numeric_limits<double>::quiet_NaN()) == "null");
  }

  TEST_CASE("write_claim_json: bytes as base64, moments as RFC 3339") {
    CHECK(json(msgpack::Binary{std::string("\0\xff\1", 3)}) == "\"AP8B\"");
    CHECK(json(msgpack::Time{1750000000, 5}) == "\"2025-06-15T15:06:40.000000005Z\"");
    CHECK(json(msgpack::Time{253402300800, 0}) == "null");
  }

  TEST_CASE("write_claim_json: members are sorted, and of one name the last counts") {
    CHECK(json(msgpack::Map{{"b", Value(true)}, {"a", Value()}, {"b", Value(false)}}) ==
          R"({"a":null,"b":false})");
    CHECK(json(msgpack::Array{Value(std::int64_t{1}), Value(msgpack::Array{})}) == "[1,[]]");
  }
}
