// Sessions that are kept where an allocation fails: what cannot be opened again is a miss, what
// cannot be packed is let go, and the rest is as before.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/session_cache.hpp"
#include "io/failing_malloc.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using io::testing::Failure;

namespace {

constexpr int num = 2 * static_cast<int>(SessionCache::max_recent);

struct Crowd {
  SessionCache cache{std::size_t{1} << 30, {1, 2, 3}};
  std::vector<std::string> cookies;
  std::vector<std::vector<HeaderView>> headers;

  Crowd() {
    cache.changes().told_until(1000s);
    for (int i = 0; i < num; ++i) cookies.push_back("s=" + std::to_string(i) + ".");
    for (const auto& cookie : cookies) headers.push_back({{"Cookie", cookie}});
    for (int i = 0; i < num; ++i) {
      session::Session session;
      session.user = "a name that is longer than a text keeps in itself, " + std::to_string(i);
      session.ticket = std::make_shared<const session::Ticket>(
          session::Ticket{"s-" + std::to_string(i), Secret("0123456789abcdef")});
      cache.insert_stored(image(i), 1, std::make_shared<const session::Session>(session),
                          cache.changes().last(), 200s);
    }
  }
  CookieImage image(int i) const { return CookieImage(headers[static_cast<std::size_t>(i)], "s"); }
  std::shared_ptr<const session::Session> find(int i) {
    return cache.find_stored(image(i), 1, 101s, 1000s);
  }
};

}  // namespace

TEST_SUITE("engine/session_cache_allocation") {
  TEST_CASE(
      "find: without memory a packed session is a miss, or another is let go; no half of one") {
    Crowd crowd;
    long num_misses = 0;
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 100);
      const auto which = static_cast<int>(n);
      Failure failure(n);
      const auto found = crowd.find(which);
      const bool has_failed = failure.end();
      if (!has_failed) {
        REQUIRE(found);
        break;
      }
      num_misses += found ? 0 : 1;
      const auto again = crowd.find(which);
      REQUIRE(again);
      CHECK(again->user.ends_with(", " + std::to_string(n)));
      CHECK(again->ticket->id == "s-" + std::to_string(n));
    }
    CHECK(num_misses > 3);
    int num_left = 0;
    for (int i = 0; i < num; ++i) num_left += crowd.find(i) ? 1 : 0;
    CHECK(num_left < num);       // what could not be packed
    CHECK(num_left > num - 10);  // and no more
    crowd.cache.changes().note_all();
    for (int i = 0; i < num; ++i) CHECK(crowd.find(i) == nullptr);
    CHECK(crowd.cache.size_bytes() == 0);
  }
}
