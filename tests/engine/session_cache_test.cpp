#include "engine/session_cache.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "session/lifetime.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

constexpr std::array<unsigned char, 16> key{1, 2, 3};

std::shared_ptr<const session::Session> session_of(std::string_view user) {
  session::Session session;
  session.user = user;
  return std::make_shared<const session::Session>(std::move(session));
}

std::vector<HeaderView> cookies(std::string_view text) { return {{"Cookie", text}}; }

}  // namespace

TEST_SUITE("engine/session_cache") {
  TEST_CASE("CookieImage: sees the session cookie and its parts, and nothing else") {
    CHECK(CookieImage(cookies("a=1; s_x=2; sx=3; s_=4; s_1x=5; S=6"), "s").empty());
    CHECK(CookieImage(cookies("a=1; s=2"), "s").fits());
    CHECK(CookieImage(cookies("s_0=1; s_12=2"), "s").keep() == "s_0=1;s_12=2;");
  }

  TEST_CASE(
      "lone: the value of the one whole cookie; nothing beside parts, doubles or an empty one") {
    const auto lone = [](std::string_view text) {
      const auto headers = cookies(text);
      return CookieImage(headers, "s").lone("s");
    };
    CHECK(lone("a=1; s=2") == "2");
    for (const auto text : {"a=1", "s=", "s_0=2", "s=2; s_0=3", "s=2; s=2"}) {
      CHECK_FALSE(lone(text).has_value());
    }
  }

  TEST_CASE("CookieImage: more parts than any session has are not looked up, but seen") {
    std::string many;
    for (int i = 0; i < 40; ++i) many += "s_" + std::to_string(i) + "=x; ";
    const auto headers = cookies(many);
    const CookieImage image(headers, "s");
    CHECK_FALSE(image.fits());
    CHECK_FALSE(image.empty());
  }

  TEST_CASE("find: gives what was inserted for the same cookies, spread over other lines or not") {
    SessionCache cache(1 << 20, key);
    const auto one = cookies("a=1; s_0=abc; s_1=def");
    const std::vector<HeaderView> two = {
        {"Cookie", "s_0=abc"}, {"X", "y"}, {"cookie", "s_1=def; b=2"}};
    const auto session = session_of("ann");
    cache.insert(CookieImage(one, "s"), 1, session);
    CHECK(cache.find(CookieImage(one, "s"), 1) == session);
    CHECK(cache.find(CookieImage(two, "s"), 1) == session);
  }

  TEST_CASE("find: another byte, part, order or generation is a miss") {
    SessionCache cache(1 << 20, key);
    const std::string long_head(200, 'h');
    cache.insert(CookieImage(cookies("s_0=abc; s_1=def"), "s"), 1, session_of("ann"));
    const auto first = "s=" + long_head + "tail";
    cache.insert(CookieImage(cookies(first), "s"), 1, session_of("bob"));
    for (const auto& other :
         {std::string("s_0=abc"), std::string("s_0=abc; s_1=deg"), std::string("s_1=def; s_0=abc"),
          std::string("s_0=abcdef"), std::string("s_0=ab; s_1=cdef"),
          std::string("s_0=abc; s_1=def; s=x"), "s=x" + long_head.substr(1) + "tail"}) {
      const auto headers = cookies(other);
      CHECK_FALSE(cache.find(CookieImage(headers, "s"), 1));
    }
    CHECK_FALSE(cache.find(CookieImage(cookies("s_0=abc; s_1=def"), "s"), 2));
  }

  TEST_CASE("find: equal tails with different heads never give each other's session") {
    SessionCache cache(1 << 20, key);
    const std::string tail(64, 't');
    const auto a = "s=aaaa" + tail, b = "s=bbbb" + tail;
    cache.insert(CookieImage(cookies(a), "s"), 1, session_of("ann"));
    CHECK_FALSE(cache.find(CookieImage(cookies(b), "s"), 1));
    cache.insert(CookieImage(cookies(b), "s"), 1, session_of("bob"));
    CHECK(cache.find(CookieImage(cookies(b), "s"), 1)->user == "bob");
    CHECK_FALSE(cache.find(CookieImage(cookies(a), "s"), 1));
  }

  TEST_CASE("insert: stays within its bytes, the least recently used out first") {
    SessionCache cache(64 * 1024, key);
    std::vector<std::string> texts;
    for (int i = 0; i < 2000; ++i)
      texts.push_back("s=" + std::string(100, 'v') + std::to_string(i));
    for (const auto& text : texts) {
      cache.insert(CookieImage(cookies(text), "s"), 1, session_of("u"));
      CHECK(cache.size_bytes() <= 64 * 1024);
      // Keeping the first in use keeps it in.
      CHECK(cache.find(CookieImage(cookies(texts[0]), "s"), 1));
    }
    CHECK(cache.find(CookieImage(cookies(texts.back()), "s"), 1));
    CHECK_FALSE(cache.find(CookieImage(cookies(texts[1]), "s"), 1));
  }

  TEST_CASE("insert: a session larger than a shard is not kept, and a size of 0 keeps nothing") {
    SessionCache none(0, key), small(8 * 1024, key);
    const auto text = "s=" + std::string(4000, 'v');
    none.insert(CookieImage(cookies("s=x"), "s"), 1, session_of("u"));
    small.insert(CookieImage(cookies(text), "s"), 1, session_of("u"));
    CHECK(none.size_bytes() == 0);
    CHECK(small.size_bytes() == 0);
  }

  TEST_CASE(
      "LO-03: a token is forgotten when it ends, on either clock, also when one is set back") {
    SessionCache cache(1 << 20, {7});
    const auto begin = at_unix(1'800'000'000);
    auto session = std::make_shared<session::Session>();
    session->user = "u";
    session->ends_at = session::to_timestamp(begin + 2s);
    const TokenImage image("token");
    cache.insert(image, 1, session, begin);
    CHECK(cache.find(image, 1, begin + 1s) == session);
    CHECK(cache.find(image, 1, begin + 3s) == nullptr);
    CHECK(cache.find(image, 1, Instant{begin.wall + 3s, begin.steady}) == nullptr);
    CHECK(cache.find(image, 1, Instant{begin.wall - 1h, begin.steady + 3s}) == nullptr);
    CHECK(cache.find(image, 1, Instant{begin.wall - 1h, begin.steady + 1s}) == session);
    session = std::make_shared<session::Session>(*session);
    session->ends_at = session::Timestamp{std::numeric_limits<std::int64_t>::max(), 0};
    cache.insert(image, 1, session, begin);
    CHECK(cache.find(image, 1, begin + 24h) == session);
  }
}
