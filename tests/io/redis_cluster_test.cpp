#include "io/redis_cluster.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "io/redis_ground.hpp"
#include "io/scripted_watcher.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using flow::StoreCall;
using support::HttpPeer;
using support::HttpServer;

namespace {

struct Range {
  int first, last;
  std::uint16_t port;
  std::string host = bulk("127.0.0.1");
};

std::string map_of(const std::vector<Range>& ranges) {
  auto text = "*" + std::to_string(ranges.size()) + "\r\n";
  for (const auto& one : ranges) {
    text += "*3\r\n:" + std::to_string(one.first) + "\r\n:" + std::to_string(one.last) +
            "\r\n*3\r\n" + one.host + ":" + std::to_string(one.port) + "\r\n" + bulk("id");
  }
  return text;
}

std::string redirect(const char* word, const std::string& key, std::uint16_t port) {
  return std::string("-") + word + " " + std::to_string(redis_slot(key)) +
         " 127.0.0.1:" + std::to_string(port) + "\r\n";
}

// A node that answers calls by `answer`, and the question for the map by `map`.
struct Node {
  using Answer = std::function<std::string(const Words&)>;
  explicit Node(Answer answer = echo)
      : server(answer_each([this, answer = std::move(answer)](HttpPeer&, const Words& command) {
          const std::scoped_lock lock(mutex);
          if (command[0] == "CLUSTER") {
            ++num_maps;
            return map;
          }
          seen.push_back(command);
          return answer(command);
        })) {}
  void set_map(std::string text) {
    const std::scoped_lock lock(mutex);
    map = std::move(text);
  }
  std::vector<Words> all() {
    const std::scoped_lock lock(mutex);
    return seen;
  }
  std::uint16_t port() const { return server.port(); }

  std::mutex mutex;
  std::string map = "-ERR This instance has cluster support disabled\r\n";
  std::vector<Words> seen;
  std::atomic<int> num_maps{0};
  HttpServer server;
};

RedisPlan plan_of(std::vector<const HttpServer*> seeds) {
  RedisPlan plan;
  plan.topology = RedisSettings::Topology::cluster;
  for (const auto* one : seeds) plan.servers.push_back({url_of(*one)});
  return plan;
}

// A store whose primaries tell of changes.
struct Told : TurnedStore {
  explicit Told(const Node& seed, Duration max_staleness = 1h)
      : TurnedStore(plan_of({&seed.server})) {
    RedisTracking::Terms terms;
    terms.prefixes = {"app-"};
    terms.max_staleness = max_staleness;
    store.tell(terms, watcher);
  }
  bool turn_until_told() {
    return turn_until([this] { return watcher.is_told(); });
  }
  void skip(Duration time) { store.serve({}, SteadyClock::now() + time); }
  ScriptedWatcher watcher;
};

bool has_subscribed(Node& node) {
  const auto all = node.all();
  return std::any_of(all.begin(), all.end(),
                     [](const Words& one) { return one[0] == "SUBSCRIBE"; });
}

const std::string low = "bar", high = "foo";  // slots 5061 and 12182

}  // namespace

