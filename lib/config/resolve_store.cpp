#include "config/resolve_store.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace gatelet::config {
namespace {

using Topology = ResolvedStore::RedisTopology;

Topology topology_of(const EngineValues& engine, Problems& problems) {
  if (*engine.redis_use_sentinel && *engine.redis_use_cluster) {
    problems.add(Row::redis_use_cluster, "does not go with redis_use_sentinel; leave one out");
  }
  if (*engine.redis_use_sentinel) return Topology::sentinel;
  return *engine.redis_use_cluster ? Topology::cluster : Topology::standalone;
}

Row row_of_urls(Topology topology) {
  switch (topology) {
    case Topology::standalone: return Row::redis_connection_url;
    case Topology::sentinel: return Row::redis_sentinel_connection_urls;
    case Topology::cluster: return Row::redis_cluster_connection_urls;
  }
  unreachable();
}

std::vector<Secret> urls_given(const EngineValues& engine, Topology topology) {
  switch (topology) {
    case Topology::standalone:
      if (!engine.redis_connection_url.given) return {};
      return {*engine.redis_connection_url};
    case Topology::sentinel: return engine.redis_sentinel_connection_urls->items;
    case Topology::cluster: return engine.redis_cluster_connection_urls->items;
  }
  unreachable();
}

std::string what_is_missing(Topology topology) {
  switch (topology) {
    case Topology::standalone:
      return "missing; write the server that keeps the sessions, such as redis://localhost:6379";
    case Topology::sentinel:
      return "missing; write the Sentinels, such as redis://one.example:26379,"
             "redis://two.example:26379";
    case Topology::cluster:
      return "missing; write some servers of the cluster, such as redis://one.example:6379,"
             "redis://two.example:6379";
  }
  unreachable();
}

// What is wrong with one of several; empty: nothing.
std::string_view wrong_among_others(const http::RedisUrl& url, const http::RedisUrl& first,
                                    Topology topology) {
  if (!url.path.empty()) return "is a socket's path; write redis:// or rediss://";
  if (url.database != 0 && topology == Topology::cluster) {
    return "names a database, and a cluster has none but 0; leave it out";
  }
  if (url.database != 0) {
    return "names a database, and with Sentinels it is 0, as in oauth2-proxy; leave it out";
  }
  const bool differs = url.is_tls != first.is_tls || url.skip_verify != first.skip_verify ||
                       !(url.user == first.user) || !(url.password == first.password);
  if (differs) return "has another user, password or TLS than the first; write all of them alike";
  return {};
}

// As they stand in their option.
std::vector<http::RedisUrl> urls_of(const EngineValues& engine, Topology topology,
                                    Problems& problems) {
  const auto row = row_of_urls(topology);
  const auto texts = urls_given(engine, topology);
  if (texts.empty()) problems.add(row, what_is_missing(topology));
  std::vector<http::RedisUrl> urls;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const bool is_one_of_several = topology != Topology::standalone;
    const auto place = is_one_of_several ? "number " + std::to_string(i + 1) + " " : std::string();
    auto url = http::parse_redis_url(texts[i].reveal());
    if (!url.ok()) {
      problems.add(row, place + url.error().text);
      return {};
    }
    urls.push_back(std::move(url).value());
    const auto wrong = is_one_of_several ? wrong_among_others(urls.back(), urls.front(), topology)
                                         : std::string_view();
    if (!wrong.empty()) {
      problems.add(row, place + std::string(wrong));
      return {};
    }
  }
  return urls;
}

// The first option given that says something about certificates: as in oauth2-proxy, it makes a
// redis:// URL TLS.
std::optional<Row> row_about_tls(const EngineValues& engine) {
  if (engine.redis_ca_path.given) return Row::redis_ca_path;
  if (engine.redis_client_certificate_path.given) return Row::redis_client_certificate_path;
  if (*engine.redis_insecure_skip_tls_verify) return Row::redis_insecure_skip_tls_verify;
  return std::nullopt;
}

