#include "io/redis_route.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "io/redis_ground.hpp"
#include "io/scripted_watcher.hpp"
#include "support/certificates.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using flow::StoreCall;
using support::HttpServer;
using Topology = RedisSettings::Topology;

namespace {

const support::Certificate& authority() {
  static const auto made = support::make_authority();
  return made;
}

RedisSettings settings_of(Topology topology, const std::vector<std::string>& urls) {
  RedisSettings settings;
  settings.topology = topology;
  for (const auto& url : urls) settings.urls.push_back(http::parse_redis_url(url).value());
  return settings;
}

// A cluster of one node, which names itself by its address.
struct TlsNode {
  explicit TlsNode(std::vector<std::string> names)
      : server(answer_each([this](support::HttpPeer&, const Words& command) {
                 return command[0] == "CLUSTER"
                            ? "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n" + bulk("127.0.0.1") + ":" +
                                  std::to_string(server.port()) + "\r\n"
                            : echo(command);
               }),
               HttpServer::Tls{support::issue(authority(), terms(std::move(names)))}) {}
  static support::CertificateTerms terms(std::vector<std::string> names) {
    support::CertificateTerms made;
    made.dns_names = std::move(names);
    return made;
  }
  HttpServer server;
};

// As Redis 6 says it.
const std::string script_refused =
    "-ERR Error running script (call to f_0123456789abcdef): @user_script:1: @user_script: 1: "
    "-READONLY You can't write against a read only replica.\r\n";

// A server that tells of changes, and takes writes until it is demoted.
struct Demotable {
  std::atomic<bool> is_replica{false};
  std::atomic<bool> holds{false};  // its answers to GET
  std::atomic<int> num_gets{0}, num_writes{0}, num_subscribed{0};
  std::string record;  // what it has under "k", as Redis says it; empty: what the key says
  HttpServer server{answer_each([this](support::HttpPeer&, const Words& command) -> std::string {
    if (command[0] == "SUBSCRIBE") ++num_subscribed;
    if (command[0] == "GET") ++num_gets;
    while (holds && command[0] == "GET") std::this_thread::sleep_for(1ms);
    if (command[0] == "GET" && command[1] == "k" && !record.empty()) return record;
    if (command[0] != "SET" && command[0] != "EVAL") return as_redis(command);
    ++num_writes;
    if (command[0] == "EVAL") return is_replica ? script_refused : ":1\r\n";
    return is_replica ? "-READONLY x\r\n" : "+OK\r\n";
  })};
};

// A store that knows its server by a name, and is told of changes.
struct Named {
  static RedisPoolLimits limits(Duration idle_limit) {
    RedisPoolLimits made;
    made.enough_waiting = 1;
    made.idle_limit = idle_limit;
    return made;
  }
  explicit Named(Demotable& first, Duration limit = {})
      : port(first.server.port()), idle_limit(limit) {
    RedisTracking::Terms terms;
    terms.prefixes = {"app-"};
    terms.max_staleness = 1h;
    turned.store.tell(terms, watcher);
  }
  bool turn_until_told() {
    return turned.turn_until([this] { return watcher.is_told(); });
  }
  // By calls that would have to wait otherwise.
  void open_four() {
    std::vector<Store::Id> ids;
    while (turned.store.num_connections() < 4) {
      ids.push_back(turned.begin(StoreCall::get("k")));
      turned.turn(1ms);
    }
    for (const auto id : ids) CHECK(turned.wait_for(id).ok());
  }

  std::atomic<std::uint16_t> port;
  const Duration idle_limit;
  ScriptedWatcher watcher;
  TurnedStore turned{http::parse_redis_url("redis://store.example:1").value(), limits(idle_limit),
                     5s, nullptr, [this](const std::string&, std::uint16_t) -> Addresses {
                       return {socket_address(http::parse_ip("127.0.0.1").value(), port)};
                     }};
};

}  // namespace

