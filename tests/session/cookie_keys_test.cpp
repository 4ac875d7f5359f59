#include <doctest/doctest.h>

#include "samples.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

std::string aes_hex(std::string_view text) { return to_hex(aes_key_of(Secret(text)).reveal()); }

}  // namespace

TEST_SUITE("session/cookie_keys") {
  TEST_CASE("aes_key_of: base64url of a key's size is decoded, with and without padding") {
    const std::string expected = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";
    CHECK(aes_hex("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=") == expected);
    CHECK(aes_hex("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA") == expected);
    CHECK(aes_hex("AQIDBAUGBwgJCgsMDQ4P\nEBESExQVFhcYGRobHB0eHyA\r\n") == expected);
    CHECK(aes_hex("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyB") == expected);
  }

  TEST_CASE("aes_key_of: 32 letters are 24 decoded bytes, 16 or 24 letters are taken as they are") {
    CHECK(aes_key_of(Secret("abcdefghijklmnopqrstuvwxyz012345")).size() == 24);
    CHECK(aes_hex("abcdefghijklmnop") == to_hex("abcdefghijklmnop"));
    CHECK(aes_hex("abcdefghijklmnopqrstuvwx") == to_hex("abcdefghijklmnopqrstuvwx"));
  }

  TEST_CASE("aes_key_of: other text is the key itself, when it has a key's size") {
    CHECK(aes_hex("0123456789!bcdef") == to_hex("0123456789!bcdef"));
    CHECK(aes_hex("+/+/+/+/+/+/+/+/") == to_hex("+/+/+/+/+/+/+/+/"));
    for (const char* bad : {"", "=", "short", "0123456789!bcde", "0123456789!bcdefg"})
      CHECK(aes_key_of(Secret(bad)).empty());
  }

  TEST_CASE("make: keys for every usable secret; the refusal says sizes, never the secret") {
    CHECK(CookieKeys::make(Secret("0123456789!bcdef")).ok());
    const auto result = CookieKeys::make(Secret("canary"));
    REQUIRE(!result.ok());
    CHECK(result.error().status == Status::invalid_value);
    CHECK(result.error().text ==
          "cookie_secret must be 16, 24 or 32 bytes, or base64url of as many; it has 6 bytes");
  }

  TEST_CASE("make: the MAC key is the configured text, not what it decodes to") {
    const auto padded = samples::keys("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=");
    const auto bare = samples::keys("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA");
    CHECK(padded->mac().mac({"x"}).value() != bare->mac().mac({"x"}).value());
    support::SeededEntropy entropy;
    const auto sealed = padded->cipher().encrypt("text", entropy).value();
    CHECK(bare->cipher().decrypt(sealed).value() == "text");
  }

  TEST_CASE("make: a previous secret of another size is refused, and named as one") {
    const std::vector<Secret> previous{Secret("another secret, as long as a key"),
                                       Secret("canary")};
    const auto result = CookieKeys::make(Secret("0123456789!bcdef"), previous);
    CHECK(result.error().status == Status::invalid_value);
    CHECK(result.error().text ==
          "a secret of cookie_secrets_previous must be 16, 24 or 32 bytes, or base64url of as "
          "many; it has 6 bytes");
    CHECK(CookieKeys::make(Secret("0123456789!bcdef"), std::span(previous).first(1)).ok());
  }
}
