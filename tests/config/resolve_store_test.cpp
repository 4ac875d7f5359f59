#include "config/resolve_store.hpp"

#include <doctest/doctest.h>

#include <string>

#include "config/resolve.hpp"
#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;
using Kind = config::ResolvedStore::Kind;
using Topology = config::ResolvedStore::RedisTopology;

namespace {

Settings redis(Pairs more = {}) {
  more.insert(more.begin(), {"session_store_type", "redis"});
  return complete(more);
}

config::ResolvedStore store_of(const Settings& settings) {
  const auto resolved = config::resolve(settings);
  for (const auto& one : resolved.problems.in_order()) FAIL_CHECK(one.text);
  return resolved.store;
}

}  // namespace

TEST_SUITE("config/resolve_store") {
  TEST_CASE("cookies unless a store is named; memory has its limit, the host's own none of ours") {
    CHECK(store_of(complete()).kind == Kind::cookie);
    CHECK_FALSE(config::resolve(complete()).session.is_stored);
    const auto memory = complete({{"session_store_type", "memory"}, {"session_memory_limit", "7"}});
    CHECK(store_of(memory).kind == Kind::memory);
    CHECK(store_of(memory).memory_limit == 7);
    CHECK(config::resolve(memory).session.is_stored);
    const auto host = complete({{"session_store_type", "host"}});
    CHECK(store_of(host).kind == Kind::host);
    CHECK(config::resolve(host).session.is_stored);
    CHECK(problem(complete({{"session_store_type", "memcached"}}))
              .starts_with("session_store_type: \"memcached\" is unknown"));
  }

  TEST_CASE("a session cannot be larger than a record of its store") {
    for (const auto store : {"redis", "host"}) {
      Pairs options = {{"session_store_type", store},
                       {"redis_connection_url", "redis://one.example"},
                       {"session_limit", "1048577"}};
      CHECK(problem(complete(options)).starts_with("session_limit: is more than"));
      options.back().second = "1 MiB";
      CHECK(store_of(complete(options)).kind != Kind::cookie);
      const auto sealed = config::resolve(complete(options)).session.record_limit + 64;
      CHECK(sealed < 1024 * 1024 - 64);  // what a store takes, with its own words around it
      CHECK(sealed > 1023 * 1024);
      options.back().second = "8 KiB";
      CHECK(config::resolve(complete(options)).session.record_limit == 8 * 1024);
    }
    const auto memory = complete({{"session_store_type", "memory"}, {"session_limit", "2 MiB"}});
    CHECK(store_of(memory).kind == Kind::memory);
  }

  TEST_CASE("F-254: a store beside cookies; beside another store there is none") {
    const auto beside =
        complete({{"session_store_beside", "memory"}, {"session_memory_limit", "7"}});
    CHECK(store_of(beside).kind == Kind::memory);
    CHECK(store_of(beside).memory_limit == 7);
    CHECK(config::resolve(beside).session.has_store_beside);
    CHECK_FALSE(config::resolve(beside).session.is_stored);
    const auto stored = complete({{"session_store_type", "memory"}});
    CHECK_FALSE(config::resolve(stored).session.has_store_beside);
    const auto twice =
        complete({{"session_store_type", "memory"}, {"session_store_beside", "memory"}});
    CHECK(problem(twice) ==
          "session_store_beside: goes with session_store_type = \"cookie\" only; leave one of them "
          "out");
  }

#ifdef GATELET_HAVE_REDIS
  TEST_CASE("F-254: Redis beside cookies wants its URL; without that word a URL is not looked at") {
    const auto beside = complete(
        {{"session_store_beside", "redis"}, {"redis_connection_url", "redis://redis.example"}});
    CHECK(store_of(beside).kind == Kind::redis);
    CHECK(store_of(beside).redis.at(0).host == "redis.example");
    CHECK(problem(complete({{"session_store_beside", "redis"}}))
              .starts_with("redis_connection_url: missing"));
    // As in oauth2-proxy: a file may name a server that its sessions do not use.
    CHECK(store_of(complete({{"redis_connection_url", "redis://redis.example"}})).kind ==
          Kind::cookie);
  }

  TEST_CASE("F-070: the URL, and the user and password of other options in its place") {
    const auto plain =
        store_of(redis({{"redis_connection_url", "redis://u:p@redis.example:7000/3"}}));
    CHECK(plain.kind == Kind::redis);
    CHECK(plain.redis.at(0).host == "redis.example");
    CHECK(plain.redis.at(0).port == 7000);
    CHECK(plain.redis.at(0).database == 3);
    CHECK(plain.redis.at(0).user == Secret("u"));
    CHECK(plain.redis.at(0).password == Secret("p"));
    CHECK_FALSE(plain.redis.at(0).is_tls);
    const auto other = store_of(redis({{"redis_connection_url", "redis://u:p@redis.example"},
                                       {"redis_username", "me"},
                                       {"redis_password", "pw"}}));
    CHECK(other.redis.at(0).user == Secret("me"));
    CHECK(other.redis.at(0).password == Secret("pw"));
  }

  TEST_CASE("F-073: a word about the certificate makes it TLS, as in oauth2-proxy") {
    const std::pair<std::string_view, std::string_view> url{"redis_connection_url",
                                                            "redis://r.example"};
    CHECK(store_of(redis({url, {"redis_ca_path", "ca.pem"}})).redis.at(0).is_tls);
    CHECK(store_of(redis({url, {"redis_insecure_skip_tls_verify", "true"}})).redis.at(0).is_tls);
    CHECK(store_of(redis({{"redis_connection_url", "rediss://r.example"}})).redis.at(0).is_tls);
    CHECK(
        config::resolve(redis({url, {"redis_insecure_skip_tls_verify", "true"}})).warnings.size() ==
        1);
    CHECK(problem(
              redis({{"redis_connection_url", "unix:///run/r.sock"}, {"redis_ca_path", "ca.pem"}}))
              .starts_with("redis_ca_path: does not go with a socket's path"));
  }

  TEST_CASE("a client certificate and its key go together, and make it TLS") {
    const std::pair<std::string_view, std::string_view> url{"redis_connection_url",
                                                            "redis://r.example"},
        certificate{"redis_client_certificate_path", "c.pem"},
        key{"redis_client_key_path", "c.key"};
    const auto store = store_of(redis({url, certificate, key}));
    CHECK(store.redis_client_certificate_file == "c.pem");
    CHECK(store.redis_client_key_file == "c.key");
    CHECK(store.redis.at(0).is_tls);
    CHECK(problem(redis({url, certificate})) ==
          "redis_client_key_path: missing; redis_client_certificate_path is nothing without its "
          "key");
    CHECK(problem(redis({url, key})) ==
          "redis_client_certificate_path: missing; redis_client_key_path is nothing without the "
          "certificate");
    CHECK(problem(redis({{"redis_connection_url", "unix:///run/r.sock"}, certificate, key}))
              .starts_with("redis_client_certificate_path: does not go with a socket's path"));
  }

  TEST_CASE("what is missing or cannot be read is a problem, and never shown") {
    CHECK(problem(redis()).starts_with("redis_connection_url: missing; write the server"));
    const auto said = problem(redis({{"redis_connection_url", "http://u:canary@r.example"}}));
    CHECK(said.starts_with("redis_connection_url: is no URL of a Redis server: expected redis://"));
    CHECK(said.find("canary") == std::string::npos);
    CHECK(
        problem(redis({{"redis_connection_url", "redis://r.example"}, {"redis_username", "me"}})) ==
        "redis_username: has a user without a password; write redis_password");
  }

  TEST_CASE("F-071: Sentinels: their URLs, their password, and the primary's in the URLs") {
    const auto store = store_of(redis({{"redis_use_sentinel", "true"},
                                       {"redis_sentinel_connection_urls",
                                        "rediss://u:p@one.example:26379,rediss://u:p@two.example"},
                                       {"redis_sentinel_master_name", "mymaster"},
                                       {"redis_sentinel_password", "spw"}}));
    CHECK(store.redis_topology == Topology::sentinel);
    REQUIRE(store.redis.size() == 2);
    CHECK(store.redis[0].host == "one.example");
    CHECK(store.redis[0].port == 26379);
    CHECK(store.redis[1].host == "two.example");
    CHECK(store.redis[1].port == 6379);  // as in oauth2-proxy
    CHECK(store.redis[1].is_tls);
    CHECK(store.redis[0].user == Secret("u"));
    CHECK(store.redis[0].password == Secret("p"));
    CHECK(store.redis_sentinel_master_name == "mymaster");
    CHECK(store.redis_sentinel_password == Secret("spw"));
    const auto other = store_of(redis({{"redis_use_sentinel", "true"},
                                       {"redis_sentinel_connection_urls", "redis://one.example"},
                                       {"redis_sentinel_master_name", "mymaster"},
                                       {"redis_username", "me"},
                                       {"redis_password", "pw"},
                                       {"redis_ca_path", "ca.pem"}}));
    CHECK(other.redis.at(0).user == Secret("me"));
    CHECK(other.redis.at(0).password == Secret("pw"));
    CHECK(other.redis.at(0).is_tls);
    CHECK(other.redis_sentinel_password.empty());
  }

  TEST_CASE("F-072: a cluster: some of its servers, on the same terms all of them") {
    const auto store = store_of(
        redis({{"redis_use_cluster", "true"},
               {"redis_cluster_connection_urls", "redis://one.example:7000,redis://10.0.0.1:7001"},
               {"redis_password", "pw"}}));
    CHECK(store.redis_topology == Topology::cluster);
    REQUIRE(store.redis.size() == 2);
    CHECK(store.redis[1].host == "10.0.0.1");
    CHECK(store.redis[1].password == Secret("pw"));
  }

  TEST_CASE("F-071, F-072: what does not go together, or is missing, is a problem") {
    const auto said = [](Pairs more) { return problem(redis(std::move(more))); };
    const std::pair<std::string_view, std::string_view> by_sentinel{"redis_use_sentinel", "true"},
        by_cluster{"redis_use_cluster", "true"}, master{"redis_sentinel_master_name", "m"},
        url{"redis_connection_url", "redis://r.example"};
    const auto nodes = [&](std::string_view urls) {
      return said({by_cluster, {"redis_cluster_connection_urls", urls}});
    };
    const auto sentinels = [&](std::string_view urls) {
      return said({by_sentinel, master, {"redis_sentinel_connection_urls", urls}});
    };
    CHECK(said({by_cluster,
                by_sentinel,
                master,
                {"redis_sentinel_connection_urls", "redis://s.example"}}) ==
          "redis_use_cluster: does not go with redis_use_sentinel; leave one out");
    CHECK(said({by_sentinel, url, {"redis_sentinel_connection_urls", "redis://s.example"}})
              .starts_with("redis_sentinel_master_name: missing; write the name"));
    CHECK(said({by_sentinel, url, master})
              .starts_with("redis_sentinel_connection_urls: missing; write the Sentinels"));
    CHECK(said({by_cluster, url})
              .starts_with("redis_cluster_connection_urls: missing; write some servers"));
    CHECK(nodes("redis://a.example,redis://b.example/1") ==
          "redis_cluster_connection_urls: number 2 names a database, and a cluster has none but 0; "
          "leave it out");
    CHECK(sentinels("redis://a.example/3")
              .starts_with("redis_sentinel_connection_urls: number 1 names a database, and with "
                           "Sentinels it is 0"));
    CHECK(nodes("unix:///run/r.sock")
              .starts_with("redis_cluster_connection_urls: number 1 is a socket's path"));
    for (const auto* other :
         {"redis://a.example,rediss://b.example", "redis://u:p@a.example,redis://a.example",
          "redis://u:p@a.example,redis://u:q@a.example",
          "redis://v:p@a.example,redis://u:p@a.example",
          "rediss://a.example,rediss://a.example?skip_verify=true"}) {
      CAPTURE(other);
      CHECK(nodes(other).find(": number 2 has another user, password or TLS than the first") !=
            std::string::npos);
    }
    const auto bad = sentinels("redis://a.example,http://u:canary@b.example");
    CHECK(bad.starts_with(
        "redis_sentinel_connection_urls: number 2 is no URL of a Redis server: expected redis://"));
    CHECK(bad.find("canary") == std::string::npos);
    CHECK(said({by_cluster,
                {"redis_cluster_connection_urls", "redis://a.example"},
                {"redis_username", "me"}}) ==
          "redis_username: has a user without a password; write redis_password");
  }
#else
  TEST_CASE("a build without hiredis says so") {
    CHECK(problem(redis({{"redis_connection_url", "redis://r.example"}}))
              .find("build option redis") != std::string::npos);
  }
#endif
}
