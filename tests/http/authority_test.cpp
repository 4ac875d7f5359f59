#include "http/authority.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet::http;

TEST_SUITE("http/authority") {
  TEST_CASE("parse_authority: names, addresses and ports are taken apart as written") {
    CHECK(parse_authority("idp.example")->host == "idp.example");
    CHECK_FALSE(parse_authority("idp.example")->port);
    CHECK(parse_authority("IDP.Example:8443")->host == "IDP.Example");
    CHECK(parse_authority("idp.example:8443")->port == 8443);
    CHECK(parse_authority("localhost:1")->port == 1);
    CHECK(parse_authority("a:65535")->port == 65535);
    CHECK(parse_authority("my_service-1")->host == "my_service-1");
    CHECK(parse_authority("127.0.0.1:80")->host == "127.0.0.1");
    CHECK(parse_authority("[::1]")->host == "[::1]");
    CHECK(parse_authority("[2001:db8::1]:443")->port == 443);
    CHECK(parse_authority("1.2.3.example")->host == "1.2.3.example");
    CHECK(parse_authority("xn--bcher-kva.example")->host == "xn--bcher-kva.example");
    CHECK(parse_authority(std::string(253, 'a')));
  }

  TEST_CASE(
      "parse_authority: empty labels, dots at the ends, other bytes and overlong names are "
      "refused") {
    for (const std::string text : {"",
                                   ".",
                                   "a.",
                                   ".a",
                                   "a..b",
                                   "a.:80",
                                   "a b",
                                   " a",
                                   "a ",
                                   "a/b",
                                   "a?b",
                                   "a#b",
                                   "a@b",
                                   "u:p@h",
                                   "a\\b",
                                   "a%2eb",
                                   "a,b",
                                   "a;b",
                                   "a\tb",
                                   "a\rb",
                                   "a\nb",
                                   "a\"b",
                                   "<a>",
                                   "b\xc3\xbc"
                                   "cher",
                                   "*.a",
                                   "a!",
                                   "a'b"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_authority(text));
    }
    CHECK_FALSE(parse_authority(std::string_view("a\0b", 3)));
    CHECK_FALSE(parse_authority(std::string(254, 'a')));
  }

  TEST_CASE("parse_authority: a port is 1 to 65535, in plain digits") {
    for (const auto* text :
         {"a:", "a:0", "a:65536", "a:99999999999999999999", "a:080", "a:-1", "a:+1", "a: 80",
          "a:80 ", "a:8o", "a:80:80", ":80", "[::1]:", "[::1]:0", "[::1]80"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_authority(text));
    }
  }

  TEST_CASE(
      "parse_authority: numbers that a resolver takes for an address are refused unless they are "
      "one") {
    for (const auto* text : {"2130706433", "0x7f000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.1",
                             "1.2.3.4.5", "a.1", "a.0x1", "a.0x", "256.1.1.1", "1.2.3.04", "0"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_authority(text));
    }
    CHECK(parse_authority("a1.b2"));
    CHECK(parse_authority("0x7g"));
  }

  TEST_CASE("parse_authority: brackets hold an IPv6 address and nothing else") {
    for (const auto* text :
         {"[]", "[", "]", "[::1", "::1", "::1]", "[127.0.0.1]", "[::1%25eth0]", "[::1%eth0]",
          "[v1.a]", "[[::1]]", "[a]", "[::1].example", "a[::1]", "[::1]]"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_authority(text));
    }
  }
}
