#include "http/cookie.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gatelet;
using namespace gatelet::http;
using std::chrono::seconds;

namespace {

// All cookies as "name=value" joined with " | ".
std::string read(const std::vector<HeaderView>& headers) {
  std::string out;
  CookieReader reader(headers);
  CookieView cookie;
  while (reader.next(cookie)) {
    if (!out.empty()) out += " | ";
    out.append(cookie.name).append("=").append(cookie.value);
  }
  return out;
}
std::string read(std::string_view value) {
  return read(std::vector<HeaderView>{{"Cookie", value}});
}

std::string set_cookie(const CookieAttributes& attributes, std::optional<seconds> max_age) {
  std::string out;
  write_set_cookie("n", "v", attributes, max_age, out);
  return out;
}

}  // namespace

TEST_SUITE("http/cookie") {
  TEST_CASE("CookieReader: reads as Go's net/http does") {
    CHECK(read("a=1") == "a=1");
    CHECK(read("a=1; b=2") == "a=1 | b=2");
    CHECK(read("a=1;b=2;c=3") == "a=1 | b=2 | c=3");
    CHECK(read(" \t a=1 ;\t b=2 \t") == "a=1 | b=2");
    CHECK(read("a=\"1\"; b=\"\"; c=\"\"\"") == "a=1 | b=");
    CHECK(read("a=1=2; b==") == "a=1=2 | b==");
    CHECK(read("a; b=") == "a= | b=");
    CHECK(read("a =1; b= 2") == "a=1 | b= 2");
    CHECK(read("a=x y,z") == "a=x y,z");
    CHECK(read("a=1; a=2; A=3") == "a=1 | a=2 | A=3");
    CHECK(read("__Host-s=1|2|3==; _x_0=y") == "__Host-s=1|2|3== | _x_0=y");
  }

  TEST_CASE(
      "CookieReader: passes over a pair with an illegal name or value, and reads the others") {
    CHECK(read("=1; a=1") == "a=1");
    CHECK(read("a b=1; c=2") == "c=2");
    CHECK(read("a,b=1; c=2") == "c=2");
    CHECK(read("\"a\"=1; c=2") == "c=2");
    CHECK(read("a=\\1; c=2") == "c=2");
    CHECK(read("a=1\"; c=2") == "c=2");
    CHECK(read("a=\"1; c=2") == "c=2");
    CHECK(read("a=\"1;2\"; c=3") == "c=3");
    CHECK(read("a=\xc3\xa9; \xc3\xa9=1; c=2") == "c=2");
    CHECK(read("a=1\x7f; b=\x1f; c=2") == "c=2");
    CHECK(read(std::string_view("a=1\0; c=2", 9)) == "c=2");
    CHECK(read("$Version=1; a=1; $Path=/") == "$Version=1 | a=1 | $Path=/");
  }

  TEST_CASE("CookieReader: an illegal byte is found wherever it stands in a long value") {
    for (const char bad : {'"', '\\', '\x01', '\x7f', '\x80', '\xff'}) {
      for (std::size_t i = 0; i < 70; ++i) {
        std::string value(70, 'v');
        CHECK(read("a=" + value) == "a=" + value);
        value[i] = bad;
        CHECK(read("a=" + value + "; b=1") == "b=1");
      }
    }
  }

  TEST_CASE("MA-12: CookieReader: separators without cookies give none, and cost nothing") {
    CHECK(read("") == "");
    CHECK(read(";") == "");
    CHECK(read(";;;") == "");
    CHECK(read(" ; ") == "");
    CHECK(read("=") == "");
    CHECK(read("a=;;b") == "a= | b=");
    CHECK(read(std::string(64 * 1024, ';')) == "");
    CHECK(read(std::string(64 * 1024, ';') + "a=1") == "a=1");
  }

  TEST_CASE("H-02: CookieReader: a jar filled up is walked to its end") {
    std::string jar;
    for (int i = 0; i < 16 * 1024; ++i) jar += "x=1;";
    const std::vector<HeaderView> headers = {{"Cookie", jar}, {"Cookie", "last=2"}};
    CHECK(find_cookie(headers, "last") == "2");
    CHECK_FALSE(find_cookie(headers, "y"));
  }

  TEST_CASE("CookieReader: walks every Cookie field in order and no other field") {
    CHECK(read({{"Accept", "x=1"},
                {"cookie", "a=1; b=2"},
                {"X-Cookie", "y=1"},
                {"COOKIE", ""},
                {"Cookie", "a=3"},
                {"Set-Cookie", "z=1"}}) == "a=1 | b=2 | a=3");
    CHECK(read(std::vector<HeaderView>{}) == "");
  }

  TEST_CASE("find_cookie: the first of the name, which compares exactly") {
    const std::vector<HeaderView> headers = {{"Cookie", "ab=0; A=9; a=\"1\"; a=2"},
                                             {"Cookie", "a=3; b=4"}};
    CHECK(find_cookie(headers, "a") == "1");
    CHECK(find_cookie(headers, "A") == "9");
    CHECK(find_cookie(headers, "b") == "4");
    CHECK_FALSE(find_cookie(headers, "c"));
    CHECK_FALSE(find_cookie(headers, ""));
    CHECK_FALSE(find_cookie({}, "a"));
  }

  TEST_CASE("write_set_cookie: attributes stand in Go's order") {
    CHECK(set_cookie({}, seconds(604800)) == "n=v; Path=/; Max-Age=604800; HttpOnly; Secure");
    CHECK(set_cookie({.path = "/app", .domain = "example.com", .same_site = SameSite::lax},
                     seconds(3600)) ==
          "n=v; Path=/app; Domain=example.com; Max-Age=3600; HttpOnly; Secure; SameSite=Lax");
    CHECK(set_cookie({.same_site = SameSite::strict}, {}) ==
          "n=v; Path=/; HttpOnly; Secure; SameSite=Strict");
    CHECK(set_cookie({.same_site = SameSite::none}, {}) ==
          "n=v; Path=/; HttpOnly; Secure; SameSite=None");
    CHECK(set_cookie({.same_site = SameSite::none, .partitioned = true}, {}) ==
          "n=v; Path=/; HttpOnly; Secure; SameSite=None; Partitioned");
    CHECK(set_cookie({.path = "", .secure = false, .http_only = false}, {}) == "n=v");
  }

  TEST_CASE("write_set_cookie: no life left is Max-Age=0") {
    CHECK(set_cookie({}, seconds(0)) == "n=v; Path=/; Max-Age=0; HttpOnly; Secure");
    CHECK(set_cookie({}, seconds(-5)) == "n=v; Path=/; Max-Age=0; HttpOnly; Secure");
  }

  TEST_CASE("write_set_cookie: appends, and clears as oauth2-proxy does") {
    std::string out;
    write_set_cookie("_oauth2_proxy", "", {}, seconds(0), out);
    // Recorded from oauth2-proxy 7.15.3.
    CHECK(out == "_oauth2_proxy=; Path=/; Max-Age=0; HttpOnly; Secure");
    write_set_cookie("b", "1", {.path = ""}, {}, out);
    CHECK(out == "_oauth2_proxy=; Path=/; Max-Age=0; HttpOnly; Secureb=1; HttpOnly; Secure");
  }

  TEST_CASE("H-12: is_cookie_name: a token") {
    CHECK(is_cookie_name("__Host-gatelet"));
    CHECK(is_cookie_name("a+b.c"));
    for (const auto* name : {"", "a b", "a=b", "a;b", "a,b", "a\r\nb", "a\"b", "\xc3\xa9"}) {
      CHECK_FALSE(is_cookie_name(name));
    }
  }
}
