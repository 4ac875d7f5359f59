// Where sessions are kept, or what stands beside their cookies, from session_store_type,
// session_store_beside and the options of each store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/instant.hpp"
#include "config/problems.hpp"
#include "config/values.hpp"
#include "http/redis_url.hpp"

namespace gatelet::config {

struct ResolvedStore {
  enum class Kind : std::uint8_t { cookie, memory, redis };
  Kind kind = Kind::cookie;
  Duration timeout{};
  std::size_t memory_limit = 0;  // sessions
  http::RedisUrl redis;          // whole: with the user and password of other options
  std::string redis_ca_file;     // empty: none
  bool redis_insecure_skip_verify = false;
  Duration redis_idle_limit{};  // 0: none
};

// As the reference, a redis:// URL is spoken to over TLS where an option says something about its
// certificate. A URL that is missing or cannot be read is a problem.
ResolvedStore resolve_store(const EngineValues& engine, Problems& problems);

}  // namespace gatelet::config
