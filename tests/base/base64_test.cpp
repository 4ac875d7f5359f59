#include "base/base64.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;

TEST_SUITE("base/base64") {
  TEST_CASE("encode, decode: RFC 4648 section 10, and the two characters of its own") {
    const std::pair<std::string, std::string> known[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"???:~~~", "Pz8/On5+fg=="}};
    for (const auto& [bytes, text] : known) {
      CHECK(base64::encode(bytes) == text);
      CHECK(base64::decode(text) == bytes);
    }
  }

  TEST_CASE("decode: one text for each value") {
    for (const auto* text : {"Zg", "Zg=", "Zg===", "Zh==", "Z g=", "Zg==\n", "Pz8_", "Pz8-", "="}) {
      CAPTURE(text);
      CHECK_FALSE(base64::decode(text));
    }
  }
}
