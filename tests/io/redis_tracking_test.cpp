#include "io/redis_tracking.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "io/redis_ground.hpp"
#include "io/scripted_watcher.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using support::HttpPeer;
using support::HttpServer;

namespace {

std::string message(const std::string& payload) {
  return "*3\r\n" + bulk("message") + bulk("__redis__:invalidate") + payload;
}
std::string told_of(const std::vector<std::string>& keys) {
  std::string list = "*" + std::to_string(keys.size()) + "\r\n";
  for (const auto& key : keys) list += bulk(key);
  return message(list);
}

// A server that tells; the test says what, and when it answers otherwise. Its scripts may run until
// it ends, so that whatever they use lives longer.
struct Teller {
  using Answer = std::function<std::string(HttpPeer&, const Words&)>;

  Teller() : Teller([](HttpPeer&, const Words& command) { return as_redis(command); }) {}
  explicit Teller(Answer as) : answer(std::move(as)) {}

  std::mutex mutex;
  std::vector<HttpPeer*> peers;  // that have subscribed and are still there; guarded by mutex
  std::vector<Words> heard;      // guarded by mutex
  const Answer answer;
  HttpServer server{[this](HttpPeer& peer) {
    while (const auto command = read_command(peer)) {
      note(peer, *command);
      const auto text = answer(peer, *command);
      if (text == "close" || (!text.empty() && !peer.send(text))) break;
    }
    const std::scoped_lock lock(mutex);
    std::erase(peers, &peer);
  }};

  void note(HttpPeer& peer, const Words& command) {
    const std::scoped_lock lock(mutex);
    heard.push_back(command);
    if (command[0] == "SUBSCRIBE") peers.push_back(&peer);
  }
  int num_heard(const std::string& word) {
    const std::scoped_lock lock(mutex);
    return static_cast<int>(
        std::count_if(heard.begin(), heard.end(), [&](const auto& one) { return one[0] == word; }));
  }
  void tell(const std::string& bytes) {
    const std::scoped_lock lock(mutex);
    for (auto* peer : peers) peer->send(bytes);
  }
};

RedisTracking::Terms terms_of(Duration max_staleness) {
  RedisTracking::Terms terms;
  terms.prefixes = {"app-"};
  terms.max_staleness = max_staleness;
  terms.first_pause = terms.longest_pause = 10ms;
  terms.pause_when_refused = 30ms;
  return terms;
}

// A tracking turned by hand.
struct Turned {
  explicit Turned(std::vector<RedisEndpoint> primaries, Duration max_staleness = 1h)
      : Turned(std::move(primaries), terms_of(max_staleness)) {}
  Turned(std::vector<RedisEndpoint> primaries, RedisTracking::Terms terms)
      : tracking(std::move(terms), lookups, watcher) {
    tracking.follow(std::move(primaries));
  }

  void turn() {
    turn_once(tracking, 50ms);
    ++num_turns;
  }
  bool turn_until(const std::function<bool()>& holds) {
    const auto deadline = SteadyClock::now() + 10s;
    while (!holds()) {
      if (SteadyClock::now() >= deadline) return false;
      turn();
    }
    return true;
  }
  bool turn_until_told() {
    return turn_until([this] { return watcher.is_told(); });
  }
  bool turn_until_silent() {
    return turn_until([this] { return !watcher.is_told(); });
  }

  NameLookups lookups;
  ScriptedWatcher watcher;
  RedisTracking tracking;
  int num_turns = 0;
};

RedisEndpoint endpoint(const HttpServer& server) { return {url_of(server), nullptr}; }

}  // namespace

