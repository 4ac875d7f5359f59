#include "crypto/ecdsa_signature.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/bytes.hpp"

using namespace gatelet;
using namespace gatelet::crypto;

namespace {

const std::string p256_order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

std::string number(std::string_view tail, std::size_t size = 32) {
  return std::string(2 * size - tail.size(), '0').append(tail);
}

std::string der_hex(const std::string& hex, const std::string& order_hex = p256_order) {
  const auto order = *from_hex(order_hex);
  const auto der = der_from_jose(
      *from_hex(hex), {reinterpret_cast<const unsigned char*>(order.data()), order.size()});
  if (!der) return "refused";
  return to_hex({reinterpret_cast<const char*>(der->bytes.data()), der->size});
}

}  // namespace

TEST_SUITE("crypto/ecdsa_signature") {
  TEST_CASE("der_from_jose: small numbers lose their zeros, set high bits gain one") {
    CHECK(der_hex(number("01") + number("02")) == "3006020101020102");
    CHECK(der_hex(number("7f") + number("80")) == "300702017f02020080");
    CHECK(der_hex(number("0100") + number("ffff")) == "300902020100020300ffff");
  }

  TEST_CASE("der_from_jose: the longest P-521 signature fits") {
    const std::string order = "01ff" + std::string(128, 'f');  // close enough to n
    const std::string value = "01ff" + std::string(126, 'f') + "fe";
    const auto der = der_hex(value + value, order);
    CHECK(der.substr(0, 10) == "3081880242");
    CHECK(der.size() == 2 * (3 + 2 * (2 + 66)));
  }

  TEST_CASE("LB-28: der_from_jose: r or s of 0, n, n+1 or all ones is refused; n-1 is not") {
    const auto below = p256_order.substr(0, 63) + "0";
    const auto above = p256_order.substr(0, 63) + "2";
    CHECK(der_hex(below + below) != "refused");
    for (const auto& bad : {number("00"), p256_order, above, std::string(64, 'f')}) {
      CHECK(der_hex(bad + number("01")) == "refused");
      CHECK(der_hex(number("01") + bad) == "refused");
      CHECK(der_hex(bad + bad) == "refused");
    }
  }

  TEST_CASE("LB-14: der_from_jose: any size but twice the order's is refused") {
    const auto good = number("01") + number("02");
    CHECK(der_hex(good) != "refused");
    for (const auto& bad :
         {std::string(), good.substr(2), good + "00", number("01", 33) + number("02", 33),
          number("01", 48) + number("02", 48), std::string("3006020101020102")})
      CHECK(der_hex(bad) == "refused");
  }
}
