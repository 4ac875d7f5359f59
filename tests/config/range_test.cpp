#include "config/range.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::config;

namespace {

using Items = std::vector<std::string>;

const Range& range_of(Row row) { return option(row).range; }
std::string text_complaint(Row row, const std::string& text) {
  return complaint(range_of(row), text);
}
bool takes(Row row, const std::string& text) { return text_complaint(row, text).empty(); }
bool takes_item(Row row, const std::string& item) {
  return complaint(range_of(row), Items{item}).empty();
}

}  // namespace

TEST_SUITE("config/range") {
  TEST_CASE("one_of: takes its choices byte for byte and names them else") {
    CHECK(takes(Row::cookie_samesite, "lax"));
    CHECK(text_complaint(Row::cookie_samesite, "Lax") ==
          R"("Lax" is unknown; write "lax", "strict" or "none")");
    CHECK_FALSE(takes(Row::cookie_samesite, "la"));
    CHECK_FALSE(takes(Row::cookie_samesite, "lax|strict"));
    CHECK(text_complaint(Row::session_store_type, "redys") ==
          R"("redys" is unknown; write "cookie", "memory", "redis" or "host")");
  }

  TEST_CASE("url: absolute http and https only") {
    CHECK(takes(Row::redirect_url, "https://app.example/oauth2/callback"));
    CHECK(takes(Row::redirect_url, "http://localhost:4180/oauth2/callback?x=1"));
    for (const auto text : {"/oauth2/callback", "app.example", "ftp://app.example/", "https://",
                            "https://app.example/#x", "file:///etc/passwd", "gopher://x/"}) {
      CAPTURE(text);
      CHECK_FALSE(takes(Row::redirect_url, text));
    }
  }

  TEST_CASE("url: user information is refused and not shown") {
    const auto said = text_complaint(Row::redeem_url, "https://app:canary@idp.example/token");
    CHECK(said ==
          "the value (not shown: it has an @) is no absolute URL; write "
          "https://host/path, without user and fragment");
  }

  TEST_CASE("issuer: has no query") {
    CHECK(takes(Row::oidc_issuer_url, "https://idp.example/realms/a"));
    CHECK(takes(Row::login_url, "https://idp.example/?p=1"));
    CHECK_FALSE(takes(Row::oidc_issuer_url, "https://idp.example/?p=1"));
  }

  TEST_CASE("path and prefix: plain paths from the root") {
    for (const auto text : {"/ping", "/a/b", "/.well-known/ping", "/"}) {
      CHECK(takes(Row::ping_path, text));
    }
    for (const auto text : {"ping", "/a//b", "/a/../b", "/a/./b", "/a?b", "/a#b", "/a b", "/a%2fb",
                            "/a\\b", "/a;b", "/a\nb", "/a/..", "/.", "/\xc3\xa4"}) {
      CAPTURE(text);
      CHECK_FALSE(takes(Row::ping_path, text));
    }
    CHECK(takes(Row::proxy_prefix, "/oauth2"));
    CHECK(takes(Row::proxy_prefix, "/app/auth"));
    for (const auto text : {"/", "/oauth2/", "oauth2", "//", "/a/.."}) {
      CAPTURE(text);
      CHECK_FALSE(takes(Row::proxy_prefix, text));
    }
  }

  TEST_CASE("cookie_path: may not end the attribute") {
    CHECK(takes(Row::cookie_path, "/app/"));
    CHECK_FALSE(takes(Row::cookie_path, "/app; Domain=evil.example"));
    CHECK_FALSE(takes(Row::cookie_path, "app"));
    CHECK_FALSE(takes(Row::cookie_path, "/a\r\nSet-Cookie: x=y"));
  }

  TEST_CASE("cookie_name: a token of at most 256 bytes") {
    CHECK(takes(Row::cookie_name, std::string(256, 'n')));
    CHECK(text_complaint(Row::cookie_name, std::string(257, 'n')) ==
          "has 257 bytes; write at most 256");
    for (const auto text : {"my session", "a=b", "a;b", "a,b", "\"a\"", "a\tb"}) {
      CHECK_FALSE(takes(Row::cookie_name, text));
    }
  }

  TEST_CASE("header_name: a token") {
    CHECK(takes(Row::request_id_header, "X-Request-Id"));
    CHECK_FALSE(takes(Row::request_id_header, "X Request"));
    CHECK_FALSE(takes(Row::request_id_header, "X:"));
  }

  TEST_CASE("scope: tokens divided by blanks") {
    CHECK(takes(Row::scope, "openid https://api.example/read"));
    CHECK_FALSE(takes(Row::scope, "openid \"x\""));
    CHECK_FALSE(takes(Row::scope, "openid\temail"));
  }

  TEST_CASE("every text: control characters are refused") {
    for (const auto row :
         {Row::provider_display_name, Row::prompt, Row::client_id, Row::acr_values}) {
      CHECK(takes(row, "a b"));
      CHECK_FALSE(takes(row, "a\nb"));
      CHECK_FALSE(takes(row, std::string("a\0b", 3)));
    }
  }

  TEST_CASE("OP-16: every list: an empty entry is an error") {
    for (const auto& option : options()) {
      if (option.type != Type::list) continue;
      CAPTURE(option.key);
      CHECK(complaint(option.range, Items{""}) == "has an empty entry; leave it out");
    }
    CHECK(complaint(range_of(Row::allowed_groups), Items{"a", "", "b"}) != "");
    CHECK(complaint(range_of(Row::allowed_groups), Items{"a", "b"}) == "");
  }

  TEST_CASE(
      "J-02: algorithms: signature algorithms by their exact names; none and HS are not among "
      "them") {
    for (const auto name : {"RS256", "PS512", "ES384", "EdDSA"}) {
      CHECK(takes_item(Row::oidc_enabled_signing_algs, name));
    }
    for (const auto name : {"none", "HS256", "rs256", "RS256 ", "RS1", "ES256K"}) {
      CHECK_FALSE(takes_item(Row::oidc_enabled_signing_algs, name));
    }
  }

  TEST_CASE("email_rules: domains, those below them, or everybody") {
    for (const auto rule : {"*", "example.com", ".example.com", "*.example.com"}) {
      CHECK(takes_item(Row::email_domains, rule));
    }
    for (const auto rule :
         {"@example.com", "a@example.com", "example..com", "**", "*example.com", "example.com.",
          "exa mple.com", ".", "*.", "..example.com", "*..example.com"}) {
      CAPTURE(rule);
      CHECK_FALSE(takes_item(Row::email_domains, rule));
    }
  }

  TEST_CASE("hosts: a host with or without a port, no URL, never all") {
    for (const auto host : {"example.com", ".example.com", "*.example.com", "example.com:8443",
                            ".example.com:*", "localhost:*", "[::1]", "[::1]:8080", "127.0.0.1"}) {
      CAPTURE(host);
      CHECK(takes_item(Row::whitelist_domains, host));
    }
    for (const auto host : {"https://example.com", "example.com/", "*", ".", "*.", "*:*",
                            "example.com:", "example.com:0", "example.com:65536", "example.com:x",
                            "[::1", "[x]", "[::1]8080", "a b", "ex*mple.com", "a@b", "::1"}) {
      CAPTURE(host);
      CHECK_FALSE(takes_item(Row::whitelist_domains, host));
    }
  }

  TEST_CASE("domains: host names with or without a dot before them") {
    CHECK(takes_item(Row::cookie_domains, ".example.com"));
    CHECK(takes_item(Row::cookie_domains, "example.com"));
    for (const auto domain :
         {"*.example.com", "example.com:443", "https://example.com", "a;b", "."}) {
      CHECK_FALSE(takes_item(Row::cookie_domains, domain));
    }
  }

  TEST_CASE("MA-16: token_issuers: an issuer, and the audience it is trusted for") {
    const auto said = [](const std::string& item) {
      return complaint(range_of(Row::extra_jwt_issuers), std::vector<std::string>{item});
    };
    CHECK(said("https://issuer.example=api").empty());
    CHECK(said("https://issuer.example/realm=a=b").empty());
    for (const auto* item : {"https://issuer.example", "https://issuer.example=", "=api",
                             "issuer.example=api", "https://issuer.example/?x=y", ""}) {
      CAPTURE(item);
      CHECK_FALSE(said(item).empty());
    }
    CHECK(said("https://issuer.example") ==
          "\"https://issuer.example\" names no audience; write https://issuer.example=audience");
  }

  TEST_CASE("H-16: ip_ranges: addresses and networks in their one form") {
    for (const auto range : {"127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"}) {
      CHECK(takes_item(Row::trusted_proxy_ips, range));
    }
    for (const auto range : {"300.1.1.1", "10.0.0.0/33", "0177.0.0.1", "fe80::1%eth0", "nonsense",
                             "10.0.0.0/", "10.0.0.0/08", "*", "proxy.example"}) {
      CAPTURE(range);
      CHECK_FALSE(takes_item(Row::trusted_proxy_ips, range));
    }
  }

  TEST_CASE("bounds: both ends belong to the range") {
    const auto& limit = range_of(Row::cookie_csrf_per_request_limit);
    CHECK(complaint(limit, std::int64_t{0}) == "");
    CHECK(complaint(limit, std::int64_t{64}) == "");
    CHECK(complaint(limit, std::int64_t{65}) == "is out of range; write a value from 0 to 64");
    CHECK(complaint(limit, std::int64_t{-1}) != "");
    const auto& size = range_of(Row::session_limit);
    CHECK(complaint(size, std::uint64_t{4096}) == "");
    CHECK(complaint(size, std::uint64_t{4095}) != "");
    const auto& timeout = range_of(Row::http_timeout);
    CHECK(complaint(timeout, Duration(100ms)) == "");
    CHECK(complaint(timeout, Duration(99ms)) != "");
    CHECK(complaint(timeout, Duration(5min)) == "");
    CHECK(complaint(timeout, Duration(5min) + 1ns) != "");
  }

  TEST_CASE("seconds: a fraction is refused") {
    const auto& expire = range_of(Row::cookie_expire);
    CHECK(complaint(expire, Duration(90s)) == "");
    CHECK(complaint(expire, Duration(1500ms)) == "has a fraction of a second; write whole seconds");
    CHECK(complaint(expire, Duration(-1s)) != "");
  }

  TEST_CASE("LO-09: values of 1 to 64 KiB are shown short") {
    for (const std::size_t size : {1U, 80U, 81U, 1024U, 65536U}) {
      const auto said = text_complaint(Row::redirect_url, std::string(size, 'x'));
      CHECK(said.size() < 200);
      CHECK(!said.empty());
    }
  }
}
