#include "base/secret.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <utility>

using namespace gatelet;

TEST_SUITE("base/secret") {
  TEST_CASE("Secret: reveals, copies and moves what it was given") {
    Secret a("swordfish");
    Secret b = a;
    CHECK(b.reveal() == "swordfish");
    Secret c = std::move(a);
    CHECK(c.reveal() == "swordfish");
    CHECK(a.empty());  // NOLINT: a moved-from Secret is empty by contract
    b = c;
    b = *&b;
    CHECK(b == c);
  }

  TEST_CASE("Secret: describes itself by size alone") {
    CHECK(Secret("swordfish").describe() == "Secret(9 bytes)");
  }

  TEST_CASE("Secret: differs by one byte or by size") {
    CHECK_FALSE(Secret("swordfish") == Secret("swordfisi"));
    CHECK_FALSE(Secret("swordfish") == Secret("swordfis"));
    CHECK(Secret() == Secret(""));
  }

  TEST_CASE("wipe: leaves nothing of a string's buffer, not even behind its end") {
    std::string text = "a canary that is longer than any small-string buffer would hold";
    text.reserve(256);
    const std::size_t size = text.size();
    char* const buffer = text.data();
    wipe(text);
    CHECK(text.empty());
    CHECK(text.data() == buffer);
    std::size_t left = 0;
    for (std::size_t i = 0; i < size; ++i) left += buffer[i] != '\0';
    CHECK(left == 0);
  }

  TEST_CASE("reserve_wiping: keeps the text, makes room, and moves nothing where there is room") {
    std::string text = "a secret that does not stand in place: 0123456789";
    const std::string copy = text;
    reserve_wiping(text, 1000);
    CHECK(text == copy);
    CHECK(text.capacity() >= 1000);
    const auto* place = text.data();
    reserve_wiping(text, 900);
    text.append(900 - text.size(), 'x');
    CHECK(text.data() == place);
  }
}
