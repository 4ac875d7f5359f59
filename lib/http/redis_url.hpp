// URLs of Redis servers: what redis_connection_url may say.
//
// redis://USER:PASSWORD@HOST:PORT/DATABASE, rediss:// for TLS, unix://USER:PASSWORD@/PATH?db=N.
// They are read as go-redis reads them, since that is what oauth2-proxy's users have; where a URL
// can only be a slip (a host in a unix URL, a database below 0) it is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatelet::http {

struct RedisUrl {
  std::string host;           // lower case, an IPv6 address without its brackets; empty: a path
  std::uint16_t port = 6379;  // nothing when there is a path
  std::string path;           // of a Unix socket
  Secret user, password;      // without a password nobody signs in, whatever the user
  int database = 0;
  bool is_tls = false;
  bool skip_verify = false;  // of a rediss URL; the other way is redis_insecure_skip_tls_verify

  friend bool operator==(const RedisUrl&, const RedisUrl&) = default;
};

// A host that is left out is localhost. User, password and path are percent-encoded. `?db=` comes
// before the database in the path. Parameters by which go-redis is tuned (pool_size, dial_timeout
// and so on) are passed over: pool and time limits are ours.
//   Failure: Status::malformed. The text repeats nothing of the URL, which may hold a password in
//   any place once a character of it was not encoded.
Result<RedisUrl> parse_redis_url(std::string_view text);

}  // namespace gatelet::http
