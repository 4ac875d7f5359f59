#include "crypto/hkdf.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/bytes.hpp"

using namespace gatelet;
using crypto::hkdf_sha256;

namespace {

std::string bytes(unsigned char first, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(first + i);
  return out;
}

std::string derived(std::string_view secret, std::string_view salt, std::string_view info,
                    std::size_t size) {
  const auto key = hkdf_sha256(Secret(secret), salt, info, size);
  return key.ok() ? to_hex(key->reveal()) : std::string(status_name(key.error().status));
}

}  // namespace

TEST_SUITE("crypto/hkdf") {
  TEST_CASE("hkdf_sha256: RFC 5869 appendix A.1, A.2 and A.3") {
    CHECK(derived(std::string(22, '\x0b'), bytes(0, 13), bytes(0xf0, 10), 42) ==
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    CHECK(derived(bytes(0x00, 80), bytes(0x60, 80), bytes(0xb0, 80), 82) ==
          "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
          "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
          "cc30c58179ec3e87c14c01d5c1f3434f1d87");
    CHECK(derived(std::string(22, '\x0b'), "", "", 42) ==
          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  }

  TEST_CASE("hkdf_sha256: secret, salt and info each count") {
    const auto key = derived("secret", "salt", "info", 32);
    CHECK(key != derived("secreT", "salt", "info", 32));
    CHECK(key != derived("secret", "salT", "info", 32));
    CHECK(key != derived("secret", "salt", "infO", 32));
    CHECK(key == derived("secret", "salt", "info", 33).substr(0, 64));
  }

  TEST_CASE("hkdf_sha256: an empty secret and impossible sizes are refused") {
    CHECK(derived("", "salt", "info", 32) == "invalid_value");
    CHECK(derived("secret", "salt", "info", 0) == "invalid_value");
    CHECK(derived("secret", "salt", "info", 8161) == "invalid_value");
    CHECK(derived("secret", "salt", "info", 8160).size() == 2 * 8160);
  }
}
