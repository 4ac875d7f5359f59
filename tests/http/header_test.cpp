#include "http/header.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gatelet;
using namespace gatelet::http;

namespace {

std::string elements_of(std::string_view list) {
  std::string out;
  for_each_element(list, [&](std::string_view item) { out.append("[").append(item).append("]"); });
  return out;
}

}  // namespace

TEST_SUITE("http/header") {
  TEST_CASE("equal_ignoring_case: ASCII letters only") {
    CHECK(equal_ignoring_case("X-Forwarded-For", "x-forwarded-FOR"));
    CHECK(equal_ignoring_case("", ""));
    CHECK_FALSE(equal_ignoring_case("a", "ab"));
    CHECK_FALSE(equal_ignoring_case("a-b", "a_b"));
    CHECK_FALSE(equal_ignoring_case("@", "`"));  // differ in the bit that makes letters lower case
    CHECK_FALSE(equal_ignoring_case("\xc3\x89", "\xc3\xa9"));
    CHECK_FALSE(equal_ignoring_case("k", "\xe2\x84\xaa"));
  }

  TEST_CASE("OP-09: equal_folded: every character that is no letter or digit counts as a dash") {
    for (const auto* name : {"X-Auth_Request-User", "x_auth_request_user", "X-AUTH-REQUEST-USER",
                             "X.Auth.Request.User", "X!Auth~Request|User"}) {
      CHECK(equal_folded(name, "X-Auth-Request-User"));
    }
    CHECK_FALSE(equal_folded("XAuthRequestUser", "X-Auth-Request-User"));
    CHECK_FALSE(equal_folded("X-Auth-Request-User2", "X-Auth-Request-User"));
    CHECK_FALSE(equal_folded("X--Auth-Request-User", "X-Auth-Request-User"));
  }

  TEST_CASE("find_header and count_header: the name in any case, the first one") {
    const std::vector<HeaderView> headers = {
        {"Accept", "1"}, {"host", "a"}, {"HOST", "b"}, {"Ho_st", "c"}};
    CHECK(find_header(headers, "Host")->value == "a");
    CHECK(count_header(headers, "Host") == 2);
    CHECK(find_header(headers, "Hos") == nullptr);
    CHECK(count_header(headers, "Cookie") == 0);
    CHECK(find_header({}, "Host") == nullptr);
  }

  TEST_CASE("is_token: exactly the characters of RFC 9110 section 5.6.2") {
    const std::string_view allowed =
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    CHECK(is_token(allowed));
    CHECK_FALSE(is_token(""));
    for (int c = 0; c < 256; ++c) {
      const std::string text(1, static_cast<char>(c));
      CHECK(is_token(text) == (allowed.find(text) != std::string_view::npos));
      CHECK(is_token("a" + text) == is_token(text));
    }
  }

  TEST_CASE("MA-35: is_safe_value: no control byte, tab included") {
    for (int c = 0; c < 256; ++c) {
      const std::string text = std::string("a") + static_cast<char>(c) + "b";
      CHECK(is_safe_value(text) == (c >= 0x20 && c != 0x7f));
    }
    for (std::size_t size = 1; size < 26; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        for (int c = 0; c < 256; ++c) {
          for (const char filler : {'x', ' ', '~', '\x80', '\xff'}) {
            std::string text(size, filler);
            text[at] = static_cast<char>(c);
            if (is_safe_value(text) == (c >= 0x20 && c != 0x7f)) continue;
            FAIL_CHECK("byte " << c << " at " << at << " of " << size << " among " << int(filler));
          }
        }
      }
    }
    CHECK(is_safe_value(""));
  }

  TEST_CASE("check_headers: accepts an ordinary request") {
    CHECK(check_headers(
              std::vector<HeaderView>{
                  {"Host", "a"}, {"Cookie", "a=1"}, {"Cookie", "b=\t\x80"}, {"X-Empty", ""}})
              .ok());
    CHECK(check_headers({}).ok());
  }

  TEST_CASE(
      "H-11: check_headers: two Host or two Authorization fields are refused, equal ones too") {
    for (const auto* name : {"Host", "Authorization"}) {
      CHECK(check_headers(std::vector<HeaderView>{{name, "a"}}).ok());
      const auto checked =
          check_headers(std::vector<HeaderView>{{name, "a"}, {"Accept", "x"}, {name, "a"}});
      REQUIRE_FALSE(checked.ok());
      CHECK(checked.error().status == Status::bad_request);
      CHECK(checked.error().text.find(name) != std::string::npos);
    }
    CHECK_FALSE(check_headers(std::vector<HeaderView>{{"host", "a"}, {"HOST", "b"}}).ok());
  }

  TEST_CASE("check_headers: CR, LF and NUL in a value and odd names are refused") {
    using namespace std::string_view_literals;
    for (const auto value : {"a\rb"sv, "a\nb"sv, "a\0b"sv, "\r\n"sv, "a\r\n X: y"sv}) {
      CHECK_FALSE(check_headers(std::vector<HeaderView>{{"A", value}}).ok());
    }
    for (const auto name :
         {""sv, "a b"sv, "a:"sv, "a\r"sv, "\xc3\xa9"sv, "a\0"sv, " a"sv, ":authority"sv}) {
      CHECK_FALSE(check_headers(std::vector<HeaderView>{{name, "x"}}).ok());
    }
  }

  TEST_CASE("H-02: check_headers: 64 KiB of names and values pass, a byte more does not") {
    const std::string value(32 * 1024 - 1, 'x');
    std::vector<HeaderView> headers = {{"A", value}, {"B", value}};
    CHECK(check_headers(headers).ok());
    headers.push_back({"C", ""});
    CHECK_FALSE(check_headers(headers).ok());
  }

  TEST_CASE("check_headers: an error repeats nothing of the request") {
    const auto checked = check_headers(std::vector<HeaderView>{{"canary canary", "canary"}});
    CHECK(checked.error().text.find("canary") == std::string::npos);
  }

  TEST_CASE("for_each_element: trimmed, empty ones left out") {
    CHECK(elements_of("a, b ,\tc") == "[a][b][c]");
    CHECK(elements_of(",a,,b, ,") == "[a][b]");
    CHECK(elements_of("") == "");
    CHECK(elements_of(" , ,, ") == "");
    CHECK(elements_of("one two") == "[one two]");
  }
}
