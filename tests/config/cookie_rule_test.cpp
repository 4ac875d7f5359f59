#include "config/cookie_rule.hpp"

#include <doctest/doctest.h>

using namespace gatelet;

namespace {

std::string complaint(std::string_view text, bool secure = true) {
  http::CookieAttributes base;
  base.secure = secure;
  const auto rule = config::parse_cookie_rule(text, base);
  return rule.ok() ? "taken" : rule.error().text;
}

}  // namespace

TEST_SUITE("config/cookie_rule") {
  TEST_CASE("parse_cookie_rule: what is named, and the rest as everywhere") {
    http::CookieAttributes base;
    base.path = "/app";
    base.domain = "example.com";
    base.same_site = http::SameSite::lax;
    const auto plain = config::parse_cookie_rule("app.example.com", base).value();
    CHECK(plain.host == "app.example.com");
    CHECK(plain.attributes.domain.empty());
    CHECK(plain.attributes.path == "/app");
    CHECK(plain.attributes.same_site == http::SameSite::lax);
    const auto full = config::parse_cookie_rule(
        ".a.example  domain=.a.example path=/x samesite=none httponly=false", base);
    REQUIRE(full.ok());
    CHECK(full->host == ".a.example");
    CHECK(full->attributes.domain == "a.example");
    CHECK(full->attributes.path == "/x");
    CHECK(full->attributes.same_site == http::SameSite::none);
    CHECK_FALSE(full->attributes.http_only);
    CHECK(full->attributes.secure);
    CHECK_FALSE(full->attributes.partitioned);
    base.partitioned = true;
    CHECK(config::parse_cookie_rule("a.example", base)->attributes.partitioned);
    CHECK_FALSE(
        config::parse_cookie_rule("a.example partitioned=false", base)->attributes.partitioned);
    CHECK(complaint("b.a.example domain=a.example") == "taken");
  }

  TEST_CASE("parse_cookie_rule: what browsers would drop, or nobody knows, is refused") {
    for (const auto* text :
         {"", " ", "a b", "a.example domain=b.example", "a.example domain=aa.example",
          "a.example domain=b.a.example", "a.example domain=", "a.example domain", "a.example x=1",
          "a.example path=x", "a.example path=/a;b", "a.example samesite=maybe",
          "a.example samesite=", "a.example httponly=1", "a.example partitioned=yes",
          "a.example secure=false", "a;b", "a/b"}) {
      CAPTURE(text);
      CHECK(complaint(text) != "taken");
    }
    CHECK(complaint("a.example samesite=none", false) != "taken");
    CHECK(complaint("a.example samesite=lax", false) == "taken");
    CHECK(complaint("a.example partitioned=true", false) != "taken");
    CHECK(complaint("a.example partitioned=true", true) == "taken");
  }
}