TEST_SUITE("io/redis_tracking") {
  TEST_CASE("F-427: a connection asks to be told of its prefixes, on itself, and subscribes") {
    Teller teller;
    auto terms = terms_of(1h);
    terms.prefixes = {"app-", "other-"};
    Turned turned({endpoint(teller.server)}, terms);
    CHECK_FALSE(turned.watcher.is_told());
    REQUIRE(turned.turn_until_told());
    CHECK(teller.heard == std::vector<Words>{{"CLIENT", "ID"},
                                             {"CLIENT", "TRACKING", "ON", "REDIRECT", "7", "BCAST",
                                              "PREFIX", "app-", "PREFIX", "other-"},
                                             {"SUBSCRIBE", "__redis__:invalidate"}});
    CHECK(turned.watcher.num_all == 2);  // there are primaries; and one begins to tell
    CHECK(turned.watcher.keys.empty());
    CHECK(turned.num_turns < 50);  // it waits, and does not spin
  }

  TEST_CASE("F-427: keys are told as they come, many at once too; a null list is all of them") {
    Teller teller;
    Turned turned({endpoint(teller.server)});
    REQUIRE(turned.turn_until_told());
    teller.tell(told_of({"app-1", "app-2"}) + told_of({"app-1"}));
    CHECK(turned.turn_until([&] { return turned.watcher.keys.size() == 3; }));
    CHECK(turned.watcher.keys == std::vector<std::string>{"app-1", "app-2", "app-1"});
    for (const auto* null : {"*-1\r\n", "$-1\r\n"}) {
      const auto before = turned.watcher.num_all;
      teller.tell(message(null));
      CHECK(turned.turn_until([&] { return turned.watcher.num_all == before + 1; }));
    }
    turned.watcher.keys.clear();
    const std::vector<std::string> many(10'000, "app-0123456789abcdef0123456789abcdef");
    teller.tell(told_of(many));
    CHECK(turned.turn_until([&] { return turned.watcher.keys.size() == many.size(); }));
    CHECK(teller.server.num_connections() == 1);
  }

  TEST_CASE("F-427: a message that cannot be read whole ends the connection: anything changed") {
    for (const auto& bytes : {message("*1\r\n:7\r\n"), message(":1\r\n"), message(bulk("app-1")),
                              "*3\r\n" + bulk("message") + bulk("elsewhere") + "*-1\r\n",
                              std::string("*40000\r\n"), std::string("?\r\n"), bulk("x")}) {
      CAPTURE(bytes);
      Teller teller;
      Turned turned({endpoint(teller.server)});
      REQUIRE(turned.turn_until_told());
      const auto before = turned.watcher.num_all;
      teller.tell(bytes);
      CHECK(turned.turn_until_silent());
      CHECK(turned.watcher.num_all == before + 1);
      CHECK(turned.watcher.keys.empty());
    }
  }

  TEST_CASE("F-427: what a sign of life proves is of the moment when it was asked for") {
    Teller teller([](HttpPeer&, const Words& command) {
      if (command[0] == "PING") std::this_thread::sleep_for(40ms);
      return as_redis(command);
    });
    Turned turned({endpoint(teller.server)}, 2s);
    REQUIRE(turned.turn_until_told());
    for (int i = 0; i < 2; ++i) {
      const auto num_told = turned.watcher.told.size();
      const auto before = turned.watcher.told.back();
      REQUIRE(turned.turn_until([&] { return turned.watcher.told.size() > num_told; }));
      CHECK(turned.watcher.told.back() >= before + 1s);
      CHECK(turned.watcher.told.back() <= SteadyClock::now() - 40ms);
    }
    CHECK(teller.server.num_connections() == 1);
  }

  TEST_CASE("F-427: what was told before the sign of life is known before that counts") {
    struct Ordered final : StoreWatcher {
      int num_told = 0, num_keys_then = 0, num_keys = 0;
      void changed(std::span<const std::string>) override { ++num_keys; }
      void changed_all() override {}
      void told_until(Deadline) override {
        ++num_told;
        num_keys_then = num_keys;
      }
      void will_not_tell(const Error&) override {}
    };
    Teller teller([](HttpPeer&, const Words& command) {
      return command[0] == "PING" ? told_of({"app-1"}) + pong + told_of({"app-2"})
                                  : as_redis(command);
    });
    Ordered ordered;
    NameLookups lookups;
    RedisTracking tracking(terms_of(1s), lookups, ordered);
    tracking.follow({endpoint(teller.server)});
    const auto deadline = SteadyClock::now() + 10s;
    while (ordered.num_told < 3 && SteadyClock::now() < deadline) {
      std::vector<SocketWait> waits;
      tracking.add_waits(waits);
      for (auto& wait : waits) {
        pollfd one{wait.fd, POLLIN, 0};
        wait.is_ready = ::poll(&one, 1, 1) > 0 || wait.for_write;
      }
      tracking.serve(waits, SteadyClock::now());
    }
    CHECK(ordered.num_told == 3);  // subscribed, and two signs of life
    CHECK(ordered.num_keys_then >= 3);
  }

  TEST_CASE("F-427: a connection that falls silent is given up within the staleness") {
    std::atomic<bool> is_silent{false};
    Teller teller([&](HttpPeer&, const Words& command) {
      return is_silent ? std::string() : as_redis(command);
    });
    Turned turned({endpoint(teller.server)}, 400ms);
    REQUIRE(turned.turn_until_told());
    is_silent = true;
    REQUIRE(turned.turn_until_silent());
    // The last sign of life was asked for at most 200 ms before the silence, and one more
    // question waited for 200 ms.
    const auto last_told = turned.watcher.told[turned.watcher.told.size() - 2];
    CHECK(SteadyClock::now() - last_told >= 400ms);
    const auto num_all = turned.watcher.num_all;
    CHECK(num_all == 3);
    is_silent = false;
    CHECK(turned.turn_until_told());
    CHECK(turned.watcher.num_all == num_all + 1);  // nothing from before is believed
  }

  TEST_CASE("F-427: a loop that did not turn for long reads the answer before it judges the time") {
    Teller teller;
    Turned turned({endpoint(teller.server)}, 20s);
    REQUIRE(turned.turn_until_told());
    turned.tracking.serve({}, SteadyClock::now() + 11s);  // a sign of life is asked for
    std::vector<SocketWait> waits;
    turned.tracking.add_waits(waits);
    poll_waits(waits, 10s);  // its answer is there
    REQUIRE((waits.size() == 1 && waits[0].is_ready));
    turned.tracking.serve(waits, SteadyClock::now() + 60s);
    CHECK(turned.watcher.is_told());
    CHECK(teller.server.num_connections() == 1);
  }

  TEST_CASE(
      "F-427: a connection that is lost means silence and that anything changed; it is back") {
    std::atomic<bool> must_close{false};
    Teller teller([&](HttpPeer&, const Words& command) {
      return must_close.exchange(false) ? "close" : as_redis(command);
    });
    Turned turned({endpoint(teller.server)}, 100ms);
    REQUIRE(turned.turn_until_told());
    const auto before = turned.watcher.num_all;
    must_close = true;
    REQUIRE(turned.turn_until_silent());
    CHECK(turned.watcher.num_all == before + 1);
    REQUIRE(turned.turn_until_told());
    CHECK(turned.watcher.num_all == before + 2);
    teller.tell(told_of({"app-9"}));
    CHECK(turned.turn_until([&] { return !turned.watcher.keys.empty(); }));
  }

  TEST_CASE("F-427: a server that refuses is said once, tried again now and then, and may change") {
    for (const auto* refused : {"ID", "TRACKING", "SUBSCRIBE"}) {
      CAPTURE(refused);
      std::atomic<bool> refuses{true};
      Teller teller([&](HttpPeer&, const Words& command) -> std::string {
        const bool is_meant =
            command[0] == refused || (command.size() > 1 && command[1] == refused);
        if (refuses && is_meant) return "-NOPERM this user has no permissions, says canary\r\n";
        return as_redis(command);
      });
      Turned turned({endpoint(teller.server)});
      CHECK(turned.turn_until([&] { return teller.server.num_connections() == 3; }));
      CHECK(turned.watcher.refusals ==
            std::vector<std::string>{"the session store refused: its rules forbid this user a "
                                     "command or a key (NOPERM)"});
      CHECK_FALSE(turned.watcher.is_told());
      refuses = false;
      CHECK(turned.turn_until_told());
    }
  }

  TEST_CASE("F-427: a server that loads its data, or is busy, refuses nobody in particular") {
    for (const auto* word : {"LOADING", "BUSY", "MASTERDOWN"}) {
      CAPTURE(word);
      std::atomic<bool> is_loading{true};
      Teller teller([&](HttpPeer&, const Words& command) -> std::string {
        if (is_loading && command[0] == "PING") return "-" + std::string(word) + " canary\r\n";
        return as_redis(command);
      });
      auto terms = terms_of(100ms);
      terms.pause_when_refused = 1h;
      Turned turned({endpoint(teller.server)}, terms);
      CHECK(turned.turn_until([&] { return teller.server.num_connections() == 3; }));
      CHECK(turned.watcher.refusals.empty());
      is_loading = false;
      CHECK(turned.turn_until(
          [&] { return turned.watcher.is_told() && teller.num_heard("PING") > 4; }));
    }
  }

  TEST_CASE("F-427: a server that refuses every sign of life is said once, not each time") {
    Teller teller([&](HttpPeer&, const Words& command) -> std::string {
      return command[0] == "PING" ? "-NOPERM canary\r\n" : as_redis(command);
    });
    Turned turned({endpoint(teller.server)}, 100ms);
    CHECK(turned.turn_until([&] { return teller.server.num_connections() == 3; }));
    CHECK(turned.watcher.refusals.size() == 1);
  }

  TEST_CASE("F-427: answers that are none of Redis' never count as telling") {
    for (const auto& [to_command, bytes] : std::vector<std::pair<std::string, std::string>>{
             {"ID", "+OK\r\n"},
             {"ID", ":0\r\n"},
             {"TRACKING", ":1\r\n"},
             {"TRACKING", subscribed},
             {"SUBSCRIBE", "+OK\r\n"},
             {"SUBSCRIBE", "*3\r\n" + bulk("subscribe") + bulk("elsewhere") + ":1\r\n"},
             {"SUBSCRIBE", pong}}) {
      const std::string to = to_command, says = bytes;
      CAPTURE(to);
      CAPTURE(says);
      Teller teller([to, says](HttpPeer&, const Words& command) {
        const bool is_meant = command[0] == to || (command.size() > 1 && command[1] == to);
        return is_meant ? says : as_redis(command);
      });
      Turned turned({endpoint(teller.server)});
      CHECK(turned.turn_until([&] { return teller.server.num_connections() >= 2; }));
      CHECK_FALSE(turned.watcher.is_told());
    }
  }

  TEST_CASE("F-427: of several primaries all must tell, and the earliest moment counts") {
    std::atomic<bool> is_held{true};
    Teller one, other([&](HttpPeer&, const Words&command) {
      while (is_held && command[0] == "SUBSCRIBE") std::this_thread::sleep_for(1ms);
      return as_redis(command);
    });
    Turned turned({endpoint(one.server), endpoint(other.server)});
    REQUIRE(turned.turn_until(
        [&] { return one.num_heard("SUBSCRIBE") == 1 && other.num_heard("SUBSCRIBE") == 1; }));
    for (int i = 0; i < 5; ++i) turned.turn();
    CHECK_FALSE(turned.watcher.is_told());
    is_held = false;
    REQUIRE(turned.turn_until_told());
    one.tell(told_of({"app-1"}));
    other.tell(told_of({"app-2"}));
    CHECK(turned.turn_until([&] { return turned.watcher.keys.size() == 2; }));
    const auto before = turned.watcher.num_all;
    other.tell("?\r\n");
    CHECK(turned.turn_until_silent());
    CHECK(turned.watcher.num_all == before + 1);
    CHECK(turned.turn_until_told());
  }

  TEST_CASE("follow: anything changed, also where the primaries are the same: slots may not be") {
    Teller one, other;
    Turned turned({endpoint(one.server)});
    REQUIRE(turned.turn_until_told());
    const auto num_all = turned.watcher.num_all;
    turned.tracking.follow({endpoint(one.server)});
    CHECK(turned.watcher.is_told());
    CHECK(turned.watcher.num_all == num_all + 1);
    turned.tracking.follow({endpoint(other.server)});
    CHECK_FALSE(turned.watcher.is_told());
    CHECK(turned.watcher.num_all == num_all + 2);
    REQUIRE(turned.turn_until_told());
    CHECK(one.server.wait_for_open_connections(0));
    turned.tracking.follow({});
    CHECK_FALSE(turned.watcher.is_told());
  }

  TEST_CASE("a server that hangs up at once is not tried over and over") {
    HttpServer server([](HttpPeer&) {});
    auto terms = terms_of(1h);
    terms.first_pause = 50ms;
    terms.longest_pause = 10s;
    Turned turned({endpoint(server)}, terms);
    const auto end = SteadyClock::now() + 500ms;
    while (SteadyClock::now() < end) turned.turn();
    CHECK(server.num_connections() <= 6);  // 25, 50, 100, 200 ms at least
    CHECK(server.num_connections() >= 2);
    CHECK(turned.num_turns < 100);
  }

  TEST_CASE(
      "tell: a store is asked and tells beside each other, also when a call's server is slow") {
    Teller teller;
    TurnedStore turned(url_of(teller.server));
    ScriptedWatcher watcher;
    turned.store.tell(terms_of(1h), watcher);
    CHECK(turned.turn_until([&] { return watcher.is_told(); }));
    CHECK(turned.store.num_connections() == 0);
    for (int i = 0; i < 20; ++i) {
      const auto key = "app-" + std::to_string(i);
      CHECK(turned.get(key).value().record == key);
      teller.tell(told_of({key}));
      CHECK(turned.turn_until(
          [&] { return watcher.keys.size() == static_cast<std::size_t>(i) + 1; }));
    }
  }
}