std::vector<http::RedisUrl> redis_urls(const EngineValues& engine, Topology topology,
                                       Problems& problems) {
  auto urls = urls_of(engine, topology, problems);
  if (urls.empty()) return urls;
  const auto about_tls = row_about_tls(engine);
  for (auto& url : urls) {
    if (engine.redis_username.given) url.user = Secret(*engine.redis_username);
    if (engine.redis_password.given) url.password = *engine.redis_password;
    url.is_tls = url.is_tls || about_tls;
  }
  if (!urls.front().user.empty() && urls.front().password.empty()) {
    problems.add(engine.redis_username.given ? Row::redis_username : row_of_urls(topology),
                 "has a user without a password; write redis_password");
  }
  if (about_tls && !urls.front().path.empty()) {
    problems.add(*about_tls,
                 "does not go with a socket's path, over which there is no TLS; leave it out");
  }
  return urls;
}

void resolve_client_certificate(const EngineValues& engine, Problems& problems,
                                ResolvedStore& out) {
  const auto& certificate = engine.redis_client_certificate_path;
  const auto& key = engine.redis_client_key_path;
  if (certificate.given && !key.given) {
    problems.add(Row::redis_client_key_path,
                 "missing; redis_client_certificate_path is nothing without its key");
  }
  if (key.given && !certificate.given) {
    problems.add(Row::redis_client_certificate_path,
                 "missing; redis_client_key_path is nothing without the certificate");
  }
  if (!certificate.given || !key.given) return;
  out.redis_client_certificate_file = *certificate;
  out.redis_client_key_file = *key;
}

void resolve_redis(const EngineValues& engine, Problems& problems, ResolvedStore& out) {
  out.redis_topology = topology_of(engine, problems);
  out.redis = redis_urls(engine, out.redis_topology, problems);
  out.redis_ca_file = *engine.redis_ca_path;
  resolve_client_certificate(engine, problems, out);
  out.redis_insecure_skip_verify = *engine.redis_insecure_skip_tls_verify;
  out.redis_idle_limit = std::chrono::seconds(*engine.redis_connection_idle_timeout);
  if (out.redis_topology != Topology::sentinel) return;
  out.redis_sentinel_master_name = *engine.redis_sentinel_master_name;
  out.redis_sentinel_password = *engine.redis_sentinel_password;
  if (out.redis_sentinel_master_name.empty()) {
    problems.add(Row::redis_sentinel_master_name,
                 "missing; write the name by which the Sentinels know the primary, such as "
                 "mymaster");
  }
}

}  // namespace

ResolvedStore resolve_store(const EngineValues& engine, Problems& problems) {
  ResolvedStore out;
  out.timeout = *engine.store_timeout;
  const bool is_beside = engine.session_store_beside.given;
  if (is_beside && *engine.session_store_type != "cookie") {
    problems.add(Row::session_store_beside,
                 "goes with session_store_type = \"cookie\" only; leave one of them out");
  }
  if (*engine.session_fallback_to_cookie && *engine.session_store_type == "cookie") {
    problems.add(Row::session_fallback_to_cookie,
                 "goes with sessions in a store; write session_store_type, or leave it out");
  }
  const auto& type = is_beside ? *engine.session_store_beside : *engine.session_store_type;
  if (type == "memory") {
    out.kind = ResolvedStore::Kind::memory;
    out.memory_limit = static_cast<std::size_t>(*engine.session_memory_limit);
  }
  if (type == "host") out.kind = ResolvedStore::Kind::host;
  constexpr std::uint64_t largest = 1024 * 1024;
  constexpr std::uint64_t room_for_seal = 256;
  if (type == "redis" || type == "host") {
    out.largest_record = largest - room_for_seal;
    if (*engine.session_limit > largest) {
      problems.add(Row::session_limit,
                   "is more than a record in this store may have; write 1 MiB or "
                   "less");
    }
  }
  if (type != "redis") return out;
  out.kind = ResolvedStore::Kind::redis;
#ifndef GATELET_HAVE_REDIS
  problems.add(is_beside ? Row::session_store_beside : Row::session_store_type,
               "\"redis\" needs hiredis, and this build was made without it (build option redis)",
               Status::not_built);
#endif
  resolve_redis(engine, problems, out);
  return out;
}

}  // namespace gatelet::config