TEST_SUITE("io/redis_route") {
  TEST_CASE("one server: it is the primary, and stays it") {
    HttpServer server(echo_keys());
    TurnedStore turned(url_of(server));
    const auto& route = turned.store.route();
    REQUIRE(route.primaries().size() == 1);
    CHECK(route.primaries()[0].url.port == server.port());
    const auto generation = route.generation();
    CHECK(turned.get("k").ok());
    CHECK(route.generation() == generation);
  }

  TEST_CASE(
      "one server that takes no writes any more: nothing stays with it, and what it refused is "
      "sent to whoever has its name now") {
    Demotable old, primary;
    Named named(old);
    auto& turned = named.turned;
    REQUIRE(named.turn_until_told());
    named.open_four();
    const auto num_all = named.watcher.num_all;
    old.is_replica = true;
    named.port = primary.server.port();
    std::vector<Store::Id> ids;
    for (int i = 0; i < 20; ++i) ids.push_back(turned.begin(StoreCall::put("k", "v", 1s)));
    for (const auto id : ids) CHECK(turned.wait_for(id).ok());
    CHECK(primary.num_writes == 20);
    CHECK(old.server.wait_for_open_connections(0));
    CHECK(named.watcher.num_all > num_all);
    CHECK(turned.turn_until([&] { return primary.num_subscribed == 1; }));
    CHECK(named.turn_until_told());
  }

  TEST_CASE(
      "F-427: its name means another server, which the next connection finds: told by it too") {
    Demotable old, other;
    Named named(old, 100ms);  // then the connection ends, as any may
    auto& turned = named.turned;
    REQUIRE(named.turn_until_told());
    CHECK(turned.get("k").ok());
    CHECK(old.num_gets == 1);
    const auto num_all = named.watcher.num_all;
    named.port = other.server.port();
    CHECK(turned.turn_until([&] { return other.num_subscribed == 1; }));
    CHECK(named.watcher.num_all > num_all);
    CHECK(named.turn_until_told());
  }

  TEST_CASE("F-427: connections that were opened for a moment's load end without a doubt") {
    Demotable server;
    Named named(server, 2s);
    auto& turned = named.turned;
    REQUIRE(named.turn_until_told());
    named.open_four();
    const auto num_all = named.watcher.num_all;
    server.holds = true;
    const auto used = turned.begin(StoreCall::get("k"));  // one of the four is in use
    turned.turn();
    turned.store.serve({}, SteadyClock::now() + 2500ms);  // calls may take five seconds
    CHECK(turned.store.num_connections() == 1);
    server.holds = false;
    CHECK(turned.wait_for(used).ok());
    CHECK(named.watcher.num_all == num_all);
    CHECK(server.num_subscribed == 1);
  }

  TEST_CASE("F-427: the same after a connection that was left for a record that is too large") {
    Demotable old, other;
    old.record = bulk(std::string(1024 * 1024 + 1, 'x'));
    Named named(old);
    auto& turned = named.turned;
    REQUIRE(named.turn_until_told());
    CHECK(turned.get("j").ok());
    const auto num_all = named.watcher.num_all;
    named.port = other.server.port();
    CHECK(turned.get("k").error().status == Status::session_too_large);
    CHECK(turned.get("j").ok());
    CHECK(other.num_gets == 1);  // reads go there, so must whoever listens
    CHECK(turned.turn_until([&] { return other.num_subscribed == 1; }));
    CHECK(named.watcher.num_all > num_all);
    CHECK(named.turn_until_told());
  }

  TEST_CASE("one server that takes no writes any more: a lock, which is a script, tells it too") {
    Demotable old, primary;
    Named named(old);
    auto& turned = named.turned;
    REQUIRE(turned.ask(StoreCall::lock("k.lock", "me", 2s)).ok());
    old.is_replica = true;
    named.port = primary.server.port();
    const auto locked = turned.ask(StoreCall::lock("k.lock", "me", 2s));
    CHECK((locked.ok() && locked.value().is_owner));
    CHECK(primary.num_writes == 1);
  }

  TEST_CASE("one server that stays a replica: writes fail soon, and reads go on") {
    Demotable replica;
    replica.is_replica = true;
    Named named(replica);
    auto& turned = named.turned;
    int num_refused = 0;
    const auto began = SteadyClock::now();
    while (SteadyClock::now() - began < 1200ms || num_refused <= 50) {
      const auto write = turned.begin(StoreCall::put("k", "v", 1s));
      const auto read = turned.begin(StoreCall::get("k"));
      CHECK(fails(turned.wait_for(write), "(READONLY)"));
      CHECK(turned.wait_for(read).ok());
      ++num_refused;
      std::this_thread::sleep_for(1ms);
    }
    // Anew once in half a second: so many of the pool's, and one that is told.
    const auto num_anew = 1 + (SteadyClock::now() - began) / 500ms;
    CHECK(replica.num_writes <= num_refused + num_anew);
    CHECK(static_cast<std::int64_t>(replica.server.num_connections()) <= 5 * (1 + num_anew));
    CHECK(turned.turn_until([&] { return named.watcher.is_told(); }));
  }

  TEST_CASE("one server that is part of a cluster: the option is named") {
    HttpServer server(answer_each(
        [](support::HttpPeer&, const Words&) { return "-MOVED 12182 127.0.0.1:1\r\n"; }));
    TurnedStore turned(url_of(server));
    CHECK(fails(turned.get("foo"), "redis_use_cluster"));
  }

  TEST_CASE(
      "F-071: Sentinels have their own password; user and password of the URLs are the "
      "primary's") {
    auto settings = settings_of(Topology::sentinel,
                                {"redis://u:p@one.example:26379", "redis://u:p@10.0.0.2:26380"});
    settings.sentinel_master_name = "m";
    settings.sentinel_password = Secret("spw");
    const auto plan = RedisPlan::of(settings).value();
    CHECK(plan.topology == Topology::sentinel);
    CHECK(plan.primary_name == "m");
    REQUIRE(plan.servers.size() == 2);
    for (const auto& one : plan.servers) {
      CHECK(one.url.user.empty());
      CHECK(one.url.password == Secret("spw"));
      CHECK_FALSE(one.must_be_primary);
      CHECK(one.tls == nullptr);
    }
    CHECK(plan.servers[1].url.host == "10.0.0.2");
    CHECK(plan.servers[1].url.port == 26380);
    const auto primary = plan.terms.endpoint({"10.0.0.9", 6379}).value();
    CHECK(primary.url.user == Secret("u"));
    CHECK(primary.url.password == Secret("p"));
    CHECK(primary.url.host == "10.0.0.9");
    CHECK(primary.must_be_primary);
    settings.sentinel_password = {};
    CHECK(RedisPlan::of(settings).value().servers[0].url.password.empty());
  }

  TEST_CASE("F-072: servers of a cluster are spoken to as the URLs say, wherever they are") {
    const auto plan =
        RedisPlan::of(settings_of(Topology::cluster, {"redis://u:p@one.example:7000"})).value();
    CHECK(plan.servers.at(0).url.password == Secret("p"));
    const auto node = plan.terms.endpoint({"::1", 7001}).value();
    CHECK(node.url.user == Secret("u"));
    CHECK_FALSE(node.must_be_primary);
  }

  TEST_CASE("no server, authorities that cannot be read, TLS over a path: refused") {
    CHECK(RedisPlan::of({}).error().status == Status::invalid_configuration);
    for (const auto topology : {Topology::standalone, Topology::sentinel, Topology::cluster}) {
      auto settings = settings_of(topology, {"rediss://one.example"});
      settings.ca_pem = "nothing";
      CHECK(RedisPlan::of(settings).error().text.starts_with("redis_ca_path: "));
    }
  }

  TEST_CASE("F-073: a server known by its address has a certificate for the name in the URLs") {
    for (const bool is_good : {true, false}) {
      TlsNode node({is_good ? "localhost" : "other.example"});
      auto settings = settings_of(Topology::cluster,
                                  {"rediss://localhost:" + std::to_string(node.server.port())});
      settings.ca_pem = authority().pem();
      TurnedStore turned(RedisPlan::of(settings).value());
      const auto result = turned.get("k");
      CHECK(result.ok() == is_good);
      if (!is_good) CHECK(fails(result, "another name"));
      CHECK(turned.store.route().primaries().size() == (is_good ? 1 : 0));
    }
  }

  TEST_CASE("RD-05: where only addresses are known, a certificate for another one is refused") {
    TlsNode node({"localhost"});
    auto settings = settings_of(Topology::cluster,
                                {"rediss://127.0.0.1:" + std::to_string(node.server.port())});
    settings.ca_pem = authority().pem();
    TurnedStore turned(RedisPlan::of(settings).value());
    CHECK(fails(turned.get("k"), "another name"));
  }
}
