#include "crypto/rsa_modulus.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/base64url.hpp"
#include "support/token_mint.hpp"

using namespace gatelet;
using namespace gatelet::crypto;

namespace {

const std::string f4("\x01\x00\x01", 3);

std::string honest_modulus() {
  return support::test_key(support::MintKey::Kind::rsa_2048).first_parameter();
}

// A number of that many bits with no factor up to 167: tries odd ones until it is believed.
std::string modulus_of(std::size_t bits) {
  std::string n((bits + 7) / 8, '\x5a');
  n.front() = static_cast<char>(1 << ((bits - 1) % 8));
  for (int last = 1; last < 256; last += 2) {
    n.back() = static_cast<char>(last);
    const auto result = check_rsa_key(n, f4);
    if (result.ok() || result.error().text.find("factor") == std::string::npos) return n;
  }
  return n;
}

}  // namespace

TEST_SUITE("crypto/rsa_modulus") {
  TEST_CASE("check_rsa_key: an honest key, with the usual exponents") {
    CHECK(check_rsa_key(honest_modulus(), f4).ok());
    CHECK(check_rsa_key(honest_modulus(), "\x03").ok());
    CHECK(check_rsa_key(honest_modulus(), "\xff\xff\xff\xff\xff\xff\xff\xff").ok());
  }

  TEST_CASE("J-07: check_rsa_key: 2048 to 8192 bits") {
    CHECK(check_rsa_key(modulus_of(2048), f4).ok());
    CHECK(check_rsa_key(modulus_of(8192), f4).ok());
    for (const std::size_t bits : {1u, 512u, 1024u, 2047u, 8193u, 16384u})
      CHECK(check_rsa_key(modulus_of(bits), f4).error().status == Status::malformed);
    CHECK_FALSE(check_rsa_key("", f4).ok());
  }

  TEST_CASE("J-07: check_rsa_key: even numbers, e of 1 or 2, long e and leading zeros") {
    auto even = honest_modulus();
    even.back() = static_cast<char>(even.back() & '\xfe');
    CHECK_FALSE(check_rsa_key(even, f4).ok());
    CHECK_FALSE(check_rsa_key('\0' + honest_modulus(), f4).ok());
    CHECK_FALSE(check_rsa_key(honest_modulus(), '\0' + f4).ok());
    CHECK_FALSE(check_rsa_key(honest_modulus(), std::string(1, '\0')).ok());
    for (const char* e : {"", "\x01", "\x02", "\x04", "\xff\xff\xff\xff\xff\xff\xff\xff\xff"})
      CHECK_FALSE(check_rsa_key(honest_modulus(), e).ok());
  }

  TEST_CASE("J-07: check_rsa_key: a small factor") {
    // 3 * 5 * ... does not matter which: 2^2048 + 2^2047 - 1 - k, made divisible by 3.
    std::string n(256, '\xff');
    n.back() = '\xff';  // 2^2048 - 1 is divisible by 3
    CHECK(check_rsa_key(n, f4).error().text.find("factor") != std::string::npos);
  }

  TEST_CASE("J-07: check_rsa_key: a modulus with the ROCA fingerprint") {
    // Wycheproof json_web_key tcId 7.
    const auto roca = base64url::decode(
        "AanFpofbj7KjD4Lf-N2hVMKR7yewSyXhhbirIMTGpfYEhZ_lnt5UoK98DnKIgArXGTu3MaW_"
        "HhFw16HGaTDUHqPrId7f"
        "e4r11CqRw09yBFuW79V8sYIwHdzCaWflUI6auImYbVfoN9_nD5n8N8SY9DwXw7mwZM9wREPXoDPgOoIWl6q_"
        "MPsp7n0z"
        "s3Z5ZaiQWOOzl1S9OhwAfSiiOwz6efnXEaxuTEtPd7BjSx7NaFka8Dx9U7YqXy2RFj1O9PjyaDGuRh7YXsX3iMUSP_"
        "wS"
        "yHQg_c_qHRtKUsNSGCT7OZg0hzm2KphtjnayKJvC64vAbROBR4Ubg6Bxg9IQVZ-QYyE");
    REQUIRE(roca);
    CHECK(check_rsa_key(*roca, f4).error().text.find("ROCA") != std::string::npos);
  }
}
