#include "policy/domain_match.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gatelet::policy;

TEST_SUITE("policy/domain_match") {
  TEST_CASE("is_inside_domain: the domain itself and what is below it") {
    CHECK(is_inside_domain("example.com", "example.com"));
    CHECK(is_inside_domain("a.example.com", "example.com"));
    CHECK(is_inside_domain("A.b.EXAMPLE.com", "example.COM"));
  }

  TEST_CASE("MA-32: a host that only ends like the domain is not inside it") {
    for (const auto* host : {"evil-example.com", "badexample.com", "example.com.evil.test",
                             "example.com.", ".example.com", "com", ""}) {
      CAPTURE(host);
      CHECK_FALSE(is_inside_domain(host, "example.com"));
    }
    CHECK_FALSE(is_inside_domain("example.com", ""));
  }

  TEST_CASE("matches_entry: a bare host is that host alone, without a port") {
    CHECK(matches_entry("foo.bar", "", "foo.bar"));
    CHECK(matches_entry("FOO.bar", "", "foo.BAR"));
    CHECK_FALSE(matches_entry("a.foo.bar", "", "foo.bar"));
    CHECK_FALSE(matches_entry("foo.bar", "80", "foo.bar"));
  }

  TEST_CASE("matches_entry: a leading dot or star takes sub-domains and the domain") {
    for (const auto* entry : {".foo.bar", "*.foo.bar"}) {
      CAPTURE(entry);
      CHECK(matches_entry("foo.bar", "", entry));
      CHECK(matches_entry("a.b.foo.bar", "", entry));
      CHECK_FALSE(matches_entry("xfoo.bar", "", entry));
      CHECK_FALSE(matches_entry("foo.bar.evil.com", "", entry));
    }
    CHECK_FALSE(matches_entry("a.foo.bar", "", "*foo.bar"));
  }

  TEST_CASE("matches_entry: ports are named, any, or none") {
    CHECK(matches_entry("foo.bar", "8080", "foo.bar:8080"));
    CHECK_FALSE(matches_entry("foo.bar", "8081", "foo.bar:8080"));
    CHECK_FALSE(matches_entry("foo.bar", "", "foo.bar:8080"));
    CHECK(matches_entry("foo.bar", "1", "foo.bar:*"));
    CHECK(matches_entry("foo.bar", "", "foo.bar:*"));
    CHECK_FALSE(matches_entry("foo.bar", "x", "foo.bar:x"));
    CHECK(matches_entry("::1", "8080", "[::1]:8080"));
    CHECK_FALSE(matches_entry("::1", "", "::1"));
  }

  TEST_CASE("matches_entry: entries that name no host match nothing") {
    for (const auto* entry : {"", ".", "*.", "*", ":80", ":*", "https://foo.bar", "foo.bar/path"}) {
      CAPTURE(entry);
      CHECK_FALSE(matches_entry("foo.bar", "", entry));
      CHECK_FALSE(matches_entry("", "80", entry));
    }
  }

  TEST_CASE("matches_any: one entry is enough, none is a refusal") {
    const std::vector<std::string> entries = {"a.test", ".b.test"};
    CHECK(matches_any("x.b.test", "", entries));
    CHECK_FALSE(matches_any("x.a.test", "", entries));
    CHECK_FALSE(matches_any("a.test", "", {}));
  }
}
