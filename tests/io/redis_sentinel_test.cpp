#include "io/redis_sentinel.hpp"

#include <doctest/doctest.h>

#include <atomic>
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

const std::string master_role = "*3\r\n" + bulk("master") + ":0\r\n*0\r\n";
const std::string replica_role =
    "*5\r\n" + bulk("slave") + bulk("127.0.0.1") + ":1\r\n" + bulk("connected") + ":0\r\n";

std::string address_of(const HttpServer& server) {
  return "*2\r\n" + bulk("127.0.0.1") + bulk(std::to_string(server.port()));
}

// A server with a role, whose records are their keys; counts what is no ROLE.
struct Server {
  explicit Server(std::string says_role = master_role, std::string to_writes = "+OK\r\n")
      : role(std::move(says_role)),
        server(answer_each([this, to_writes](HttpPeer&, const Words& command) {
          if (command[0] == "ROLE") return role;
          ++num_calls;
          return command[0] == "SET" ? to_writes : echo(command);
        })) {}
  const std::string role;
  std::atomic<int> num_calls{0};
  HttpServer server;
};

HttpServer::Script say(std::function<std::string()> answer) {
  return answer_each([answer = std::move(answer)](HttpPeer&, const Words& command) -> std::string {
    return command[0] == "SENTINEL" ? answer() : "-ERR unknown\r\n";
  });
}
HttpServer::Script name(const HttpServer& primary) {
  return say([text = address_of(primary)] { return text; });
}

RedisPlan plan_of(std::vector<const HttpServer*> sentinels) {
  RedisPlan plan;
  plan.topology = RedisSettings::Topology::sentinel;
  plan.primary_name = "m";
  plan.terms.must_be_primary = true;
  for (const auto* one : sentinels) plan.servers.push_back({url_of(*one)});
  return plan;
}

// What is read there is kept from now on, so that Sentinels are asked without calls.
void keep_current(TurnedStore& turned, ScriptedWatcher& watcher, Duration max_staleness) {
  RedisTracking::Terms terms;
  terms.max_staleness = max_staleness;
  turned.store.tell(terms, watcher);
}

}  // namespace

