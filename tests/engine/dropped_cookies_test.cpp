#include "engine/dropped_cookies.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using gatelet::engine::CookieImage;
using gatelet::engine::DroppedCookies;

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

TEST_SUITE("engine/dropped_cookies") {
  TEST_CASE("what was noted is covered for a minute, and nothing else is") {
    DroppedCookies dropped({1});
    const Cookies old("a=1; s=old; b=2"), other("s=other"), parts("s_0=old; s_1=rest");
    const auto begin = at_unix(1000);
    CHECK_FALSE(dropped.covers(old, begin));
    dropped.note(old, begin);
    CHECK(dropped.covers(old, begin));
    CHECK(dropped.covers(old, begin + 60s - 1ns));
    CHECK(dropped.covers(Cookies("s=old; a=another"), begin));
    CHECK_FALSE(dropped.covers(old, begin + 60s));
    CHECK_FALSE(dropped.covers(old, begin + 1h));
    CHECK_FALSE(dropped.covers(other, begin));
    CHECK_FALSE(dropped.covers(parts, begin));
    CHECK_FALSE(dropped.covers(Cookies("a=1"), begin));
  }

  TEST_CASE("noted again, the minute begins anew") {
    DroppedCookies dropped({1});
    const Cookies old("s=old");
    const auto begin = at_unix(1000);
    dropped.note(old, begin);
    dropped.note(old, begin + 30s);
    CHECK(dropped.covers(old, begin + 90s - 1ns));
    CHECK_FALSE(dropped.covers(old, begin + 90s));
  }

  TEST_CASE("no session cookies, or more than there can be, are nobody's") {
    DroppedCookies dropped({1});
    const auto begin = at_unix(1000);
    std::string many;
    for (int i = 0; i < 40; ++i) many += "s_" + std::to_string(i) + "=x; ";
    for (const auto& text : {std::string("a=1"), many}) {
      const Cookies cookies(text);
      dropped.note(cookies, begin);
      CHECK_FALSE(dropped.covers(cookies, begin));
    }
  }

  TEST_CASE("of many the later are covered, and of those before only as many as there is room") {
    DroppedCookies dropped({1});
    const auto begin = at_unix(1000);
    const auto cookies = [](int i) { return Cookies("s=" + std::to_string(i)); };
    for (int i = 0; i < 40'000; ++i) dropped.note(cookies(i), begin);
    CHECK(dropped.covers(cookies(39'999), begin));
    int num_covered = 0;
    for (int i = 0; i < 40'000; ++i) num_covered += dropped.covers(cookies(i), begin) ? 1 : 0;
    CHECK(num_covered > 4000);
    CHECK(num_covered <= 4096);
  }
}
