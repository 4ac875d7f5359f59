// Records and locks in a Redis server, for processes that share it.
//
// Calls go over a few connections of our own. A call that was under way when its connection was
// lost is sent again once: each may be done twice. After a failure to connect, and after replies
// that make no sense, calls fail at once until the next attempt is due.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "io/name_lookups.hpp"
#include "io/redis_pool.hpp"
#include "io/redis_tracking.hpp"
#include "io/store.hpp"

namespace gatelet::io {

class RedisStore final : public Store {
 public:
  // Opens nothing yet. `timeout`: what a call has for its answer; a connection that took longer is
  // closed.
  //   Failure: Status::invalid_configuration: authorities that cannot be read, TLS over a socket's
  //   path.
  static Result<std::unique_ptr<RedisStore>> create(const RedisSettings& settings,
                                                    Duration timeout);

  RedisStore(RedisEndpoint endpoint, RedisPoolLimits limits, Duration timeout,
             NameLookups::Resolve resolve = {});
  ~RedisStore() override;

  // Tells `watcher` of changed keys from now on. At most once, before the first call.
  void tell(RedisTracking::Terms terms, StoreWatcher& watcher);

  void start(Id id, flow::StoreCall call, Done done) override;
  void forget(Id id) override;
  void add_waits(std::vector<SocketWait>& waits) override;
  std::optional<Deadline> next_deadline() const override;
  void serve(std::span<const SocketWait> waits, Deadline now) override;

  std::size_t num_connections() const noexcept { return pool_.connections().size(); }

 private:
  // Calls have numbers of their own: the caller's may come again after forget().
  using Number = RedisConnection::Id;
  struct Call {
    Id id;
    flow::StoreCall call;
    Done done;
    Deadline ends;
    RedisConnection* connection = nullptr;
    bool was_sent_twice = false;
  };

  void dispatch(Number number, Deadline now, std::optional<Deadline> lost_at = std::nullopt);
  void take_answers(RedisConnection& connection);
  void take_answer(RedisConnection& connection, RedisConnection::Answer answer);
  void take_over(RedisConnection& closed, Deadline now);
  void finish(Number number, Result<flow::StoreReply> reply);
  void tell_finished();

  const Duration timeout_;
  NameLookups lookups_;
  RedisPool pool_;
  std::unordered_map<Number, Call> calls_;
  std::unordered_map<Id, Number> numbers_;
  Number last_ = 0;
  struct Finished {
    Id id;
    Done done;
    Result<flow::StoreReply> reply;
  };
  std::deque<Finished> finished_;
  std::vector<const RedisConnection*> waiting_;  // whose sockets add_waits() named, in order
  bool waits_for_name_ = false;                  // before them
  std::unique_ptr<RedisTracking> tracking_;      // whose sockets come behind them; null: none
};

}  // namespace gatelet::io