TEST_SUITE("io/redis_sentinel") {
  TEST_CASE("F-071: the primary that a Sentinel names is asked for its role, then used") {
    std::mutex mutex;
    std::vector<Words> seen;
    const auto note = [&](const Words& command) {
      const std::scoped_lock lock(mutex);
      seen.push_back(command);
    };
    HttpServer primary(answer_each([&](HttpPeer&, const Words& command) {
      note(command);
      return command[0] == "ROLE" ? master_role : echo(command);
    }));
    HttpServer sentinel(answer_each([&](HttpPeer&, const Words& command) {
      note(command);
      return address_of(primary);
    }));
    TurnedStore turned(plan_of({&sentinel}));
    CHECK(turned.store.route().primaries().empty());
    CHECK(turned.get("k").value().record == "k");
    CHECK(seen ==
          std::vector<Words>{{"SENTINEL", "get-master-addr-by-name", "m"}, {"ROLE"}, {"GET", "k"}});
    REQUIRE(turned.store.route().primaries().size() == 1);
    CHECK(turned.store.route().primaries()[0].url.port == primary.port());
    CHECK(turned.store.route().primaries()[0].must_be_primary);
  }

  TEST_CASE("Sentinels are not asked at every call") {
    Server primary;
    std::atomic<int> num_asked{0};
    HttpServer sentinel(say([&] {
      ++num_asked;
      return address_of(primary.server);
    }));
    TurnedStore turned(plan_of({&sentinel}));
    const auto began = SteadyClock::now();
    for (int i = 0; i < 200; ++i) CHECK(turned.get("k").ok());
    const auto halves = (SteadyClock::now() - began) / 500ms;
    CHECK(num_asked <= 1 + halves);
    CHECK(sentinel.num_connections() == 1);
  }

  TEST_CASE("an old primary that has become a replica is not used, whatever a Sentinel says") {
    Server old(replica_role), primary;
    HttpServer behind(name(old.server)), knows(name(primary.server));
    TurnedStore turned(plan_of({&behind, &knows}));
    CHECK(turned.ask(StoreCall::put("k", "v", 1s)).ok());
    CHECK(old.num_calls == 0);
    CHECK(primary.num_calls == 1);
    TurnedStore without(plan_of({&behind}));
    CHECK(fails(without.get("k"), "has become a replica"));
    CHECK(old.num_calls == 0);
  }

  TEST_CASE("what does not answer ROLE as a Redis does is not used") {
    for (const auto& role : {std::string("+master\r\n"), bulk("master"), std::string("*0\r\n"),
                             std::string("-NOPERM canary\r\n"), std::string("$-1\r\n")}) {
      CAPTURE(role);
      Server odd(role);
      HttpServer sentinel(name(odd.server));
      TurnedStore turned(plan_of({&sentinel}));
      CHECK(fails(turned.get("k"), "the session store"));
      CHECK(odd.num_calls == 0);
    }
  }

  TEST_CASE("a write that a demoted primary refuses goes to the new one") {
    Server old(master_role, "-READONLY x\r\n"), primary;
    std::atomic<bool> is_over{false};
    HttpServer sentinel(say([&] { return address_of(is_over ? primary.server : old.server); }));
    TurnedStore turned(plan_of({&sentinel}));
    CHECK(turned.get("k").ok());
    const auto generation = turned.store.route().generation();
    is_over = true;
    CHECK(turned.ask(StoreCall::put("k", "v", 1s)).ok());
    CHECK(primary.num_calls == 1);
    CHECK(turned.store.route().generation() > generation);
    CHECK(turned.store.route().primaries()[0].url.port == primary.server.port());
  }

  TEST_CASE("an election is noticed within a second, though the old primary still answers") {
    Server old, primary;
    std::atomic<bool> is_over{false};
    HttpServer sentinel(say([&] { return address_of(is_over ? primary.server : old.server); }));
    TurnedStore turned(plan_of({&sentinel}));
    CHECK(turned.get("k").ok());
    is_over = true;
    const auto began = SteadyClock::now();
    while (primary.num_calls == 0 && SteadyClock::now() - began < 5s) {
      CHECK(turned.get("k").ok());
      std::this_thread::sleep_for(5ms);
    }
    CHECK(SteadyClock::now() - began < 2s);
    CHECK(turned.store.num_connections() == 2);  // the old one is left
  }

  TEST_CASE("who keeps what it read hears of an election without a call, others ask no one") {
    for (const bool is_told : {true, false}) {
      CAPTURE(is_told);
      Server old, primary;
      std::atomic<bool> is_over{false};
      std::atomic<int> num_asked{0};
      HttpServer sentinel(say([&] {
        ++num_asked;
        return address_of(is_over ? primary.server : old.server);
      }));
      TurnedStore turned(plan_of({&sentinel}));
      ScriptedWatcher watcher;
      RedisTracking::Terms terms;
      terms.prefixes = {"app-"};
      terms.max_staleness = 1h;
      if (is_told) turned.store.tell(terms, watcher);
      CHECK(turned.get("k").ok());
      const auto& route = turned.store.route();
      const auto generation = route.generation();
      CHECK(turned.turn_until([&] { return num_asked > 1; }, is_told ? 10s : 1500ms) == is_told);
      CHECK(route.generation() == generation);
      is_over = true;
      const auto hears = [&] { return route.generation() > generation; };
      CHECK(turned.turn_until(hears, is_told ? 10s : 1500ms) == is_told);
      const bool is_new = route.primaries()[0].url.port == primary.server.port();
      CHECK(is_new == is_told);
    }
  }

  TEST_CASE("a Sentinel cut off with an old primary is not believed for ever, nor by turns") {
    Server old, primary;
    std::atomic<bool> is_over{false};
    const auto knows = [&] { return address_of(is_over ? primary.server : old.server); };
    HttpServer behind(name(old.server)), one(say(knows)), other(say(knows));
    TurnedStore turned(plan_of({&behind, &one, &other}));
    ScriptedWatcher watcher;
    keep_current(turned, watcher, 400ms);
    CHECK(turned.get("k").ok());
    is_over = true;
    const auto& route = turned.store.route();
    const auto is_new = [&] { return route.primaries()[0].url.port == primary.server.port(); };
    CHECK(turned.turn_until(is_new, 5s));
    const auto generation = route.generation(), num_findings = route.num_findings();
    CHECK(turned.turn_until([&] { return route.num_findings() > num_findings + 8; }, 10s));
    CHECK(route.generation() == generation);
    CHECK(is_new());
  }

  TEST_CASE("one Sentinel alone that names another primary is not believed while this one serves") {
    Server old, primary;
    std::atomic<bool> is_over{false};
    HttpServer strange(say([&] { return address_of(is_over ? primary.server : old.server); }));
    HttpServer one(name(old.server)), other(name(old.server));
    TurnedStore turned(plan_of({&strange, &one, &other}));
    ScriptedWatcher watcher;
    keep_current(turned, watcher, 400ms);
    CHECK(turned.get("k").ok());
    const auto& route = turned.store.route();
    const auto generation = route.generation(), num_findings = route.num_findings();
    is_over = true;
    CHECK(turned.turn_until([&] { return route.num_findings() > num_findings + 8; }, 10s));
    CHECK(route.generation() == generation);
    CHECK(primary.num_calls == 0);
  }

  TEST_CASE("F-427: Sentinels are asked in time for what may be believed only shortly") {
    const std::pair<Duration, Duration> all[] = {{400ms, 100ms}, {1ms, 100ms}, {1h, 1s}};
    for (const auto& [staleness, asked_every] : all) {
      Server primary;
      HttpServer sentinel(name(primary.server));
      TurnedStore turned(plan_of({&sentinel}));
      ScriptedWatcher watcher;
      keep_current(turned, watcher, staleness);
      const auto began = SteadyClock::now();
      turned.begin(StoreCall::get("k"));
      CHECK(turned.turn_until_due_within(asked_every));
      CHECK(turned.store.route().next_deadline().value() - began >= asked_every);
    }
  }

  TEST_CASE("Sentinels that are all gone are tried again without a call, between pauses") {
    Server primary;
    std::optional<HttpServer> sentinel;
    sentinel.emplace(name(primary.server));
    TurnedStore turned(plan_of({&*sentinel}));
    ScriptedWatcher watcher;
    turned.store.tell({}, watcher);
    CHECK(turned.get("k").ok());
    sentinel.reset();
    const auto num_findings = turned.store.route().num_findings();
    CHECK(
        turned.turn_until([&] { return turned.store.route().num_findings() > num_findings + 1; }));
    CHECK(turned.num_turns < 1000);
    CHECK(turned.get("k").ok());
  }

  TEST_CASE("a lost primary: calls go to the one elected meanwhile") {
    std::optional<Server> old;
    old.emplace();
    Server primary;
    std::atomic<bool> is_over{false};
    const auto before = address_of(old->server);
    HttpServer sentinel(say([&] { return is_over ? address_of(primary.server) : before; }));
    TurnedStore turned(plan_of({&sentinel}));
    CHECK(turned.get("k").ok());
    is_over = true;
    old.reset();
    CHECK(turned.get("k").ok());
    CHECK(primary.num_calls == 1);
  }

  TEST_CASE("Sentinels that answer nonsense, refuse or hang are passed over") {
    Server primary;
    HttpServer good(name(primary.server));
    for (const auto& bytes :
         {std::string("+OK\r\n"), std::string("*1\r\n+a\r\n"), std::string("hello\r\n"),
          "*2\r\n" + bulk("a b") + bulk("1"), "*2\r\n" + bulk("127.0.0.1") + bulk("0"),
          std::string("*-1\r\n"), std::string("-IDONTKNOW x\r\n"), std::string("-NOAUTH x\r\n"),
          std::string("*4294967296\r\n"), std::string()}) {
      CAPTURE(bytes);
      HttpServer bad(say([bytes] { return bytes; }));
      TurnedStore turned(plan_of({&bad, &good}));
      const auto began = SteadyClock::now();
      CHECK(turned.get("k").ok());
      CHECK(SteadyClock::now() - began < 4s);  // a call may take five
      if (bytes.empty()) continue;
      TurnedStore alone(plan_of({&bad}));
      CHECK_FALSE(alone.get("k").ok());
    }
  }

  TEST_CASE("nobody knows the name, or nobody is there: calls fail, and say so") {
    HttpServer sentinel(say([] { return "*-1\r\n"; }));
    TurnedStore turned(plan_of({&sentinel}));
    CHECK(fails(turned.get("k"), "redis_sentinel_master_name"));
    std::optional<HttpServer> gone;
    gone.emplace(say([] { return ""; }));
    auto plan = plan_of({&*gone});
    gone.reset();
    TurnedStore without(std::move(plan));
    for (int i = 0; i < 20; ++i) CHECK(fails(without.get("k"), "nobody listens there"));
  }

  TEST_CASE("with all Sentinels gone, or hanging, the primary stays in use") {
    Server primary;
    std::atomic<bool> hangs{false};
    std::optional<HttpServer> sentinel;
    sentinel.emplace(say([&] { return hangs ? std::string() : address_of(primary.server); }));
    TurnedStore turned(plan_of({&*sentinel}));
    CHECK(turned.get("k").ok());
    int num_slow = 0;
    const auto goes_on = [&] {
      const auto deadline = SteadyClock::now() + 1500ms;
      while (SteadyClock::now() < deadline) {
        const auto began = SteadyClock::now();
        CHECK(turned.get("k").ok());
        num_slow += SteadyClock::now() - began < 1s ? 0 : 1;
        std::this_thread::sleep_for(20ms);
      }
    };
    hangs = true;
    goes_on();
    sentinel.reset();
    goes_on();
    CHECK(num_slow <= 1);  // a machine's own stall
  }

  TEST_CASE("attempts to reach a Sentinel are not more than one a pause") {
    std::atomic<int> num_attempts{0};
    HttpServer sentinel([&](HttpPeer&) { ++num_attempts; });  // closes at once
    TurnedStore turned(plan_of({&sentinel}));
    const auto began = SteadyClock::now();
    while (SteadyClock::now() - began < 1s || num_attempts < 3) {
      CHECK_FALSE(turned.get("k").ok());
      std::this_thread::sleep_for(1ms);
    }
    CHECK(num_attempts <= 12 + (SteadyClock::now() - began) / 250ms);
  }

  TEST_CASE("a call that waits for Sentinels ends in its time, and can be forgotten") {
    HttpServer sentinel(support::hang());
    TurnedStore turned(plan_of({&sentinel}), {}, 200ms);
    const auto forgotten = turned.begin(StoreCall::get("a"));
    const auto began = SteadyClock::now();
    const auto waiting = turned.begin(StoreCall::get("b"));
    turned.store.forget(forgotten);
    CHECK(fails(turned.wait_for(waiting), "did not answer in time"));
    CHECK(SteadyClock::now() - began < 3s);
    CHECK(turned.answers.empty());
    CHECK(turned.num_turns < 50);  // it waits, and does not spin
  }
}
