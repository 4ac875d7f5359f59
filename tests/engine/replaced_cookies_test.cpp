#include "engine/replaced_cookies.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using gatelet::engine::CookieImage;
using gatelet::engine::ReplacedCookies;

namespace {

class Cookies {
 public:
  explicit Cookies(std::string value) : value_(std::move(value)) {}
  operator CookieImage() const { return CookieImage({&header_, 1}, "s"); }

 private:
  const std::string value_;
  const HeaderView header_{"Cookie", value_};
};

}  // namespace

TEST_SUITE("engine/replaced_cookies") {
  TEST_CASE("what was noted is covered for a minute, and nothing else is") {
    ReplacedCookies replaced({1});
    const Cookies old("a=1; s=old; b=2"), other("s=other"), parts("s_0=old; s_1=rest");
    const auto begin = at_unix(1000);
    CHECK_FALSE(replaced.covers(old, begin));
    replaced.note(old, begin);
    CHECK(replaced.covers(old, begin + 60s - 1ns));
    CHECK(replaced.covers(Cookies("s=old; a=another"), begin));
    CHECK_FALSE(replaced.covers(old, begin + 60s));
    CHECK_FALSE(replaced.covers(other, begin));
    CHECK_FALSE(replaced.covers(parts, begin));
    CHECK_FALSE(replaced.covers(Cookies("a=1"), begin));
  }

  TEST_CASE("a second sign-in with the same cookies begins the minute anew") {
    ReplacedCookies replaced({1});
    const Cookies old("s=old"), other("s=other");
    const auto begin = at_unix(1000);
    replaced.note(old, begin);
    replaced.note(old, begin + 30s);
    replaced.note(other, begin + 61s);  // what the first left is dropped by now
    CHECK(replaced.covers(old, begin + 90s - 1ns));
    CHECK_FALSE(replaced.covers(old, begin + 90s));
  }

  TEST_CASE("no session cookies, or more than there can be, are nobody's") {
    ReplacedCookies replaced({1});
    const auto begin = at_unix(1000);
    std::string many;
    for (int i = 0; i < 40; ++i) many += "s_" + std::to_string(i) + "=x; ";
    for (const auto& text : {std::string("a=1"), many}) {
      const Cookies cookies(text);
      replaced.note(cookies, begin);
      CHECK_FALSE(replaced.covers(cookies, begin));
    }
  }

  TEST_CASE("bounded: the oldest is forgotten first") {
    ReplacedCookies replaced({1}, 2);
    const Cookies first("s=first"), second("s=second"), third("s=third");
    const auto begin = at_unix(1000);
    for (const auto* one : {&first, &second, &third}) replaced.note(*one, begin);
    CHECK_FALSE(replaced.covers(first, begin));
    CHECK(replaced.covers(second, begin));
    CHECK(replaced.covers(third, begin));
  }
}
