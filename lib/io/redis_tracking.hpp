// Redis tells which keys were changed: one connection to each primary, on which it is asked to
// (client-side caching over RESP2: CLIENT TRACKING in broadcast mode, redirected to the connection
// itself, which then subscribes). Connections that read and write need nothing for it.
//
// Each is asked for a sign of life. What has been answered proves that every change made before the
// question was asked has been told, since what is told and the answer come one behind the other.
// So the moment of the question is what StoreWatcher::told_until() is given: the earliest of all
// primaries, and none while one of them does not tell. A connection that begins to tell, and one
// that is lost, means that anything may have changed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "io/back_off.hpp"
#include "io/name_lookups.hpp"
#include "io/redis_connection.hpp"
#include "io/socket_wait.hpp"
#include "io/store.hpp"

namespace gatelet::io {

class RedisTracking {
 public:
  struct Terms {
    std::vector<std::string> prefixes;  // none begins another
    Duration max_staleness;  // half of it is what an answer may take; at least 50 ms, at most 15 s
    Duration connect_limit{std::chrono::seconds(2)};
    Duration first_pause{std::chrono::milliseconds(20)};  // after a loss; doubles, as in a pool
    Duration longest_pause{std::chrono::milliseconds(500)};
    Duration pause_when_refused{std::chrono::seconds(10)};
  };

  // `lookups` and `watcher` must outlive it.
  RedisTracking(Terms terms, NameLookups& lookups, StoreWatcher& watcher);

  // These are the primaries from now on, or have other slots. Connections to those that were are
  // closed; anything may have changed.
  void follow(std::vector<RedisEndpoint> primaries);

  void add_waits(std::vector<SocketWait>& waits);
  std::optional<Deadline> next_deadline() const;

  // `waits`: its own, in the order it added them.
  void serve(std::span<const SocketWait> waits, Deadline now);

 private:
  struct Primary {
    Primary(RedisEndpoint e, BackOff b) : endpoint(std::move(e)), back_off(std::move(b)) {}
    const RedisEndpoint endpoint;
    BackOff back_off;
    Deadline refused_until{};
    bool was_refused = false;                     // and that was said
    std::unique_ptr<RedisConnection> connection;  // null: there is a pause
    Deadline asked_at;                            // when what is under way was sent
    bool is_asked = false;
    std::optional<Deadline> told_until;  // null: it does not tell
    Deadline next_try() const { return std::max(refused_until, back_off.next_try()); }
  };

  void serve(Primary& primary, bool is_ready, Deadline now);
  void begin(Primary& primary, Deadline now);
  void ask(Primary& primary, RedisConnection::Id id, std::string command, Deadline now);
  void hear(Primary& primary, Deadline now);
  void take_answer(Primary& primary, const RedisConnection::Answer& answer, Deadline now);
  void refuse(Primary& primary, const RedisReply& reply, Deadline now);
  void lose(Primary& primary, Deadline now);
  void report();

  const Terms terms_;
  const Duration answer_limit_;
  NameLookups& lookups_;
  StoreWatcher& watcher_;
  std::uint32_t seed_;
  std::vector<std::unique_ptr<Primary>> primaries_;
  std::vector<const RedisConnection*> waiting_;  // whose sockets add_waits() named, in order
  Deadline reported_ = Deadline::min();
};

}  // namespace gatelet::io
