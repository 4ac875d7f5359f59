#include "http/forwarded.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gatelet;
using namespace gatelet::http;

namespace {

using Headers = std::vector<HeaderView>;

Headers proto(std::string_view value) { return {{"X-Forwarded-Proto", value}}; }
Headers host(std::string_view value) { return {{"x-forwarded-host", value}}; }

std::optional<IpAddress> client(const Headers& headers) {
  const auto range = *parse_ip_range("10.0.0.0/8");
  return forwarded_client(headers,
                          [&](const IpAddress& address) { return range.contains(address); });
}
std::optional<IpAddress> client(std::string_view value) {
  return client(Headers{{"X-Forwarded-For", value}});
}

}  // namespace

TEST_SUITE("http/forwarded") {
  TEST_CASE("forwarded_proto: http or https") {
    CHECK(forwarded_proto(proto("https")) == "https");
    CHECK(forwarded_proto(proto("http")) == "http");
    CHECK(forwarded_proto(proto(" HTTPS\t")) == "https");
    CHECK(forwarded_proto(
              Headers{{"X-Forwarded-Proto", "https"}, {"x-forwarded-proto", "https"}}) == "https");
  }

  TEST_CASE("LO-06: forwarded_proto: lists, separators, blanks and other schemes count as absent") {
    for (const auto* value :
         {"", " ", ",", ",https", ", ,http", "https,http", "https,https", "https,", "ws", "httpss",
          "http s", "ftp", "\"https\"", "https;", "on"}) {
      CAPTURE(value);
      CHECK_FALSE(forwarded_proto(proto(value)));
    }
    CHECK_FALSE(forwarded_proto({}));
    CHECK_FALSE(
        forwarded_proto(Headers{{"X-Forwarded-Protocol", "https"}, {"Forwarded", "proto=https"}}));
  }

  TEST_CASE("forwarded_proto: fields that differ, or of which one is blank, count as absent") {
    CHECK_FALSE(
        forwarded_proto(Headers{{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Proto", "http"}}));
    CHECK_FALSE(
        forwarded_proto(Headers{{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Proto", ""}}));
    CHECK_FALSE(
        forwarded_proto(Headers{{"X-Forwarded-Proto", ""}, {"X-Forwarded-Proto", "https"}}));
  }

  TEST_CASE("H-11: forwarded_host: a host with an optional port and nothing else") {
    CHECK(forwarded_host(host("app.example")) == "app.example");
    CHECK(forwarded_host(host(" app.example:8443 ")) == "app.example:8443");
    CHECK(forwarded_host(host("[2001:db8::1]:443")) == "[2001:db8::1]:443");
    for (const auto* value :
         {"", " ", "a,b", "a b", "user@a", "https://a", "a/b", "a:", "a:0", "a:99999", "a..b", "a.",
          "a\\b", "a#", "a?", "a\tb", "a%2eb", "\xc3\xa9", "[::1"}) {
      CAPTURE(value);
      CHECK_FALSE(forwarded_host(host(value)));
    }
  }

  TEST_CASE("is_host: as forwarded_host, without blanks around it") {
    CHECK(is_host("app.example"));
    CHECK(is_host("localhost:3000"));
    CHECK(is_host("[::1]:3000"));
    CHECK_FALSE(is_host(" app.example"));
    CHECK_FALSE(is_host(""));
    CHECK_FALSE(is_host("a\r\nb"));
    CHECK_FALSE(is_host("user@a"));
  }

  TEST_CASE("OP-13: forwarded_uri: a target that parse_target accepts") {
    const auto uri = [](std::string_view value) {
      return forwarded_uri(Headers{{"X-Forwarded-Uri", value}}).has_value();
    };
    CHECK(uri("/a/b?x=1"));
    CHECK(uri(" /a "));
    CHECK(uri("/foo/secret%23/bar"));
    for (const auto* value :
         {"", "a", "https://a/b", "*", "/foo/secret#/bar", "/a b", "/a%", "/a%00", "/a\tb"}) {
      CAPTURE(value);
      CHECK_FALSE(uri(value));
    }
    const Headers headers = {{"X-Forwarded-Uri", "/a/b?x=1"}};
    CHECK(forwarded_uri(headers) == "/a/b?x=1");
    CHECK_FALSE(forwarded_uri(Headers{{"X-Forwarded-Uri", "/a"}, {"X-Forwarded-Uri", "/b"}}));
  }

  TEST_CASE(
      "H-10: forwarded_method: a token, in the case it was sent; override headers do not count") {
    CHECK(forwarded_method(Headers{{"X-Forwarded-Method", "POST"}}) == "POST");
    CHECK(forwarded_method(Headers{{"X-Forwarded-Method", "get"}}) == "get");
    for (const auto* value : {"", "GET,POST", "GET POST", "GET /", "\xc3\xa9"}) {
      CHECK_FALSE(forwarded_method(Headers{{"X-Forwarded-Method", value}}));
    }
    CHECK_FALSE(forwarded_method(Headers{{"X-HTTP-Method-Override", "POST"}}));
  }

  TEST_CASE("H-16: forwarded_client: the right-most address that is not trusted") {
    CHECK(client("203.0.113.7") == parse_ip("203.0.113.7"));
    CHECK(client("1.1.1.1, 203.0.113.7") == parse_ip("203.0.113.7"));
    CHECK(client("1.1.1.1, 203.0.113.7, 10.0.0.1,10.0.0.2") == parse_ip("203.0.113.7"));
    CHECK(client("127.0.0.1, 203.0.113.7") == parse_ip("203.0.113.7"));
    CHECK(client("2001:db8::1, 10.0.0.1") == parse_ip("2001:db8::1"));
    CHECK(client("8.8.8.8, ::ffff:10.0.0.1") == parse_ip("8.8.8.8"));
    CHECK(client(",, 8.8.8.8 , ,10.0.0.1 ,") == parse_ip("8.8.8.8"));
    CHECK(client(Headers{{"X-Forwarded-For", "1.1.1.1"},
                         {"Accept", "x"},
                         {"x-forwarded-for", "8.8.8.8, 10.0.0.1"}}) == parse_ip("8.8.8.8"));
    CHECK(client(Headers{{"X-Forwarded-For", "8.8.8.8"}, {"X-Forwarded-For", "10.0.0.1"}}) ==
          parse_ip("8.8.8.8"));
  }

  TEST_CASE("H-16: forwarded_client: an element on the way that is no address ends the search") {
    for (const auto* value :
         {"unknown", "8.8.8.8, unknown", "8.8.8.8, unknown, 10.0.0.1", "8.8.8.8:80", "0177.0.0.1",
          "fe80::1%eth0", "8.8.8.8, _hidden", "8.8.8.8 10.0.0.1", "\"8.8.8.8\"", "unix:"}) {
      CAPTURE(value);
      CHECK_FALSE(client(value));
    }
    // What stands left of the answer is the client's own word and is not looked at.
    CHECK(client("unknown, 8.8.8.8, 10.0.0.1") == parse_ip("8.8.8.8"));
  }

  TEST_CASE("forwarded_client: no field, an empty one and trusted addresses only give none") {
    CHECK_FALSE(client(Headers{}));
    CHECK_FALSE(client(""));
    CHECK_FALSE(client(" , ,"));
    CHECK_FALSE(client("10.0.0.1, 10.0.0.2"));
    CHECK_FALSE(client(Headers{{"X-Real-IP", "8.8.8.8"}}));
  }
}
