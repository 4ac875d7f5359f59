// The connections to one Redis server: opened when calls need them, a few at most; after failures
// no attempt is made for a while that grows to half a second, and calls fail at once.
//
// Who has waited meanwhile does not wait longer than that: a server that is back is used within a
// second, also after a host that swallowed everything, since an address has half a second to answer
// at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "io/back_off.hpp"
#include "io/redis_connection.hpp"

namespace gatelet::io {

struct RedisPoolLimits {
  std::size_t max_connections = 4;
  std::size_t enough_waiting = 8;                       // on each, before another one is opened
  std::size_t max_waiting = 2048;                       // on one; above it calls fail
  Duration connect_limit{std::chrono::seconds(2)};      // name, connection, TLS and hello together
  Duration idle_limit{};                                // 0: none
  Duration first_pause{std::chrono::milliseconds(20)};  // doubles with every failure
  Duration longest_pause{std::chrono::milliseconds(500)};
};

class RedisPool {
 public:
  // `lookups` must outlive it. `seed`: for the jitter, so that a fleet does not come back at once.
  RedisPool(RedisEndpoint endpoint, RedisPoolLimits limits, NameLookups& lookups,
            std::uint32_t seed);

  // The connection that has the fewest to wait for, perhaps one that only begins. With `lost_at`,
  // when the one a call was sent on was lost: one that was begun or heard since, where that can be;
  // what took the one away often takes the others a moment later.
  //   Failure: Status::store_unreachable: the last attempt failed and it is too early for another,
  //   or too many wait.
  Result<RedisConnection*> choose(Deadline now, std::optional<Deadline> lost_at = std::nullopt);

  const std::vector<std::unique_ptr<RedisConnection>>& connections() const noexcept {
    return connections_;
  }

  const RedisEndpoint& endpoint() const noexcept { return endpoint_; }
  bool is_idle() const;  // nobody waits there
  bool has_ready() const;

  void close_all(const Error& why);  // as lost
  void close_idle(Deadline now);
  std::optional<Deadline> next_deadline() const;

  // Those that have been closed leave the pool, and count; all stay where memory is short.
  std::vector<std::unique_ptr<RedisConnection>> take_closed(Deadline now);

 private:
  RedisConnection* least_loaded(std::optional<Deadline> lost_at) const;
  RedisConnection* find_beginning() const;
  std::size_t num_open() const;
  RedisConnection* begin(Deadline now);
  Deadline idle_at(const RedisConnection& one) const {
    return one.last_used() + limits_.idle_limit;
  }
  void note_failure(Deadline now, const Error& why);

  const RedisEndpoint endpoint_;
  const RedisPoolLimits limits_;
  NameLookups& lookups_;
  BackOff back_off_;
  std::vector<std::unique_ptr<RedisConnection>> connections_;
  Deadline failed_at_;
  Error last_problem_;
};

}  // namespace gatelet::io
