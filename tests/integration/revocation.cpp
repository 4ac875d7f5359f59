// Sessions of one person, ended by the application, as two engines on one real Redis see it: where
// sessions are in Redis, and where they are in cookies beside it. REDIS_URL names the server.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "engine/live_engine.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyClock = std::chrono::steady_clock;

const Person alice{{}, "alice"};

// Each case in a database of its own: a denial of one case, whose clock ran ahead, would count in
// the next.
Options on_redis(const char* how, const char* database) {
  const char* server = std::getenv("REDIS_URL");
  REQUIRE(server != nullptr);
  const auto url = std::string(server) + "/" + database;
  // An hour, so that what ends in time was told and not merely asked for again.
  return {{how, "redis"}, {"redis_connection_url", url}, {"session_cache_max_staleness", "1h"}};
}

Result<Sessions> settled(Outcome<Sessions> outcome) {
  if (!outcome.ok()) return std::move(outcome).error();
  if (auto* at_once = std::get_if<Sessions>(&*outcome)) return std::move(*at_once);
  return std::get<Operation<Sessions>>(*outcome).wait(SteadyClock::now() + seconds(10));
}

// Two engines, and a person who is signed in at the first and known to the second.
struct Fleet : Live {
  std::shared_ptr<Engine> other;
  Browser person, elsewhere;

  explicit Fleet(const Options& options) : Live(options), person(engine), elsewhere(nullptr) {
    auto ports = default_ports();
    ports.clock = clock;
    auto made = Engine::create(live_settings(provider, options), std::move(ports));
    REQUIRE_MESSAGE(made.ok(), made.error().text);
    other = std::move(made).value();
    elsewhere = Browser(other);
    sign_in();
  }
  void sign_in() {
    clock->advance(seconds(2));
    REQUIRE(person.sign_in(provider).reason() == Reason::signed_in);
    elsewhere.cookies = person.cookies;
    REQUIRE(wait_until([this] { return is_kept(); }));
    clock->advance(seconds(2));
  }
  // The second engine answers from memory.
  bool is_kept() {
    auto asked = elsewhere.ask("/page");
    if (!asked.ok()) return false;
    if (const auto* at_once = std::get_if<Decision>(&*asked)) {
      return at_once->kind() == Decision::Kind::allow;
    }
    (void)wait_for(std::move(asked));
    return false;
  }
  bool is_out() {
    const auto answer = wait_for(elsewhere.ask("/page", {{"Accept", "application/json"}}));
    return answer.ok() && answer->http_status() == 401;
  }
  template <class Holds>
  static bool wait_until(Holds&& holds) {
    const auto deadline = SteadyClock::now() + seconds(10);
    while (!holds()) {
      if (SteadyClock::now() >= deadline) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
  }
};

// How long until the second engine refuses, over several rounds.
template <class End>
void measure(Fleet& fleet, const char* what, End&& end) {
  std::vector<double> took;
  for (int i = 0; i < 20; ++i) {
    if (i > 0) fleet.sign_in();
    end();
    const auto begun = SteadyClock::now();
    REQUIRE(Fleet::wait_until([&] { return fleet.is_out(); }));
    took.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - begun).count());
  }
  std::sort(took.begin(), took.end());
  std::printf("%s: refused elsewhere after %.1f ms (median), %.1f ms (longest)\n", what,
              took[took.size() / 2], took.back());
  CHECK(took.back() < 5000);
}

}  // namespace

TEST_SUITE("integration: revocation") {
  TEST_CASE(
      "F-251: one session in Redis, revoked by its handle at one engine, is out at the other") {
    Fleet fleet(on_redis("session_store_type", "1"));
    measure(fleet, "revoke_session", [&] {
      const auto listed = settled(fleet.engine->list_sessions(alice)).value();
      REQUIRE(!listed.empty());
      CHECK(settled(fleet.other->list_sessions(alice)).value().size() == listed.size());
      CHECK(settled(fleet.engine->revoke_session(alice, listed[0].handle)).value().size() == 1);
    });
  }

  TEST_CASE("F-270: all sessions in Redis, revoked at one engine, are out at the other") {
    Fleet fleet(on_redis("session_store_type", "2"));
    measure(fleet, "revoke_sessions, sessions in Redis",
            [&] { CHECK(settled(fleet.engine->revoke_sessions(alice)).value().size() >= 1); });
    CHECK(settled(fleet.other->list_sessions(alice)).value().empty());
  }

  TEST_CASE("F-251: sessions in cookies beside Redis: the deny list reaches the other engine") {
    Fleet fleet(on_redis("session_store_beside", "3"));
    measure(fleet, "revoke_sessions, sessions in cookies",
            [&] { CHECK(settled(fleet.engine->revoke_sessions(alice)).ok()); });
    // Whoever asks when it was told is refused at once, not after one more page.
    fleet.sign_in();
    CHECK(settled(fleet.engine->revoke_sessions(alice)).ok());
    std::this_thread::sleep_for(milliseconds(500));
    CHECK(fleet.is_out());
    // Also one that begins later, and never asked before.
    Browser late(fleet.other);
    late.cookies = fleet.person.cookies;
    CHECK(wait_for(late.ask("/page", {{"Accept", "application/json"}}))->http_status() == 401);
    auto ports = default_ports();
    ports.clock = fleet.clock;
    const auto third = *Engine::create(
        live_settings(fleet.provider, on_redis("session_store_beside", "3")), ports);
    Browser there(third);
    there.cookies = fleet.person.cookies;
    CHECK(wait_for(there.ask("/page", {{"Accept", "application/json"}}))->http_status() == 401);
  }

  TEST_CASE("F-251: sessions in cookies beside a Redis that is asked each time: out at once") {
    auto options = on_redis("session_store_beside", "4");
    options.emplace_back("session_cache_max_staleness", "0s");
    Live live(options);
    auto ports = default_ports();
    ports.clock = live.clock;
    const auto other = *Engine::create(live_settings(live.provider, options), std::move(ports));
    Browser person(live.engine), elsewhere(other);
    REQUIRE(person.sign_in(live.provider).reason() == Reason::signed_in);
    elsewhere.cookies = person.cookies;
    CHECK(elsewhere.get("/page").kind() == Decision::Kind::allow);
    live.clock->advance(seconds(2));
    CHECK(settled(live.engine->revoke_sessions(alice)).ok());
    CHECK(elsewhere.get("/page").kind() != Decision::Kind::allow);
  }
}
