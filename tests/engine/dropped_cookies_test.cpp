#include "engine/dropped_cookies.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using gatelet::engine::CookieImage;
using gatelet::engine::DroppedCookies;

namespace {

struct Ground {
  DroppedCookies dropped{{1}};
  const Instant begin = at_unix(1000);
  DroppedCookies::Key key(const std::string& cookies) const {
    const HeaderView header{"Cookie", cookies};
    return dropped.key_of(CookieImage({&header, 1}, "s"));
  }
};

}  // namespace

TEST_SUITE("engine/dropped_cookies") {
  TEST_CASE("what was replaced is neither set nor expired for a minute; others are") {
    Ground ground;
    auto& dropped = ground.dropped;
    const auto begin = ground.begin;
    const auto old = ground.key("a=1; s=old; b=2");
    CHECK(dropped.may_set(old, begin));
    CHECK(dropped.may_expire(old, begin));
    dropped.note_replaced(old, begin);
    for (const auto passed : {Duration(-5s), Duration(0s), Duration(60s - 1ns)}) {
      CHECK_FALSE(dropped.may_set(old, begin + passed));
      CHECK_FALSE(dropped.may_expire(old, begin + passed));
    }
    CHECK_FALSE(dropped.may_set(ground.key("s=old; a=another"), begin));
    for (const auto passed : {Duration(60s), Duration(1h)}) {
      CHECK(dropped.may_set(old, begin + passed));
      CHECK(dropped.may_expire(old, begin + passed));
    }
    for (const auto* other : {"s=other", "s_0=old; s_1=rest", "a=1"}) {
      CHECK(dropped.may_set(ground.key(other), begin));
      CHECK(dropped.may_expire(ground.key(other), begin));
    }
  }

  TEST_CASE("what the sign-in page expired is not set again, and may be expired") {
    Ground ground;
    const auto old = ground.key("s=old");
    ground.dropped.note_left(old, ground.begin);
    CHECK_FALSE(ground.dropped.may_set(old, ground.begin + 60s - 1ns));
    CHECK(ground.dropped.may_expire(old, ground.begin));
    CHECK(ground.dropped.may_set(old, ground.begin + 60s));
    ground.dropped.note_replaced(old, ground.begin + 60s);
    ground.dropped.note_left(old, ground.begin + 61s);  // says less, and takes nothing back
    CHECK_FALSE(ground.dropped.may_expire(old, ground.begin + 62s));
  }

  TEST_CASE("noted again, the minute begins anew") {
    Ground ground;
    const auto old = ground.key("s=old");
    ground.dropped.note_replaced(old, ground.begin);
    ground.dropped.note_replaced(old, ground.begin + 30s);
    CHECK_FALSE(ground.dropped.may_expire(old, ground.begin + 90s - 1ns));
    CHECK(ground.dropped.may_expire(old, ground.begin + 90s));
  }

  TEST_CASE("what an attempt's redirect expired is replaced once it has signed in, once") {
    Ground ground;
    auto& dropped = ground.dropped;
    const auto old = ground.key("s=old");
    dropped.note_attempt("state", old);
    dropped.note_signed_in("another state", ground.begin);
    CHECK(dropped.may_expire(old, ground.begin));
    dropped.note_signed_in("state", ground.begin);
    CHECK_FALSE(dropped.may_expire(old, ground.begin));
    dropped.note_signed_in("state", ground.begin + 60s);
    CHECK(dropped.may_expire(old, ground.begin + 60s));
  }

  TEST_CASE("no session cookies, or more than there can be, are nobody's") {
    Ground ground;
    std::string many;
    for (int i = 0; i < 40; ++i) many += "s_" + std::to_string(i) + "=x; ";
    for (const auto& text : {std::string("a=1"), many}) {
      const auto key = ground.key(text);
      CHECK_FALSE(key);
      ground.dropped.note_replaced(key, ground.begin);
      ground.dropped.note_left(key, ground.begin);
      ground.dropped.note_attempt("state", key);
      ground.dropped.note_signed_in("state", ground.begin);
      CHECK(ground.dropped.may_set(key, ground.begin));
      CHECK(ground.dropped.may_expire(key, ground.begin));
    }
  }

  TEST_CASE("of many the later count, and of those before only as many as there is room") {
    Ground ground;
    const auto key = [&](int i) { return ground.key("s=" + std::to_string(i)); };
    for (int i = 0; i < 40'000; ++i) ground.dropped.note_replaced(key(i), ground.begin);
    CHECK_FALSE(ground.dropped.may_set(key(39'999), ground.begin));
    int num_noted = 0;
    for (int i = 0; i < 40'000; ++i)
      num_noted += ground.dropped.may_set(key(i), ground.begin) ? 0 : 1;
    CHECK(num_noted > 4000);
    CHECK(num_noted <= 4096);
  }
}
