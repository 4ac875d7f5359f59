#include "http/url.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using namespace gatelet::http;

namespace {

bool is_refused(std::string_view text) {
  const auto url = parse_url(text);
  if (url.ok()) return false;
  CHECK(url.error().status == Status::malformed);
  return true;
}

}  // namespace

TEST_SUITE("http/url") {
  TEST_CASE("parse_url: all parts") {
    const auto url = *parse_url("https://IDP.Example:8443/a%20b/c?x=1&y=%2F?");
    CHECK(url.scheme == "https");
    CHECK(url.host == "idp.example");
    CHECK(url.port == 8443);
    CHECK(url.port_written);
    CHECK(url.path == "/a%20b/c");
    CHECK(url.query == "x=1&y=%2F?");
    CHECK(url.has_query);
  }

  TEST_CASE("parse_url: what is not written has its default") {
    const auto url = *parse_url("http://localhost");
    CHECK(url.port == 80);
    CHECK_FALSE(url.port_written);
    CHECK(url.path == "/");
    CHECK(url.query == "");
    CHECK_FALSE(url.has_query);
    CHECK(parse_url("https://a")->port == 443);
    CHECK(parse_url("https://a?")->has_query);
    CHECK(parse_url("https://a?x")->path == "/");
  }

  TEST_CASE("parse_url: addresses") {
    CHECK(parse_url("https://127.0.0.1:1/")->host == "127.0.0.1");
    CHECK(parse_url("https://[2001:DB8::1]/")->host == "[2001:db8::1]");
    CHECK(parse_url("https://[::1]:8443")->port == 8443);
  }

  TEST_CASE("origin and text: the URL again") {
    CHECK(parse_url("HTTPS://Idp.Example:443/A?b")->origin() == "https://idp.example");
    CHECK(parse_url("HTTPS://Idp.Example:443/A?b")->text() == "https://idp.example:443/A?b");
    CHECK(parse_url("http://a:8080")->origin() == "http://a:8080");
    CHECK(parse_url("http://a:443")->origin() == "http://a:443");
    CHECK(parse_url("https://a")->text() == "https://a/");
    CHECK(parse_url("https://a?")->text() == "https://a/?");
    CHECK(parse_url("https://[::1]/x")->origin() == "https://[::1]");
  }

  TEST_CASE("H-17: parse_url: other schemes and things that are no absolute URL are refused") {
    for (const auto* text : {"",
                             "/",
                             "a",
                             "//a/b",
                             "https:",
                             "https:/a",
                             "https:///a",
                             "https://",
                             "https:a",
                             "http:/evil.com",
                             "ftp://a/",
                             "file:///etc/passwd",
                             "gopher://a/",
                             "javascript:alert(1)",
                             "javascript://a/",
                             "data:,x",
                             "ws://a/",
                             "httpss://a",
                             " https://a",
                             "https ://a",
                             "://a",
                             "unix:/run/x"}) {
      CAPTURE(text);
      CHECK(is_refused(text));
    }
  }

  TEST_CASE(
      "MA-07: parse_url: userinfo, backslashes, spaces, controls, fragments and bytes above ASCII "
      "are refused") {
    using namespace std::string_view_literals;
    for (const auto text : {"https://allowed.example\\@evil.com/"sv,
                            "https:\\\\evil.com"sv,
                            "https://a\\b"sv,
                            "https://a/\\b"sv,
                            "https://user@a/"sv,
                            "https://user:pw@a/"sv,
                            "https://@a/"sv,
                            "https://a:80@b/"sv,
                            "https://a/#"sv,
                            "https://a#f"sv,
                            "https://a/?x#f"sv,
                            "https://a/ b"sv,
                            "https://a/\tb"sv,
                            "https://a/\r\nb"sv,
                            "https://a/\0b"sv,
                            "https://a/\x7f"sv,
                            "https://a/\xc3\xa9"sv,
                            "https://\xc3\xa9/"sv,
                            "https://a/%"sv,
                            "https://a/%2"sv,
                            "https://a/%zz"sv,
                            "https://a/?%"sv,
                            "https://a%2fb/"sv}) {
      CAPTURE(text);
      CHECK(is_refused(text));
    }
    CHECK(parse_url("https://user@a/").error().text == "the URL holds a user name; leave it out");
    // "@" is an ordinary character behind the host.
    CHECK_FALSE(is_refused("https://a/@b?c@d"));
  }

  TEST_CASE("parse_url: odd hosts and ports are refused") {
    for (const auto* text :
         {"https://.a/", "https://a./", "https://a..b/", "https://-/%", "https://a:0/",
          "https://a:65536/", "https://a:/", "https://a:x/", "https://2130706433/",
          "https://0x7f.1/", "https://127.1/", "https://[::1/", "https://[1.2.3.4]/",
          "https://[fe80::1%25eth0]/", "https://a,b/", "https://a;b/", "https://*/", "https://:80/",
          "https://?x"}) {
      CAPTURE(text);
      CHECK(is_refused(text));
    }
  }

  TEST_CASE("parse_url: 8 KiB are read, a byte more is not") {
    const std::string text = "https://a/" + std::string(8 * 1024 - 10, 'x');
    CHECK_FALSE(is_refused(text));
    CHECK(is_refused(text + "x"));
  }

  TEST_CASE("parse_url: an error repeats nothing of the text") {
    for (const auto* text :
         {"canary://x", "https://canary@a", "https://a/canary#", "https://canary:0"}) {
      CHECK(parse_url(text).error().text.find("canary") == std::string::npos);
    }
  }

  TEST_CASE("with_query: appends to what is there") {
    CHECK(with_query("https://a/b", "x=1") == "https://a/b?x=1");
    CHECK(with_query("https://a/b?", "x=1") == "https://a/b?x=1");
    CHECK(with_query("https://a/b?y=2", "x=1") == "https://a/b?y=2&x=1");
    CHECK(with_query("https://a/b?y=2&", "x=1") == "https://a/b?y=2&x=1");
    CHECK(with_query("https://a", "x=1") == "https://a?x=1");
    CHECK(with_query("https://a/b", "") == "https://a/b");
  }

  TEST_CASE("percent_encode: leaves unreserved characters only") {
    CHECK(percent_encode("AZaz09-._~") == "AZaz09-._~");
    CHECK(percent_encode("a b+c/d?e=f&g%") == "a%20b%2Bc%2Fd%3Fe%3Df%26g%25");
    CHECK(percent_encode("\xc3\xa9\r\n") == "%C3%A9%0D%0A");
    CHECK(percent_encode(std::string_view("\0", 1)) == "%00");
  }
}
