#include "io/redis_servers.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "io/redis_exchange.hpp"
#include "io/redis_ground.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using support::HttpServer;

namespace {

// One round of what a store does.
std::vector<RedisServers::Closed> turn(RedisServers& servers) {
  std::vector<SocketWait> waits;
  servers.add_waits(waits);
  poll_waits(waits, 50ms);
  servers.serve(waits, SteadyClock::now());
  return servers.take_closed(SteadyClock::now());
}

}  // namespace

TEST_SUITE("io/redis_servers") {
  TEST_CASE("each server has its own connections, and all have their turn") {
    HttpServer one(echo_keys()), other(echo_keys());
    RedisServers servers({});
    auto& first = servers.add({url_of(one)});
    auto& second = servers.add(
        {http::parse_redis_url("redis://localhost:" + std::to_string(other.port())).value()});
    CHECK(servers.num_connections() == 0);
    CHECK_FALSE(servers.next_deadline());
    const auto now = SteadyClock::now();
    auto* a = first.choose(now).value();
    auto* b = second.choose(now).value();
    CHECK(servers.num_connections() == 2);
    CHECK(servers.next_deadline().value() <= now + 2s);
    a->send(1, store_command(flow::StoreCall::get("a")), now, 5s);
    b->send(2, store_command(flow::StoreCall::get("b")), now, 5s);
    std::optional<RedisConnection::Answer> from_a, from_b;
    while (SteadyClock::now() < now + 5s && !(from_a && from_b)) {
      CHECK(turn(servers).empty());
      if (!from_a) from_a = a->take_answer();
      if (!from_b) from_b = b->take_answer();
    }
    REQUIRE((from_a && from_b));
    CHECK(from_a->reply.text == "a");
    CHECK(from_b->reply.text == "b");
  }

  TEST_CASE("what waits at a server that is dropped is handed back as lost, others go on") {
    HttpServer silent(support::hang());
    RedisServers servers({});
    auto& kept = servers.add({url_of(silent)});
    auto& dropped = servers.add({url_of(silent)});
    const auto now = SteadyClock::now();
    kept.choose(now).value()->send(1, "x", now, 5s);
    dropped.choose(now).value()->send(2, "x", now, 5s);
    servers.drop(dropped, {Status::store_unreachable, "it was replaced"});
    auto closed = servers.take_closed(SteadyClock::now());
    REQUIRE(closed.size() == 1);
    CHECK(closed[0].pool == &dropped);
    CHECK(closed[0].connection->end() == RedisConnection::End::lost);
    CHECK(closed[0].connection->why().text == "it was replaced");
    const auto left = closed[0].connection->take_unanswered();
    REQUIRE(left.size() == 1);
    CHECK(left[0].id == 2);
    closed.clear();
    CHECK(turn(servers).empty());
    CHECK(servers.num_connections() == 1);
    CHECK(kept.choose(SteadyClock::now()).value()->num_waiting() == 1);
  }
}
