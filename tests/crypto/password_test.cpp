#include "crypto/password.hpp"

#include <doctest/doctest.h>
#include <openssl/err.h>

#include <string>

using namespace gatelet;
using crypto::PasswordHash;

namespace {

constexpr auto sha_of_secret = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
constexpr auto bcrypt_of_correct_horse =
    "$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6";

std::string complaint(std::string_view text) {
  const auto hash = PasswordHash::parse(text);
  return hash.ok() ? "taken" : hash.error().text;
}

}  // namespace

TEST_SUITE("crypto/password") {
  TEST_CASE("{SHA}: the password matches at once, and no other text") {
    const auto hash = PasswordHash::parse(sha_of_secret).value();
    CHECK_FALSE(hash.is_slow());
    CHECK(hash.quick_match("secret") == true);
    CHECK(hash.slow_match("secret"));
    using namespace std::string_literals;
    for (const auto& other : {""s, "Secret"s, "secre"s, "secret "s, "secret\0"s}) {
      CHECK(hash.quick_match(other) == false);
      CHECK_FALSE(hash.slow_match(other));
    }
    CHECK(ERR_peek_error() == 0);
  }

#ifdef GATELET_HAVE_CRYPT
  TEST_CASE("bcrypt: the password matches, no other text does, and not at once") {
    const auto hash = PasswordHash::parse(bcrypt_of_correct_horse).value();
    CHECK(hash.is_slow());
    CHECK(hash.quick_match("correct horse") == std::nullopt);
    CHECK(hash.slow_match("correct horse"));
    using namespace std::string_literals;
    for (const auto& other :
         {""s, "correct horsE"s, "correct horse "s, "*0"s, "correct horse\0"s}) {
      CHECK_FALSE(hash.slow_match(other));
    }
  }

  TEST_CASE("bcrypt: the four letters are one computation; a salt's spare bits do not matter") {
    const std::string text = bcrypt_of_correct_horse;
    for (const char letter : {'a', 'b', 'x', 'y'}) {
      auto other = text;
      other[2] = letter;
      const auto hash = PasswordHash::parse(other).value();
      CHECK(hash.slow_match("correct horse"));
      CHECK(hash.text() == text);
    }
    auto spare = text;
    REQUIRE(spare[28] == 'u');  // two of its six bits count
    spare[28] = 'v';
    CHECK(PasswordHash::parse(spare).value().slow_match("correct horse"));
  }

  TEST_CASE("bcrypt: bytes behind the 72nd do not count, a NUL matches nothing") {
    const auto hash =
        PasswordHash::parse("$2b$04$eWAK.Vwos4vWliJe341ri.A/L8yyk/dGlFwFFz2jDdTfmii4ooEKy").value();
    std::string password;
    while (password.size() < 72) password += "0123456789";
    password.resize(72);
    CHECK(hash.slow_match(password));
    CHECK(hash.slow_match(password + "other"));
    CHECK(hash.slow_match(password + std::string(100'000, 'x')));
    CHECK_FALSE(hash.slow_match(password.substr(0, 71)));
    CHECK_FALSE(hash.slow_match(password.substr(0, 71) + '\0'));
  }

  TEST_CASE("parse: a bcrypt hash that can match nothing, or takes too long, is refused") {
    const std::string good = bcrypt_of_correct_horse;
    CHECK(complaint(good.substr(0, 59)).find("60 letters") != std::string::npos);
    CHECK(complaint(good + "x").find("60 letters") != std::string::npos);
    CHECK(complaint(good.substr(0, 58) + "=x").find("60 letters") != std::string::npos);
    for (const auto* cost : {"03", "17", "31", "32", "99", "4$", "x4", "-4"}) {
      CAPTURE(cost);
      const auto text = "$2y$" + std::string(cost) + good.substr(6);
      CHECK(complaint(text).find("cost") != std::string::npos);
    }
    CHECK(PasswordHash::parse("$2y$16" + good.substr(6)).ok());
  }
#else
  TEST_CASE("parse: without libcrypt bcrypt is refused, and says why") {
    CHECK(complaint(bcrypt_of_correct_horse).find("libcrypt") != std::string::npos);
  }
#endif

  TEST_CASE("parse: other kinds are refused, and nothing of them is told") {
    for (const std::string_view text :
         {"", "canary", "$apr1$canary12$QyOmOyX9nLEvLmOYuKWDi1", "rl0uEcanary3s",
          "{sha}5en6G6MezRroT3XKqkdPOmY/BfQ=", "{SSHA}canary", "{SHA}canary=", "{SHA}", "$2", "$2$",
          "$2z$04$canary", "$5$canary", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ",
          "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ= "}) {
      CAPTURE(text);
      const auto said = complaint(text);
      CHECK(said != "taken");
      CHECK(said.find("canary") == std::string::npos);
    }
  }
}
