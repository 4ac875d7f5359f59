#include "io/redis_inquiry.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "io/redis_ground.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;

namespace {

RedisInquiry::Id id_of(RedisInquiry::Id number) { return RedisRoute::own_ids | number; }

}  // namespace

// What an inquiry does with living servers is tried in redis_sentinel_test and redis_cluster_test;
// here nobody listens, and time is made up.
TEST_SUITE("io/redis_inquiry") {
  TEST_CASE("a round in which nobody can be asked fails at once; pauses grow to half a second") {
    NameLookups lookups;
    const RedisEndpoint nowhere{http::parse_redis_url("unix:///nowhere/redis.sock").value()};
    RedisPool first(nowhere, {}, lookups, 1), second(nowhere, {}, lookups, 2);
    int num_taken = 0;
    RedisInquiry inquiry(
        {},
        [&](RedisConnection&, const RedisReply&) {
          ++num_taken;
          return Result<void>();
        },
        1);
    Deadline now{};
    Duration longest{};
    CHECK_FALSE(inquiry.has_failed());
    for (unsigned i = 0; i < 12; ++i) {
      REQUIRE(inquiry.may_begin(now));
      inquiry.begin({&first, &second}, "x", now);
      CHECK_FALSE(inquiry.is_under_way());
      CHECK(inquiry.has_failed());
      CHECK(inquiry.num_rounds() == i + 1);
      CHECK(inquiry.problem().text.find("no such socket") != std::string::npos);
      const Duration least = std::min<Duration>(20ms * (1 << i), 500ms) / 2;
      CHECK_FALSE(inquiry.may_begin(now + least - 1ns));
      longest = std::max(longest, least * 2);
      now = now + least * 2;
    }
    CHECK(longest == 500ms);
    CHECK(num_taken == 0);
    CHECK_FALSE(inquiry.next_deadline());
  }

  TEST_CASE("who hangs is overtaken after a moment; the round ends in its time") {
    support::HttpServer silent(support::hang());
    NameLookups lookups;
    RedisPool first({url_of(silent)}, {}, lookups, 1), second({url_of(silent)}, {}, lookups, 2);
    RedisInquiry inquiry(
        {}, [](RedisConnection&, const RedisReply&) { return Result<void>(); }, 1);
    const auto now = SteadyClock::now();
    inquiry.begin({&first, &second}, "x", now);
    CHECK(inquiry.next_deadline() == now + 200ms);
    CHECK(second.connections().empty());
    inquiry.serve(now + 199ms);
    CHECK(second.connections().empty());
    inquiry.serve(now + 200ms);
    CHECK(second.connections().size() == 1);
    CHECK(first.connections()[0]->num_waiting() == 1);  // it may still answer
    CHECK(inquiry.next_deadline() == now + 2s);
    CHECK_FALSE(inquiry.may_begin(now + 1s));
    inquiry.serve(now + 2s);
    CHECK_FALSE(inquiry.is_under_way());
    CHECK(inquiry.has_failed());
    CHECK(first.connections()[0]->is_idle());  // what was not sent is withdrawn
  }

  TEST_CASE(
      "the first good answer ends the round; later ones, and numbers nobody gave, are nothing") {
    support::HttpServer silent(support::hang());
    NameLookups lookups;
    RedisPool pool({url_of(silent)}, {}, lookups, 1);
    int num_taken = 0;
    RedisInquiry::Limits limits;
    limits.rest = 100ms;
    RedisInquiry inquiry(
        limits,
        [&](RedisConnection&, const RedisReply&) -> Result<void> {
          if (++num_taken == 1) return Error{Status::store_unreachable, "not yet"};
          return {};
        },
        1);
    const auto now = SteadyClock::now();
    const auto ask = [&](RedisInquiry::Id id) {
      inquiry.take_answer(id, *pool.connections()[0], RedisReply{}, now);
    };
    const auto own = id_of(1);
    inquiry.begin({&pool, &pool}, "x", now);
    ask(id_of(9));
    CHECK(num_taken == 0);
    ask(own);  // refused: the next is asked
    CHECK(num_taken == 1);
    CHECK(inquiry.is_under_way());
    ask(own);
    CHECK(num_taken == 1);
    ask(id_of(2));
    CHECK(num_taken == 2);
    CHECK_FALSE(inquiry.is_under_way());
    CHECK_FALSE(inquiry.has_failed());
    CHECK_FALSE(inquiry.may_begin(now + 99ms));
    CHECK(inquiry.may_begin(now + 100ms));
    ask(id_of(2));
    CHECK(num_taken == 2);
    inquiry.begin({&pool}, "x", now + 100ms);
    inquiry.take_lost(id_of(3), {Status::store_unreachable, "it went"}, now + 100ms);
    CHECK(inquiry.has_failed());
    CHECK(inquiry.problem().text == "it went");
  }
}
