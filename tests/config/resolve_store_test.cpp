#include "config/resolve_store.hpp"

#include <doctest/doctest.h>

#include <string>

#include "config/resolve.hpp"
#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;
using Kind = config::ResolvedStore::Kind;

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
  TEST_CASE("cookies unless a store is named; memory has its limit") {
    CHECK(store_of(complete()).kind == Kind::cookie);
    CHECK_FALSE(config::resolve(complete()).session.is_stored);
    const auto memory = complete({{"session_store_type", "memory"}, {"session_memory_limit", "7"}});
    CHECK(store_of(memory).kind == Kind::memory);
    CHECK(store_of(memory).memory_limit == 7);
    CHECK(config::resolve(memory).session.is_stored);
    CHECK(problem(complete({{"session_store_type", "memcached"}}))
              .starts_with("session_store_type: \"memcached\" is unknown"));
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
    CHECK(store_of(beside).redis.host == "redis.example");
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
    CHECK(plain.redis.host == "redis.example");
    CHECK(plain.redis.port == 7000);
    CHECK(plain.redis.database == 3);
    CHECK(plain.redis.user == Secret("u"));
    CHECK(plain.redis.password == Secret("p"));
    CHECK_FALSE(plain.redis.is_tls);
    const auto other = store_of(redis({{"redis_connection_url", "redis://u:p@redis.example"},
                                       {"redis_username", "me"},
                                       {"redis_password", "pw"}}));
    CHECK(other.redis.user == Secret("me"));
    CHECK(other.redis.password == Secret("pw"));
  }

  TEST_CASE("F-073: a word about the certificate makes it TLS, as in oauth2-proxy") {
    const std::pair<std::string_view, std::string_view> url{"redis_connection_url",
                                                            "redis://r.example"};
    CHECK(store_of(redis({url, {"redis_ca_path", "ca.pem"}})).redis.is_tls);
    CHECK(store_of(redis({url, {"redis_insecure_skip_tls_verify", "true"}})).redis.is_tls);
    CHECK(store_of(redis({{"redis_connection_url", "rediss://r.example"}})).redis.is_tls);
    CHECK(
        config::resolve(redis({url, {"redis_insecure_skip_tls_verify", "true"}})).warnings.size() ==
        1);
    CHECK(problem(
              redis({{"redis_connection_url", "unix:///run/r.sock"}, {"redis_ca_path", "ca.pem"}}))
              .starts_with("redis_ca_path: does not go with a socket's path"));
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
#else
  TEST_CASE("a build without hiredis says so") {
    CHECK(problem(redis({{"redis_connection_url", "redis://r.example"}}))
              .find("build option redis") != std::string::npos);
  }
#endif
}
