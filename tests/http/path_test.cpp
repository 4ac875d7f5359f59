#include "http/path.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using namespace gatelet::http;
using namespace std::string_view_literals;

namespace {

bool is_refused(std::string_view text) {
  const auto target = parse_target(text);
  CHECK(target.ok() == is_target(text));
  if (target.ok()) return false;
  CHECK(target.error().status == Status::bad_request);
  return true;
}

std::string normal(std::string_view path) { return normalise_path(path).text; }
bool is_plain(std::string_view path) { return normalise_path(path).is_plain; }

}  // namespace

TEST_SUITE("http/path") {
  TEST_CASE("parse_target: splits at the first question mark and leaves the bytes alone") {
    const auto target = *parse_target("/a%20b/../c?x=1?y");
    CHECK(target.path == "/a%20b/../c");
    CHECK(target.query == "x=1?y");
    CHECK(target.has_query);

    CHECK(parse_target("/")->path == "/");
    CHECK_FALSE(parse_target("/a")->has_query);
    CHECK(parse_target("/a?")->has_query);
    CHECK(parse_target("/a?")->query == "");
    CHECK(parse_target("/\xc3\xa9")->path == "/\xc3\xa9");
    CHECK(parse_target("//evil.example/a")->path == "//evil.example/a");
  }

  TEST_CASE("H-09: parse_target: only origin form is read") {
    for (const auto* text : {"", "*", "a", "a/b", "http://evil/admin", "https://a/",
                             "example.com:443", "?x", "\\a", "#"}) {
      CAPTURE(text);
      CHECK(is_refused(text));
    }
  }

  TEST_CASE("OP-13: parse_target: a raw # is refused, also in the query") {
    CHECK(is_refused("/foo/secret#/bar"));
    CHECK(is_refused("/a?b#c"));
    CHECK_FALSE(is_refused("/foo/secret%23/bar"));
  }

  TEST_CASE("parse_target: control bytes, spaces, NUL in any form and broken escapes are refused") {
    for (const auto text :
         {"/a b"sv, "/a\tb"sv, "/a\r\nb"sv, "/a\0b"sv, "/a\x7f"sv, "/a%00b"sv, "/a?b=%00"sv,
          "/a%"sv, "/a%2"sv, "/a%zz"sv, "/a%u002f"sv, "/a?b=%"sv, "/ "sv, "/a%%41"sv}) {
      CAPTURE(text);
      CHECK(is_refused(text));
    }
  }

  TEST_CASE("parse_target: 32 KiB are read, a byte more is not") {
    const std::string text = "/" + std::string(32 * 1024 - 1, 'a');
    CHECK_FALSE(is_refused(text));
    CHECK(is_refused(text + "a"));
  }

  TEST_CASE("normalise_path: a plain path stays as it is") {
    for (const auto* path : {"/", "/a", "/a/b", "/a/b/", "/a.b/c", "/.well-known/x", "/a/.hidden",
                             "/...", "/a/..b", "/a/b..", "/~u/+x,y=z:@!$&'()*", "/public."}) {
      CAPTURE(path);
      CHECK(normal(path) == path);
      CHECK(is_plain(path));
    }
  }

  TEST_CASE("normalise_path: harmless escapes are decoded once and the path stays plain") {
    CHECK(normal("/a%20b") == "/a b");
    CHECK(is_plain("/a%20b"));
    CHECK(normal("/%61dmin") == "/admin");
    CHECK(is_plain("/%61dmin"));
    CHECK(normal("/%C3%A9") == "/\xc3\xa9");
    CHECK(is_plain("/%C3%A9"));
    CHECK(is_plain("/\xc3\xa9"));
    CHECK(normal("/a%2eb") == "/a.b");
    CHECK(is_plain("/a%2eb"));
  }

  TEST_CASE(
      "PX-12: normalise_path: dot segments are resolved, never above the root, and the path is not "
      "plain") {
    const std::pair<const char*, const char*> cases[] = {
        {"/public/../admin", "/admin"},
        {"/public/%2e%2e/admin", "/admin"},
        {"/public/.%2E/admin", "/admin"},
        {"/public/%2e%2e%2fadmin", "/admin"},
        {"/./admin", "/admin"},
        {"/%2e/admin", "/admin"},
        {"/a/.", "/a/"},
        {"/a/..", "/"},
        {"/a/b/..", "/a/"},
        {"/a/b/../", "/a/"},
        {"/..", "/"},
        {"/../../../etc", "/etc"},
        {"/a/b/c/./../../g", "/a/g"},
        {"/a/../../b/../c", "/c"},
        {"/.", "/"},
        {"/..//..", "/"},
    };
    for (const auto& row : cases) {
      CAPTURE(row.first);
      CHECK(normal(row.first) == row.second);
      CHECK_FALSE(is_plain(row.first));
    }
  }

  TEST_CASE("PX-15: normalise_path: runs of slashes are merged, and the path is not plain") {
    CHECK(normal("//admin/x") == "/admin/x");
    CHECK(normal("/a//b///c") == "/a/b/c");
    CHECK(normal("/a//") == "/a/");
    CHECK(normal("//") == "/");
    CHECK(normal("/a%2fb") == "/a/b");
    CHECK(normal("/a%2f%2Fb") == "/a/b");
    CHECK(normal("/%2f") == "/");
    for (const auto* path :
         {"//admin/x", "/a//b///c", "/a//", "//", "/a%2fb", "/a%2f%2Fb", "/%2f", "/a%2F"}) {
      CAPTURE(path);
      CHECK_FALSE(is_plain(path));
    }
  }

  TEST_CASE(
      "H-09: normalise_path: what somebody behind us may read as structure makes the path not "
      "plain") {
    for (const auto* path : {"/a\\b",
                             "/a%5cb",
                             "/\\\\admin",
                             "/a;x",
                             "/a%3bx",
                             "/public/..;/admin",
                             "/a%23b",
                             "/a%3fb",
                             "/a%252fb",
                             "/%252e%252e/admin",
                             "/a%25b",
                             "/a%25u002f",
                             "/a%0ab",
                             "/a%09",
                             "/a%7fb",
                             "/%c0%af",
                             "/%c0%ae%c0%ae/admin",
                             "/\xc0\xaf",
                             "/%e0%80%af",
                             "/%ff",
                             "/%ed%a0%80",
                             "/a?b",
                             "/a#b",
                             "",
                             "a",
                             "a/b",
                             "../a",
                             "/a%",
                             "/a%zz"}) {
      CAPTURE(path);
      CHECK_FALSE(is_plain(path));
      CHECK(normal(path).starts_with('/'));
    }
    CHECK(normal("") == "/");
    CHECK(normal("a") == "/a");
    CHECK(normal("/a%252fb") == "/a%2fb");
    CHECK(normal("/public/..;/admin") == "/public/..;/admin");
    CHECK(normal("/a\\..\\b") == "/a\\..\\b");
    CHECK(normal("/a%zz") == "/a%zz");
  }

  TEST_CASE("percent_decoded: once; a broken escape stays") {
    CHECK(http::percent_decoded("/a%20b/%C3%BC/c%2Fd") == "/a b/\xc3\xbc/c/d");
    CHECK(http::percent_decoded("%2541") == "%41");
    CHECK(http::percent_decoded("%") == "%");
    CHECK(http::percent_decoded("%4") == "%4");
    CHECK(http::percent_decoded("%4g%41") == "%4gA");
    CHECK(http::percent_decoded("") == "");
  }
}
