// Records and locks in Redis, for processes that share it: one server, a primary that Sentinels
// watch over, or a cluster (io/redis_route.hpp).
//
// Calls go over a few connections of our own to each server. A call that was under way when its
// connection was lost is sent again once: each may be done twice. After a failure to connect, and
// after replies that make no sense, calls fail at once until the next attempt is due. A call waits,
// within its time, while it is being found out where it goes.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/redis_route.hpp"
#include "io/redis_servers.hpp"
#include "io/redis_tracking.hpp"
#include "io/store.hpp"

namespace gatelet::io {

class RedisStore final : public Store {
 public:
  static constexpr int max_redirects = 5;  // of one call

  // Opens nothing yet. `timeout`: what a call has for its answer; a connection that took longer is
  // closed.
  //   Failure: as RedisPlan::of().
  static Result<std::unique_ptr<RedisStore>> create(const RedisSettings& settings,
                                                    Duration timeout);

  RedisStore(RedisPlan plan, RedisPoolLimits limits, Duration timeout,
             NameLookups::Resolve resolve = {});
  ~RedisStore() override;

  // Tells `watcher` of changed keys from now on. At most once, before the first call.
  void tell(RedisTracking::Terms terms, StoreWatcher& watcher);

  void start(Id id, flow::StoreCall call, Done done) override;
  void forget(Id id) override;
  void add_waits(std::vector<SocketWait>& waits) override;
  std::optional<Deadline> next_deadline() const override;
  void serve(std::span<const SocketWait> waits, Deadline now) override;

  std::size_t num_connections() const noexcept { return servers_.num_connections(); }
  const RedisRoute& route() const noexcept { return *route_; }

 private:
  // Calls have numbers of their own: the caller's may come again after forget().
  using Number = RedisConnection::Id;
  struct Call {
    Id id;
    flow::StoreCall call;
    Done done;
    Deadline ends;
    const RedisConnection* connection = nullptr;  // perhaps gone since
    bool was_sent_twice = false;
    int num_redirects = 0;
    std::optional<Deadline> lost_at{};  // the connection it was sent on, or is to be sent on
    Deadline again_at{};                // while it waits for a way
    Error problem{};                    // why it waits
  };

  void dispatch(Number number, Deadline now);
  void send(Number number, RedisConnection& to, Deadline now, RedisConnection::Manner manner);
  void wait(Number number, Duration pause, Error why, Deadline now);
  void dispatch_waiting(Deadline now);
  void take_answers(RedisConnection& connection, Deadline now);
  void take_answer(RedisConnection& connection, RedisConnection::Answer answer, Deadline now);
  // Whether the error is the answer; else the call goes on, or was finished.
  bool is_final(Number number, const RedisReply& error, RedisConnection& from, Deadline now);
  void take_over(RedisConnection& closed, Deadline now);
  void take_back(RedisConnection::Unanswered one, const RedisConnection& closed, Deadline now);
  void finish(Number number, Result<flow::StoreReply> reply);
  void tell_finished();
  void follow_primaries();

  const Duration timeout_;
  RedisServers servers_;
  const std::unique_ptr<RedisRoute> route_;
  std::unordered_map<Number, Call> calls_;
  std::unordered_map<Id, Number> numbers_;
  Number last_ = 0;
  std::vector<Number> waiting_;  // for a way; perhaps forgotten since
  std::uint64_t num_findings_ = 0;
  struct Finished {
    Id id;
    Done done;
    Result<flow::StoreReply> reply;
  };
  std::list<Finished> finished_;
  std::size_t num_server_waits_ = 0;         // of those that add_waits() named, in front
  std::unique_ptr<RedisTracking> tracking_;  // whose sockets come behind them; null: none
  std::uint64_t followed_ = 0;               // the generation of the primaries that it knows
};

}  // namespace gatelet::io
