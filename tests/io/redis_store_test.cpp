#include "io/redis_store.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "io/redis_ground.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using flow::StoreCall;
using support::HttpPeer;
using support::HttpServer;

namespace {

RedisPoolLimits one_connection() {
  RedisPoolLimits limits;
  limits.max_connections = 1;
  return limits;
}
RedisPoolLimits one_that_is_not_opened_again() {
  auto limits = one_connection();
  limits.first_pause = limits.longest_pause = 1h;
  return limits;
}

}  // namespace

TEST_SUITE("io/redis_store") {
  TEST_CASE("F-070: calls are sent, and each has the reply to it") {
    HttpServer server(echo_keys());
    TurnedStore turned(url_of(server));
    CHECK(turned.store.num_connections() == 0);  // opened when needed
    CHECK(turned.get("a").value().record == "a");
    CHECK(turned.ask(StoreCall::put("k", "v", 60s)).ok());
    std::vector<Store::Id> ids;
    for (int i = 0; i < 200; ++i)
      ids.push_back(turned.begin(StoreCall::get("k" + std::to_string(i))));
    for (int i = 0; i < 200; ++i) {
      CHECK(turned.wait_for(ids[static_cast<std::size_t>(i)]).value().record ==
            "k" + std::to_string(i));
    }
    CHECK(server.num_connections() <= 4);
    CHECK(turned.num_turns < 500);  // it waits, and does not spin
  }

  TEST_CASE("further connections are opened when calls pile up, four at most") {
    std::atomic<bool> is_open{false};
    HttpServer server(answer_each([&](HttpPeer&, const Words& command) {
      while (!is_open) std::this_thread::sleep_for(1ms);
      return echo(command);
    }));
    TurnedStore turned(url_of(server));
    std::vector<Store::Id> ids;
    for (int i = 0; i < 100; ++i) {
      ids.push_back(turned.begin(StoreCall::get("k" + std::to_string(i))));
      turned.turn(1ms);
    }
    CHECK(turned.turn_until([&] { return server.num_connections() == 4; }, 2s));
    is_open = true;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      CHECK(turned.wait_for(ids[i]).value().record == "k" + std::to_string(i));
    }
    CHECK(turned.store.num_connections() == 4);
  }

  TEST_CASE(
      "RD-06: a reply to another question closes the connection and fails all that wait there") {
    for (const auto* bytes :
         {":1\r\n", "*1\r\n$1\r\nk\r\n", "+OK\r\n", "%1\r\n+a\r\n+b\r\n", "=5\r\ntxt:k\r\n",
          "hello\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "$-7\r\n"}) {
      CAPTURE(bytes);
      HttpServer server([&](HttpPeer& peer) {
        for (int i = 0; i < 3; ++i) read_command(peer);
        peer.send(bytes + bulk("2") + bulk("3"));
        peer.wait_for_close();
      });
      TurnedStore turned(url_of(server), one_that_is_not_opened_again());
      const auto first = turned.begin(StoreCall::get("1"));
      const auto second = turned.begin(StoreCall::get("2"));
      const auto third = turned.begin(StoreCall::get("3"));
      CHECK(fails(turned.wait_for(first), "the session store"));
      CHECK(fails(turned.wait_for(second), "the session store"));
      CHECK(fails(turned.wait_for(third), "the session store"));
      CHECK(server.num_connections() == 1);  // not asked again
      CHECK(turned.store.num_connections() == 0);
      CHECK(fails(turned.get("4"), "the session store"));  // nor at once
    }
  }

  TEST_CASE("RD-06: what was not asked for is not taken for an answer") {
    HttpServer server([&](HttpPeer& peer) {
      read_command(peer);
      peer.send(bulk("a") + bulk("of somebody else"));
      peer.wait_for_close();
    });
    TurnedStore turned(url_of(server), one_that_is_not_opened_again());
    CHECK(turned.get("a").value().record == "a");
    CHECK(turned.turn_until([&] { return turned.store.num_connections() == 0; }));
    CHECK(fails(turned.get("b"), "without being asked"));
  }

  TEST_CASE("RD-07: after a call without an answer in time the connection is not used again") {
    std::atomic<int> num_asked{0};
    std::atomic<bool> may_answer{false};
    HttpServer server(answer_each([&](HttpPeer&, const Words& command) {
      if (num_asked++ == 1) {
        for (int i = 0; i < 10'000 && !may_answer; ++i) std::this_thread::sleep_for(1ms);
      }
      return echo(command);
    }));
    TurnedStore turned(url_of(server), one_connection());
    CHECK(turned.get("warm").ok());
    const auto late = turned.begin(StoreCall::get("late"));
    CHECK(turned.turn_until([&] { return num_asked == 2; }));
    turned.store.forget(late);                        // as the driver does
    turned.store.serve({}, SteadyClock::now() + 6s);  // its time is over
    for (int i = 0; i < 20; ++i) {
      if (i == 10) may_answer = true;  // nobody's any more
      const auto key = "k" + std::to_string(i);
      const auto answer = turned.get(key);
      REQUIRE(answer.ok());
      CHECK(answer.value().record == key);
      turned.turn(20ms);  // past the late answer
    }
    CHECK(turned.answers.empty());
    CHECK(server.num_connections() == 2);
  }

  TEST_CASE("RD-07: a call that is forgotten early keeps its place, and answers nobody else") {
    HttpServer server(echo_keys());
    TurnedStore turned(url_of(server), one_connection());
    CHECK(turned.get("warm").ok());
    for (int i = 0; i < 50; ++i) {
      const auto key = "k" + std::to_string(i);
      const auto first = turned.begin(StoreCall::get("forgotten"));
      if (i % 2 == 0) turned.turn(Duration::zero());  // sent, or not yet
      const auto second = turned.begin(StoreCall::get(key));
      turned.store.forget(first);
      CHECK(turned.wait_for(second).value().record == key);
      CHECK(turned.answers.empty());
    }
    CHECK(server.num_connections() == 1);
  }

  TEST_CASE("an id may be used again once it was forgotten") {
    HttpServer server(echo_keys());
    TurnedStore turned(url_of(server), one_connection());
    std::optional<Result<flow::StoreReply>> answer;
    const auto take = [&](Result<flow::StoreReply> r) { answer = std::move(r); };
    turned.store.start(7, StoreCall::get("a"), take);
    turned.turn();
    turned.store.forget(7);
    turned.store.forget(7);
    turned.store.start(7, StoreCall::get("b"), take);
    CHECK(turned.turn_until([&] { return answer.has_value(); }));
    CHECK(answer->value().record == "b");
  }

  TEST_CASE("calls under way on a connection that is lost are sent again, once") {
    std::atomic<int> num_served{0};
    HttpServer server([&](HttpPeer& peer) {
      if (num_served++ == 0) {
        read_command(peer);
        peer.send(bulk("warm"));
        for (int i = 0; i < 3; ++i) read_command(peer);
        peer.send(bulk("1") + "$1\r\n");  // cut in the middle of a reply
        return;
      }
      while (const auto command = read_command(peer)) peer.send(echo(*command));
    });
    TurnedStore turned(url_of(server), one_connection());
    CHECK(turned.get("warm").ok());
    std::vector<Store::Id> ids;
    for (const auto* key : {"1", "2", "3"}) ids.push_back(turned.begin(StoreCall::get(key)));
    for (const auto id : ids) CHECK(turned.wait_for(id).ok());
    CHECK(server.num_connections() == 2);
  }

  TEST_CASE("a call is sent again on a new connection, not on one that may be lost as well") {
    std::atomic<bool> is_going{false}, takes_long{true};
    HttpServer server([&](HttpPeer& peer) {
      const bool is_old = !is_going;
      while (const auto command = read_command(peer)) {
        while (is_old && takes_long) std::this_thread::sleep_for(1ms);
        if (is_old && is_going) {
          // One after the other, as clients are killed.
          if ((*command)[1] != "first") std::this_thread::sleep_for(100ms);
          return;
        }
        peer.send(echo(*command));
      }
    });
    auto limits = one_connection();
    limits.max_connections = 2;
    limits.enough_waiting = 1;
    TurnedStore turned(url_of(server), limits);
    takes_long = false;
    CHECK(turned.get("warm").ok());
    takes_long = true;
    const auto first = turned.begin(StoreCall::get("first"));
    turned.turn();
    const auto second = turned.begin(StoreCall::get("second"));
    REQUIRE(turned.turn_until([&] { return turned.store.num_connections() == 2; }));
    for (int i = 0; i < 5; ++i) turned.turn(5ms);
    const auto third = turned.begin(StoreCall::get("third"));
    for (int i = 0; i < 5; ++i) turned.turn(5ms);
    is_going = true;
    takes_long = false;
    for (const auto id : {first, second, third}) CHECK(turned.wait_for(id).ok());
  }

  TEST_CASE("a call whose connection is lost twice fails") {
    std::atomic<int> num_bad{0};
    HttpServer server([&](HttpPeer& peer) {
      while (const auto command = read_command(peer)) {
        const auto& key = (*command)[1];
        if (key == "first" && num_bad == 0) continue;  // so that the next connection has a reply
        num_bad += key == "bad";
        if (key == "bad") return;
        peer.send(echo(*command));
      }
    });
    TurnedStore turned(url_of(server), one_connection());
    CHECK(turned.get("warm").ok());
    const auto first = turned.begin(StoreCall::get("first"));
    const auto bad = turned.begin(StoreCall::get("bad"));
    CHECK(turned.wait_for(first).ok());
    CHECK(fails(turned.wait_for(bad), "closed the connection"));
    CHECK(num_bad == 2);
    CHECK(turned.get("good").ok());
  }

  TEST_CASE("RD-06: what waited behind nonsense is not asked elsewhere either") {
    std::atomic<bool> may_answer{false};
    std::atomic<int> num_served{0}, num_elsewhere{0};
    HttpServer server([&](HttpPeer& peer) {
      const bool is_first = num_served++ == 0;
      while (const auto command = read_command(peer)) {
        if (!is_first) ++num_elsewhere;
        if ((*command)[1] == "bad") {
          while (!may_answer) std::this_thread::sleep_for(1ms);
          peer.send(":1\r\n");
        } else {
          peer.send(echo(*command));
        }
      }
    });
    RedisPoolLimits limits;
    limits.max_connections = 2;
    limits.enough_waiting = 2;
    TurnedStore turned(url_of(server), limits);
    CHECK(turned.get("warm").ok());
    std::vector<Store::Id> ids;
    for (const auto* key : {"bad", "2", "3"}) ids.push_back(turned.begin(StoreCall::get(key)));
    REQUIRE(turned.store.num_connections() == 2);
    REQUIRE(turned.turn_until([&] { return num_served == 2; }));
    for (int i = 0; i < 5; ++i) turned.turn(5ms);
    may_answer = true;
    for (const auto id : ids) CHECK(fails(turned.wait_for(id), "answered another question"));
    CHECK(num_elsewhere == 0);
  }

  TEST_CASE(
      "RD-06: a record that is too large is so for its own call; the others are asked again") {
    std::atomic<int> num_large{0};
    HttpServer server([&](HttpPeer& peer) {
      std::string answers;  // in one go, so that large ones have some behind them
      while (const auto next = read_command(peer)) {
        const auto& key = (*next)[1];
        const bool is_large = key.starts_with("large");
        num_large += is_large;
        answers += is_large ? bulk(std::string(2 * 1024 * 1024, 'x')) : echo(*next);
        if (key.starts_with("wait")) continue;
        if (!peer.send(std::exchange(answers, {}))) return;
      }
    });
    TurnedStore turned(url_of(server), one_connection());
    CHECK(turned.get("warm").ok());
    std::vector<Store::Id> large, others;
    for (int i = 0; i < 4; ++i) {
      others.push_back(turned.begin(StoreCall::get("wait" + std::to_string(i))));
      large.push_back(turned.begin(StoreCall::get("large" + std::to_string(i))));
      others.push_back(turned.begin(StoreCall::put("k", "v", 1s)));
    }
    others.push_back(turned.begin(StoreCall::get("last")));
    for (const auto id : large) {
      const auto answer = turned.wait_for(id);
      REQUIRE_FALSE(answer.ok());
      CHECK(answer.error().status == Status::session_too_large);
      CHECK(answer.error().text.find("1 MiB") != std::string::npos);
    }
    for (const auto id : others) {
      const auto answer = turned.wait_for(id);
      CHECK_MESSAGE(answer.ok(), answer.error().text);
    }
    CHECK(server.num_connections() == 5);
    CHECK(num_large >= 4);  // what is behind a large one is asked again
    CHECK(turned.get("after").value().record == "after");  // and no pause
  }

  TEST_CASE("RD-06: an answer that is too large where no record was asked for is nonsense") {
    HttpServer server(answer_each([](HttpPeer&, const Words& command) {
      if (command[0] == "SET") return "+" + std::string(2 * 1024 * 1024, 'x');
      return command[1] == "behind" ? std::string() : echo(command);
    }));
    TurnedStore turned(url_of(server), one_connection());
    CHECK(turned.get("warm").ok());
    const auto put = turned.begin(StoreCall::put("k", "v", 1s));
    const auto behind = turned.begin(StoreCall::get("behind"));
    CHECK(fails(turned.wait_for(put), "answered another question"));
    CHECK(fails(turned.wait_for(behind), "answered another question"));
  }

  TEST_CASE("RD-06: one that is too large for nobody any more costs nobody anything") {
    std::atomic<bool> may_answer{false};
    HttpServer server(answer_each([&](HttpPeer&, const Words& command) {
      if (command[1] != "large") return echo(command);
      while (!may_answer) std::this_thread::sleep_for(1ms);
      return bulk(std::string(2 * 1024 * 1024, 'x'));
    }));
    TurnedStore turned(url_of(server), one_connection());
    CHECK(turned.get("warm").ok());
    const auto large = turned.begin(StoreCall::get("large"));
    for (int i = 0; i < 5; ++i) turned.turn(5ms);
    turned.store.forget(large);
    const auto other = turned.begin(StoreCall::get("other"));
    may_answer = true;
    CHECK(turned.wait_for(other).value().record == "other");
    CHECK_FALSE(turned.answers.contains(large));
  }

  TEST_CASE("F-081: while nobody listens calls fail at once") {
    std::optional<HttpServer> server;
    server.emplace(echo_keys());
    const auto url = url_of(*server);
    TurnedStore turned(url);
    CHECK(turned.get("a").ok());
    server.reset();
    CHECK_FALSE(turned.get("a").ok());
    for (int i = 0; i < 50; ++i) {
      const auto began = SteadyClock::now();
      CHECK(fails(turned.get("a"), "nobody listens there"));
      CHECK(SteadyClock::now() - began < 2s);  // a call may take five
      turned.turn(20ms);
    }
  }

  TEST_CASE("attempts to connect are not more than one a pause, whoever asks how often") {
    std::atomic<int> num_attempts{0};
    HttpServer server([&](HttpPeer&) { ++num_attempts; });  // closes at once
    TurnedStore turned(url_of(server));
    const auto began = SteadyClock::now();
    int num_calls = 0;
    while (SteadyClock::now() - began < 1s || num_calls <= 100 || num_attempts < 3) {
      CHECK_FALSE(turned.get("a").ok());
      ++num_calls;
      std::this_thread::sleep_for(1ms);
    }
    // 10, 20, 40 ... 250, 250 ms at the least
    CHECK(num_attempts <= 12 + (SteadyClock::now() - began) / 250ms);
  }

  TEST_CASE("F-070: signs in and selects before anything else is sent") {
    std::mutex mutex;
    std::vector<Words> seen;
    HttpServer server(answer_each([&](HttpPeer&, const Words& command) {
      const std::scoped_lock lock(mutex);
      seen.push_back(command);
      return echo(command);
    }));
    TurnedStore turned(url_of(server, "us%65r:p%40ss@", "/3"));
    CHECK(turned.get("k").value().record == "k");
    CHECK(seen == std::vector<Words>{{"AUTH", "user", "p@ss"}, {"SELECT", "3"}, {"GET", "k"}});
  }

  TEST_CASE(
      "F-070: a password without a user: as the default user, or alone where Redis is older") {
    std::vector<Words> seen;
    HttpServer server(answer_each([&](HttpPeer&, const Words& command) -> std::string {
      seen.push_back(command);
      if (command[0] == "AUTH" && command.size() == 3) return "-ERR wrong number of arguments\r\n";
      return echo(command);
    }));
    TurnedStore turned(url_of(server, ":pw@"));
    CHECK(turned.get("k").ok());
    CHECK(seen == std::vector<Words>{{"AUTH", "default", "pw"}, {"AUTH", "pw"}, {"GET", "k"}});
  }

  TEST_CASE("F-070: what is refused at the beginning fails the calls, and none is sent") {
    const auto refused_by = [](std::string reply, std::string before, std::string behind,
                               std::string text) {
      std::atomic<int> num_gets{0};
      HttpServer server(answer_each([&](HttpPeer&, const Words& command) {
        num_gets += command[0] == "GET";
        return reply;
      }));
      TurnedStore turned(url_of(server, before, behind));
      CHECK(fails(turned.get("k"), text));
      CHECK(fails(turned.get("k"), text));
      CHECK(num_gets == 0);
    };
    refused_by("-WRONGPASS canary\r\n", "u:pw@", "", "user or password is wrong");
    refused_by("-WRONGPASS canary\r\n", ":pw@", "", "user or password is wrong");
    refused_by("-ERR DB index is out of range\r\n", "", "/99", "(ERR)");
    refused_by("-NOAUTH x\r\n", "", "/3", "asks for a user and password");
    refused_by(":1\r\n", "u:pw@", "", "does not answer as Redis does");
    refused_by("$2\r\nOK\r\n", "", "/3", "does not answer as Redis does");
  }

  TEST_CASE("an error reply is the call's alone; the connection goes on") {
    HttpServer server(answer_each([&](HttpPeer&, const Words& command) -> std::string {
      return command[1] == "bad" ? "-LOADING canary\r\n" : echo(command);
    }));
    TurnedStore turned(url_of(server), one_connection());
    const auto bad = turned.begin(StoreCall::get("bad"));
    const auto good = turned.begin(StoreCall::get("good"));
    const auto result = turned.wait_for(bad);
    CHECK(fails(result, "still loading its data (LOADING)"));
    CHECK(result.error().text.find("canary") == std::string::npos);
    CHECK(turned.wait_for(good).value().record == "good");
    CHECK(server.num_connections() == 1);
  }

  TEST_CASE("a primary that became a replica is left") {
    std::atomic<int> num_served{0};
    HttpServer server([&](HttpPeer& peer) {
      const bool is_replica = num_served++ == 0;
      while (const auto command = read_command(peer)) {
        peer.send(is_replica && (*command)[0] == "SET" ? "-READONLY x\r\n" : echo(*command));
      }
    });
    TurnedStore turned(url_of(server), one_connection());
    CHECK(turned.get("a").ok());
    CHECK(turned.ask(StoreCall::put("a", "b", 1s)).ok());
    CHECK(server.num_connections() == 2);
  }

  TEST_CASE("a record that could not be read again is not written") {
    HttpServer server(echo_keys());
    TurnedStore turned(url_of(server));
    const auto refused = turned.ask(StoreCall::put("k", std::string(1024 * 1024, 'x'), 1s));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().status == Status::session_too_large);
    CHECK(refused.error().text.find("1 MiB") != std::string::npos);
    CHECK(server.num_connections() == 0);
    CHECK(turned.ask(StoreCall::put("k", std::string(1024 * 1024 - 64, 'x'), 1s)).ok());
  }

  TEST_CASE(
      "redis_connection_idle_timeout: a connection nobody needed is closed; without it none is") {
    HttpServer server(echo_keys());
    auto limits = one_connection();
    limits.idle_limit = 80ms;
    TurnedStore idle(url_of(server), limits);
    CHECK(idle.get("a").ok());
    CHECK(idle.turn_until([&] { return idle.store.num_connections() == 0; }, 2s));
    CHECK(idle.get("a").ok());  // and no failure
    TurnedStore kept(url_of(server), one_connection());
    CHECK(kept.get("a").ok());
    CHECK_FALSE(kept.turn_until([&] { return kept.store.num_connections() == 0; }, 300ms));
    CHECK_FALSE(kept.store.next_deadline());
  }

  TEST_CASE("a name is looked up off the loop; addresses are tried in turn") {
    HttpServer server(echo_keys());
    auto url =
        http::parse_redis_url("redis://redis.example:" + std::to_string(server.port())).value();
    std::atomic<bool> may_answer{false};
    TurnedStore turned(url, {}, 5s, nullptr, [&](const std::string& host, std::uint16_t port) {
      CHECK(host == "redis.example");
      while (!may_answer) std::this_thread::sleep_for(1ms);
      const auto at = [port](const char* text) {
        return socket_address(http::parse_ip(text).value(), port);
      };
      return Addresses{at("127.0.0.2"), at("::1"), at("127.0.0.1")};  // nobody listens at the first
    });
    const auto id = turned.begin(StoreCall::get("a"));
    const auto began = SteadyClock::now();
    turned.turn(10ms);
    CHECK(SteadyClock::now() - began < 2s);
    CHECK(turned.answers.empty());
    may_answer = true;
    CHECK(turned.wait_for(id).value().record == "a");
  }

  TEST_CASE("a name without an address, and a name that takes too long, fail the calls") {
    auto url = http::parse_redis_url("redis://redis.example").value();
    TurnedStore nowhere(url, {}, 5s, nullptr,
                        [](const std::string&, std::uint16_t) { return Addresses{}; });
    CHECK(fails(nowhere.get("a"), "its name has no address"));

    std::atomic<bool> may_end{false};
    RedisPoolLimits limits;
    limits.connect_limit = 100ms;
    TurnedStore slow(url, limits, 5s, nullptr, [&](const std::string&, std::uint16_t) {
      while (!may_end) std::this_thread::sleep_for(1ms);
      return Addresses{};
    });
    CHECK(fails(slow.get("a"), "did not answer in time"));
    may_end = true;
  }

  TEST_CASE("a name that takes longer than connections may is found all the same") {
    HttpServer server(echo_keys());
    RedisPoolLimits limits;
    limits.connect_limit = 1s;  // time enough for a busy machine to connect, once it is found
    std::atomic<int> num_asked{0};
    std::atomic<bool> may_answer{false};
    TurnedStore turned(
        http::parse_redis_url("redis://redis.example:6379").value(), limits, 5s, nullptr,
        [&](const std::string&, std::uint16_t) -> Addresses {
          ++num_asked;
          while (!may_answer) std::this_thread::sleep_for(1ms);
          return {socket_address(http::parse_ip("127.0.0.1").value(), server.port())};
        });
    const bool is_late = fails(turned.get("k"), "did not answer in time");
    may_answer = true;
    CHECK(is_late);
    bool is_found = false;
    for (const auto ends = SteadyClock::now() + 10s; !is_found && SteadyClock::now() < ends;) {
      is_found = turned.get("k").ok();
      if (!is_found) std::this_thread::sleep_for(5ms);
    }
    CHECK(is_found);
    CHECK(num_asked == 1);
  }

  TEST_CASE("F-070: a socket's path that nobody listens at") {
    TurnedStore turned(http::parse_redis_url("unix:///nowhere/redis.sock").value());
    CHECK(fails(turned.get("a"), "there is no such socket"));
  }
}
