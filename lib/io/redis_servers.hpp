// The Redis servers that are in use, each with its pool, and the turn of all their sockets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "io/name_lookups.hpp"
#include "io/redis_pool.hpp"

namespace gatelet::io {

class RedisServers {
 public:
  struct Closed {
    const RedisPool* pool;  // whose it was; perhaps dropped since
    std::unique_ptr<RedisConnection> connection;
  };

  // `limits` are each pool's; `resolve` is the system's unless a test has its own.
  explicit RedisServers(RedisPoolLimits limits, NameLookups::Resolve resolve = {});

  RedisPool& add(RedisEndpoint endpoint);  // stays where it is until it is dropped

  // It is not used again. Its connections close as lost: what was asked there may be asked
  // elsewhere. The pool itself goes when the next serve() begins.
  void drop(const RedisPool& pool, const Error& why);

  std::size_t num_connections() const noexcept;
  NameLookups& lookups() noexcept { return lookups_; }  // for other connections to them

  void add_waits(std::vector<SocketWait>& waits);
  std::optional<Deadline> next_deadline() const;

  // `waits` are those that add_waits() added. All connections; answers may be there.
  std::vector<RedisConnection*> serve(std::span<const SocketWait> waits, Deadline now);
  // Those that have closed leave their pools, or stay for the next time where memory is short.
  std::vector<Closed> take_closed(Deadline now);

  // The answer is not wanted any more, of a connection that may be gone.
  void withdraw(RedisConnection::Id id, const RedisConnection* from);

 private:
  struct Server {
    std::unique_ptr<RedisPool> pool;
    bool is_dropped = false;
  };

  const RedisPoolLimits limits_;
  NameLookups lookups_;
  std::uint32_t seed_;
  std::vector<Server> servers_;
  std::vector<const RedisConnection*> waiting_;  // whose sockets add_waits() named, in order
  bool waits_for_name_ = false;                  // before them
};

}  // namespace gatelet::io
