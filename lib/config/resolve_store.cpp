#include "config/resolve_store.hpp"

#include <chrono>
#include <utility>

namespace gatelet::config {
namespace {

http::RedisUrl redis_url(const EngineValues& engine, Problems& problems) {
  if (!engine.redis_connection_url.given) {
    problems.add(
        Row::redis_connection_url,
        "missing; write the server that keeps the sessions, such as redis://localhost:6379");
    return {};
  }
  auto url = http::parse_redis_url(engine.redis_connection_url->reveal());
  if (!url.ok()) {
    problems.add(Row::redis_connection_url, url.error().text);
    return {};
  }
  if (engine.redis_username.given) url->user = Secret(*engine.redis_username);
  if (engine.redis_password.given) url->password = *engine.redis_password;
  if (!url->user.empty() && url->password.empty()) {
    problems.add(engine.redis_username.given ? Row::redis_username : Row::redis_connection_url,
                 "has a user without a password; write redis_password");
  }
  const bool is_about_tls = engine.redis_ca_path.given || *engine.redis_insecure_skip_tls_verify;
  if (is_about_tls && !url->path.empty()) {
    problems.add(
        engine.redis_ca_path.given ? Row::redis_ca_path : Row::redis_insecure_skip_tls_verify,
        "does not go with a socket's path, over which there is no TLS; leave it out");
  }
  url->is_tls = url->is_tls || is_about_tls;
  return std::move(url).value();
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
  if (type != "redis") return out;
  out.kind = ResolvedStore::Kind::redis;
#ifndef GATELET_HAVE_REDIS
  problems.add(is_beside ? Row::session_store_beside : Row::session_store_type,
               "\"redis\" needs hiredis, and this build was made without it (build option redis)",
               Status::not_built);
#endif
  out.redis = redis_url(engine, problems);
  out.redis_ca_file = *engine.redis_ca_path;
  out.redis_insecure_skip_verify = *engine.redis_insecure_skip_tls_verify;
  out.redis_idle_limit = std::chrono::seconds(*engine.redis_connection_idle_timeout);
  return out;
}

}  // namespace gatelet::config
