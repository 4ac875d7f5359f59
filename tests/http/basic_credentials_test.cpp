#include "http/basic_credentials.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using http::BasicCredentials;

TEST_SUITE("http/basic_credentials") {
  TEST_CASE("parse: RFC 7617: user and password, split at the first colon") {
    const auto aladdin = BasicCredentials::parse("QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    REQUIRE(aladdin);
    CHECK(aladdin->user() == "Aladdin");
    CHECK(aladdin->password() == "open sesame");

    const auto colons = BasicCredentials::parse("YTpiOmM=");  // a:b:c
    REQUIRE(colons);
    CHECK(colons->user() == "a");
    CHECK(colons->password() == "b:c");

    const auto empty = BasicCredentials::parse("Og==");  // :
    REQUIRE(empty);
    CHECK(empty->user().empty());
    CHECK(empty->password().empty());
  }

  TEST_CASE("parse: the alphabet is HTTP's") {
    const auto odd = BasicCredentials::parse("Pz8/On5+fg==");  // ???:~~~
    REQUIRE(odd);
    CHECK(odd->user() == "???");
    CHECK(odd->password() == "~~~");
    CHECK_FALSE(BasicCredentials::parse("Pz8_On5-fg=="));
  }

  TEST_CASE("parse: what is no base64, has no colon or is too long") {
    for (const std::string text : {"", "!", "QQ==", "QWxhZGRpbjpvcGVuIHNlc2FtZQ",
                                   "Og=", "Og== ", " Og==", "Og==\n", "O g==", "Oh=="}) {
      CAPTURE(text);
      CHECK_FALSE(BasicCredentials::parse(text));
    }
    CHECK_FALSE(BasicCredentials::parse("Og==" + std::string(32 * 1024, 'A')));
  }
}
