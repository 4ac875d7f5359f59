// Where sessions are kept, or what stands beside their cookies, from session_store_type,
// session_store_beside and the options of each store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/secret.hpp"
#include "config/problems.hpp"
#include "config/values.hpp"
#include "http/redis_url.hpp"

namespace gatelet::config {

struct ResolvedStore {
  enum class Kind : std::uint8_t { cookie, memory, redis, host };
  enum class RedisTopology : std::uint8_t { standalone, sentinel, cluster };
  Kind kind = Kind::cookie;
  Duration timeout{};
  std::size_t memory_limit = 0;  // sessions
  // Bytes that a session's record may have before it is sealed, which leaves room for the seal.
  std::size_t largest_record = std::numeric_limits<std::size_t>::max();
  RedisTopology redis_topology = RedisTopology::standalone;
  // The server, the Sentinels, or servers of the cluster. Whole: with the user and password of
  // other options, which with Sentinels are those of the primary.
  std::vector<http::RedisUrl> redis;
  std::string redis_sentinel_master_name;
  Secret redis_sentinel_password;
  std::string redis_ca_file;                  // empty: none
  std::string redis_client_certificate_file;  // empty: none, and no key
  std::string redis_client_key_file;
  bool redis_insecure_skip_verify = false;
  Duration redis_idle_limit{};  // 0: none
};

// As the reference, a redis:// URL is spoken to over TLS where an option says something about its
// certificate, and of several URLs the database is 0. A URL that is missing or cannot be read is a
// problem; so are several that differ in more than the host.
ResolvedStore resolve_store(const EngineValues& engine, Problems& problems);

}  // namespace gatelet::config