TEST_SUITE("io/redis_cluster") {
  TEST_CASE("F-072: each call goes to the primary that has its key's slot") {
    Node first, second;
    first.set_map(map_of({{0, 8191, first.port()}, {8192, 16383, second.port()}}));
    TurnedStore turned(plan_of({&first.server}));
    CHECK(turned.get(low).value().record == low);
    CHECK(turned.get(high).value().record == high);
    CHECK(first.all() == std::vector<Words>{{"GET", low}});
    CHECK(second.all() == std::vector<Words>{{"GET", high}});
    CHECK(first.num_maps == 1);
    CHECK(second.num_maps == 0);
    CHECK(turned.store.route().primaries().size() == 2);
    CHECK_FALSE(turned.store.route().primaries()[0].must_be_primary);
  }

  TEST_CASE("F-072: a slot that has moved is followed, and the next call goes there at once") {
    Node second;
    Node first([&](const Words& command) { return redirect("MOVED", command[1], second.port()); });
    first.set_map(map_of({{0, 16383, first.port()}}));
    second.set_map(map_of({{0, 8191, first.port()}, {8192, 16383, second.port()}}));
    TurnedStore turned(plan_of({&first.server}));
    CHECK(turned.get(high).value().record == high);
    const auto generation = turned.store.route().generation();
    CHECK(generation >= 2);
    CHECK(turned.get(high).ok());
    CHECK(first.all().size() == 1);
    CHECK(second.all().size() == 2);
    // Who took the slot is asked for the map, as soon as it may be.
    CHECK(turned.turn_until([&] { return second.num_maps == 1; }));
    CHECK(turned.store.route().primaries().size() == 2);
  }

  TEST_CASE("F-072: ASK: once, behind ASKING; whom it names is a primary from then on, no more") {
    std::atomic<bool> is_asking{false};
    Node second([&](const Words& command) -> std::string {
      if (command[0] == "ASKING") is_asking = true;
      if (command[0] == "ASKING") return "+OK\r\n";
      return is_asking.exchange(false) ? echo(command) : "-ERR not asked\r\n";
    });
    Node first([&](const Words& command) { return redirect("ASK", command[1], second.port()); });
    first.set_map(map_of({{0, 16383, first.port()}}));
    RedisPoolLimits limits;
    limits.max_connections =
        1;  // ASKING is said for a connection, and the server here has one flag
    TurnedStore turned(plan_of({&first.server}), limits);
    for (int i = 0; i < 3; ++i) CHECK(turned.get(high).value().record == high);
    CHECK(first.all().size() == 3);
    CHECK(second.all().size() == 6);
    CHECK(turned.store.route().generation() == 2);
    CHECK(turned.store.route().primaries().size() == 2);
    CHECK(first.num_maps == 1);
    std::vector<Store::Id> many;
    for (int i = 0; i < 50; ++i) many.push_back(turned.begin(StoreCall::get(high)));
    turned.store.forget(many[7]);
    for (std::size_t i = 0; i < many.size(); ++i) {
      if (i != 7) CHECK(turned.wait_for(many[i]).value().record == high);
    }
  }

  TEST_CASE("F-072: a call is redirected five times, not more") {
    std::array<std::optional<Node>, 7> chain;
    for (std::size_t i = chain.size(); i-- > 0;) {
      chain[i].emplace([&, i](const Words& command) {
        return i + 1 < chain.size() ? redirect("MOVED", command[1], chain[i + 1]->port())
                                    : echo(command);
      });
    }
    for (const std::size_t at : {std::size_t{0}, std::size_t{1}}) {
      std::atomic<bool> was_asked{false};  // the map it has is old: another time it tells none
      HttpServer seed(answer_each([&](HttpPeer&, const Words&) {
        return was_asked.exchange(true) ? std::string("-ERR x\r\n")
                                        : map_of({{0, 16383, chain[at]->port()}});
      }));
      TurnedStore turned(plan_of({&seed}));
      const auto result = turned.get(high);
      CHECK(result.ok() == (at == 1));
      if (at == 0) CHECK(fails(result, "in circles"));
    }
  }

  TEST_CASE("F-072: redirections in a circle, to oneself too, end") {
    for (const char* word : {"MOVED", "ASK"}) {
      std::uint16_t port = 0;
      Node node([&](const Words& command) -> std::string {
        return command[0] == "ASKING" ? "+OK\r\n" : redirect(word, command[1], port);
      });
      port = node.port();
      node.set_map(map_of({{0, 16383, port}}));
      TurnedStore turned(plan_of({&node.server}));
      const auto began = SteadyClock::now();
      CHECK(fails(turned.get(high), "in circles"));
      CHECK(node.all().size() <= 11);
      CHECK(node.num_maps <= 3 + (SteadyClock::now() - began) / 100ms);
    }
  }

  TEST_CASE("F-072: a redirection to nowhere, or of another slot, closes the connection") {
    for (const auto& text :
         {std::string("-MOVED\r\n"), std::string("-MOVED 12182\r\n"),
          std::string("-MOVED 12182 a b:1\r\n"), std::string("-MOVED 12182 a:0\r\n"),
          std::string("-MOVED 16384 127.0.0.1:1\r\n"), std::string("-ASK 1 127.0.0.1:1\r\n"),
          std::string("-ASK x\r\n")}) {
      CAPTURE(text);
      Node node([&](const Words&) { return text; });
      node.set_map(map_of({{0, 16383, node.port()}}));
      TurnedStore turned(plan_of({&node.server}));
      CHECK(fails(turned.get(high), "to nowhere"));
      CHECK(turned.turn_until([&] { return turned.store.num_connections() == 0; }));
    }
  }

  TEST_CASE("F-072: CLUSTERDOWN and TRYAGAIN are waited out within the time of a call") {
    for (const char* error : {"-CLUSTERDOWN x\r\n", "-TRYAGAIN x\r\n", "-READONLY x\r\n"}) {
      CAPTURE(error);
      std::atomic<int> num_left{2};
      Node node([&](const Words& command) { return num_left-- > 0 ? error : echo(command); });
      node.set_map(map_of({{0, 16383, node.port()}}));
      TurnedStore turned(plan_of({&node.server}));
      CHECK(turned.get(high).value().record == high);
      num_left = 1000;
      TurnedStore hurried(plan_of({&node.server}), {}, 1s);
      CHECK(fails(hurried.get(high), "the session store refused"));
      CHECK(num_left > 940);  // it rests in between
    }
  }

  TEST_CASE("F-072: seeds that hang, refuse, talk nonsense or know nothing are passed over") {
    Node good;
    good.set_map(map_of({{0, 16383, good.port()}}));
    std::string crowd = "*1025\r\n";
    for (int i = 0; i < 1025; ++i) {
      crowd += "*3\r\n:" + std::to_string(i) + "\r\n:" + std::to_string(i) + "\r\n*2\r\n" +
               bulk("h" + std::to_string(i)) + ":1\r\n";
    }
    for (const auto& map :
         {std::string("-ERR x\r\n"), std::string("*0\r\n"), std::string("+OK\r\n"),
          std::string("*4294967296\r\n"), map_of({{0, 16384, 1}}), map_of({{0, 1, 0}}),
          map_of({{0, 5, 1}, {5, 6, 1}}), crowd, std::string("*-1\r\n"), std::string()}) {
      CAPTURE(map.substr(0, 40));
      Node bad;
      bad.set_map(map);
      TurnedStore turned(plan_of({&bad.server, &good.server}));
      CHECK(turned.get(high).ok());
      CHECK(bad.all().empty());
      if (map.empty()) continue;
      TurnedStore alone(plan_of({&bad.server}));
      CHECK_FALSE(alone.get(high).ok());
    }
  }

  TEST_CASE("F-072: a map in a thousand pieces, each with replicas and their names, is read") {
    Node first, second;
    const auto node = [](std::uint16_t port) {
      return "*4\r\n" + bulk("127.0.0.1") + ":" + std::to_string(port) + "\r\n" +
             bulk(std::string(40, 'a')) + "*2\r\n" + bulk("hostname") + bulk("node.example");
    };
    std::string map = "*1024\r\n";
    for (int i = 0; i < 1024; ++i) {
      map += "*5\r\n:" + std::to_string(i * 16) + "\r\n:" + std::to_string(i * 16 + 15) + "\r\n" +
             node(i % 2 == 0 ? first.port() : second.port()) + node(1) + node(2);
    }
    first.set_map(map);
    TurnedStore turned(plan_of({&first.server}));
    CHECK(turned.get(high).value().record == high);
    CHECK(turned.store.route().primaries().size() == 2);
  }

  TEST_CASE("F-072: a host that is left out is the one that was asked") {
    for (const auto* host : {"$-1\r\n", "$0\r\n\r\n"}) {
      Node node;
      node.set_map(map_of({{0, 16383, node.port(), host}}));
      TurnedStore turned(plan_of({&node.server}));
      CHECK(turned.get(high).ok());
    }
  }

  TEST_CASE("F-072: a slot that nobody has yet is waited for, within the time of a call") {
    Node node;
    node.set_map(map_of({{0, 8191, node.port()}}));
    TurnedStore turned(plan_of({&node.server}), {}, 3s);
    CHECK(turned.get(low).ok());
    const auto waiting = turned.begin(StoreCall::get(high));
    for (int i = 0; i < 10; ++i) turned.turn(10ms);
    CHECK(turned.answers.empty());
    node.set_map(map_of({{0, 16383, node.port()}}));
    CHECK(turned.wait_for(waiting).ok());
    CHECK(node.num_maps < 40);
  }

  TEST_CASE("F-072: a primary that is lost fails its calls alone, and its successor is found") {
    Node first, third;
    std::optional<Node> second;
    second.emplace();
    first.set_map(map_of({{0, 8191, first.port()}, {8192, 16383, second->port()}}));
    TurnedStore turned(plan_of({&first.server}));
    CHECK(turned.get(high).ok());
    second.reset();
    CHECK_FALSE(turned.get(high).ok());
    CHECK(turned.get(low).ok());
    first.set_map(map_of({{0, 8191, first.port()}, {8192, 16383, third.port()}}));
    const auto began = SteadyClock::now();
    while (!turned.get(high).ok() && SteadyClock::now() - began < 5s) {
      std::this_thread::sleep_for(5ms);
    }
    CHECK(SteadyClock::now() - began < 2s);
    CHECK(third.all().size() == 1);
  }

  TEST_CASE(
      "F-072: what was asked of a server that the map no longer has is asked of the new one") {
    Node third;
    third.set_map(map_of({{0, 16383, third.port()}}));
    std::atomic<bool> is_over{false};
    Node second([&](const Words& command) { return is_over ? std::string() : echo(command); });
    Node first([&](const Words& command) {
      return is_over ? redirect("MOVED", command[1], third.port()) : echo(command);
    });
    first.set_map(map_of({{0, 8191, first.port()}, {8192, 16383, second.port()}}));
    TurnedStore turned(plan_of({&first.server}));
    CHECK(turned.get(high).ok());
    std::this_thread::sleep_for(150ms);  // a map is asked for ten times a second at most
    is_over = true;
    const auto waiting = turned.begin(StoreCall::get(high));
    for (int i = 0; i < 5; ++i) turned.turn(5ms);
    CHECK(turned.get(low).value().record == low);
    CHECK(turned.wait_for(waiting).value().record == high);
    CHECK(turned.store.route().primaries().size() == 1);
  }

  TEST_CASE("F-427: whom ASK names is asked to tell, and nobody is believed before it does") {
    Node second([](const Words& command) {
      return command[0] == "ASKING" ? "+OK\r\n" : as_redis(command);
    });
    Node first([&](const Words& command) {
      return command[0] == "GET" ? redirect("ASK", command[1], second.port()) : as_redis(command);
    });
    first.set_map(map_of({{0, 16383, first.port()}}));
    Told turned(first);
    CHECK(turned.get(high).ok());
    REQUIRE(turned.turn_until([&] { return has_subscribed(second); }));
    REQUIRE(turned.turn_until_told());
    const auto num_all = turned.watcher.num_all;
    // It stays one while it is asked, and for a moment; the maps do not name it.
    turned.skip(6s);
    REQUIRE(turned.turn_until([&] { return first.num_maps == 2; }));
    CHECK(turned.get(high).ok());
    CHECK(turned.store.route().primaries().size() == 2);
    CHECK(turned.watcher.num_all == num_all);
    turned.skip(20s);
    REQUIRE(turned.turn_until([&] { return turned.store.route().primaries().size() == 1; }));
    CHECK(turned.watcher.num_all > num_all);
  }

  TEST_CASE("F-427: a map that changed though no call was redirected is noticed") {
    Node first(as_redis), second(as_redis);
    first.set_map(map_of({{0, 16383, first.port()}}));
    Told turned(first);
    CHECK(turned.get(high).ok());
    REQUIRE(turned.turn_until_told());
    CHECK(first.num_maps == 1);
    first.set_map(map_of({{0, 8191, first.port()}, {8192, 16383, second.port()}}));
    turned.skip(2s);
    for (int i = 0; i < 5; ++i) turned.turn(5ms);
    CHECK(first.num_maps == 1);
    turned.skip(5s);
    REQUIRE(turned.turn_until([&] { return turned.store.route().primaries().size() == 2; }));
    CHECK(turned.watcher.told.back() == Deadline::min());
    REQUIRE(turned.turn_until_told());
    CHECK(has_subscribed(second));
  }

  TEST_CASE("F-427: slots that go from one primary to another make all that was read doubtful") {
    Node first(as_redis), second(as_redis);
    const auto set_bound = [&](int bound) {
      first.set_map(map_of({{0, bound, first.port()}, {bound + 1, 16383, second.port()}}));
      second.set_map(map_of({{0, bound, first.port()}, {bound + 1, 16383, second.port()}}));
    };
    set_bound(8191);
    Told turned(first);
    CHECK(turned.get(high).ok());
    REQUIRE(turned.turn_until_told());
    const auto num_all = turned.watcher.num_all;
    turned.skip(6s);
    REQUIRE(turned.turn_until([&] { return first.num_maps + second.num_maps == 2; }));
    for (int i = 0; i < 5; ++i) turned.turn(5ms);
    CHECK(turned.watcher.num_all == num_all);
    set_bound(14000);
    turned.skip(14s);
    CHECK(turned.turn_until([&] { return turned.watcher.num_all == num_all + 1; }));
    CHECK(turned.watcher.is_told());
  }

  // It still answers whatever it is asked. A server that is slow is overtaken by the next: hence
  // several attempts.
  TEST_CASE("F-427: a primary that was replaced, and has its old map, is not asked for it again") {
    bool is_found_out = false;
    for (int i = 0; i < 5 && !is_found_out; ++i) {
      Node one(as_redis), two(as_redis), elected(as_redis);
      auto& old = one.port() > two.port() ? one : two;  // its turn would be the next
      auto& other = one.port() > two.port() ? two : one;
      const auto before = map_of({{0, 8191, old.port()}, {8192, 16383, other.port()}});
      old.set_map(before);
      other.set_map(before);
      Told turned(old);
      CHECK(turned.get(high).ok());
      REQUIRE(turned.turn_until_told());
      other.set_map(map_of({{0, 8191, elected.port()}, {8192, 16383, other.port()}}));
      turned.skip(6s);
      is_found_out = turned.turn_until([&] { return has_subscribed(elected); }, 2s);
    }
    CHECK(is_found_out);
  }

  TEST_CASE("F-427: the map is asked for as often as it must be, but ten times a second at most") {
    const std::pair<Duration, Duration> all[] = {{4s, 1s}, {1ms, 100ms}, {1h, 5s}};
    for (const auto& [staleness, at_most] : all) {
      Node node(as_redis);
      node.set_map(map_of({{0, 16383, node.port()}}));
      Told turned(node, staleness);
      const auto began = SteadyClock::now();
      turned.begin(StoreCall::get(high));
      CHECK(turned.turn_until_due_within(at_most));
      CHECK(turned.store.route().next_deadline().value() - began >= at_most / 2);
    }
  }

  TEST_CASE("F-427: without a map for long nothing is believed that was read before") {
    Node first(as_redis);
    first.set_map(map_of({{0, 16383, first.port()}}));
    Told turned(first);
    CHECK(turned.get(high).ok());
    REQUIRE(turned.turn_until_told());
    const auto num_all = turned.watcher.num_all;
    first.set_map("-ERR x\r\n");
    turned.skip(6s);
    REQUIRE(turned.turn_until([&] { return first.num_maps == 2; }));
    CHECK(turned.watcher.num_all == num_all);
    for (const int times : {1, 2}) {
      turned.skip(11s * times);
      CHECK(turned.watcher.num_all == num_all + times);
    }
    CHECK(turned.get(low).ok());
  }

  TEST_CASE("where nothing is told the map is not asked for without a reason") {
    Node first;
    first.set_map(map_of({{0, 16383, first.port()}}));
    TurnedStore turned(plan_of({&first.server}));
    CHECK(turned.get(high).ok());
    turned.store.serve({}, SteadyClock::now() + 1h);
    CHECK(turned.get(high).ok());
    CHECK(first.num_maps == 1);
    CHECK_FALSE(turned.store.next_deadline());
  }
}
