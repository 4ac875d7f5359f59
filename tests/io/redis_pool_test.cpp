#include "io/redis_pool.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include "io/redis_ground.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;

// What a pool does with living servers is tried in redis_store_test; here, time is made up.
TEST_SUITE("io/redis_pool") {
  TEST_CASE("pauses grow from 20 to 500 ms, with jitter, and calls inside them fail at once") {
    NameLookups lookups;
    RedisPool pool({http::parse_redis_url("unix:///nowhere/redis.sock").value(), nullptr}, {},
                   lookups, 1);
    Deadline now{};
    Duration longest{};
    for (int i = 0; i < 12; ++i) {
      const auto attempt = pool.choose(now);
      REQUIRE_FALSE(attempt.ok());
      CHECK(attempt.error().text.find("no such socket") != std::string::npos);
      CHECK(pool.connections().empty());
      const Duration least = std::min<Duration>(20ms * (1 << i), 500ms) / 2;
      CHECK_FALSE(pool.choose(now + least - 1ns).ok());
      now = now + least * 2;
      longest = std::max(longest, least * 2);
    }
    CHECK(longest == 500ms);
  }

  TEST_CASE("one connection begins at a time; the least loaded is chosen") {
    support::HttpServer server(echo_keys());
    NameLookups lookups;
    RedisPoolLimits limits;
    limits.enough_waiting = 1;
    RedisPool pool({url_of(server), nullptr}, limits, lookups, 1);
    const auto now = SteadyClock::now();
    auto* first = pool.choose(now).value();
    CHECK(pool.choose(now).value() == first);
    CHECK(pool.connections().size() == 1);
    const auto serve_until_ready = [&](RedisConnection* one) {
      while (!one->is_ready() && !one->is_closed()) {
        std::vector<SocketWait> waits;
        one->add_waits(waits);
        pollfd polled{waits.at(0).fd, POLLOUT, 0};
        ::poll(&polled, 1, 1000);
        one->serve(true, now);
      }
      return one->is_ready();
    };
    REQUIRE(serve_until_ready(first));
    CHECK(pool.choose(now).value() == first);
    CHECK(pool.connections().size() == 1);
    first->send(1, "*1\r\n$4\r\nPING\r\n", now, 10s);
    CHECK(pool.choose(now).value() == first);  // while the second begins
    REQUIRE(pool.connections().size() == 2);
    auto* second = pool.connections()[1].get();
    REQUIRE(serve_until_ready(second));
    CHECK(pool.choose(now).value() == second);
  }

  TEST_CASE("connections that were closed make room at once") {
    support::HttpServer server(echo_keys());
    NameLookups lookups;
    RedisPoolLimits limits;
    limits.max_connections = 1;
    RedisPool pool({url_of(server), nullptr}, limits, lookups, 1);
    const auto now = SteadyClock::now();
    auto* first = pool.choose(now).value();
    pool.close_all({Status::store_unreachable, "x"});
    const auto next = pool.choose(now);
    REQUIRE(next.ok());
    auto* second = *next;
    CHECK(second != first);
    CHECK_FALSE(second->is_closed());
    CHECK(pool.take_closed(now).size() == 1);
    REQUIRE(pool.connections().size() == 1);
    CHECK(pool.connections()[0].get() == second);
  }

  TEST_CASE("more than so many do not wait on one connection") {
    support::HttpServer server(support::hang());
    NameLookups lookups;
    RedisPoolLimits limits;
    limits.max_waiting = 2;
    RedisPool pool({url_of(server), nullptr}, limits, lookups, 1);
    const auto now = SteadyClock::now();
    for (RedisConnection::Id id = 1; id <= 2; ++id) {
      pool.choose(now).value()->send(id, "x", now, 10s);
    }
    CHECK(pool.choose(now).error().text == "too many calls wait for the session store");
  }
}
