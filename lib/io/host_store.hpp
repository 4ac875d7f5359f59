// The host's own store: a SessionStore, whose calls block, as a Store, which never does.
//
// Its calls are made on one thread, in the order they were begun. The eight calls of flows become
// its two: a lock is a record, a swap looks first and then writes where what it saw still is.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include <gatelet/store.hpp>

#include "io/ready_fd.hpp"
#include "io/store.hpp"
#include "io/worker.hpp"

namespace gatelet::io {

class HostStore final : public Store {
 public:
  // What waits behind more than a thousand others has little hope of an answer in time.
  static constexpr std::size_t max_calls_waiting = 1024;
  static constexpr std::size_t max_key_size = 1024, max_record_size = 1024 * 1024;

  explicit HostStore(std::shared_ptr<SessionStore> host,
                     std::size_t max_waiting = max_calls_waiting);
  // Waits for the call under way, as long as the host takes it; those that wait are not made.
  ~HostStore() override;

  // Besides store_unreachable: Status::too_many_operations when too many calls wait.
  void start(Id id, flow::StoreCall call, Done done) override;
  // A call that has not been made yet is made all the same if others can tell: a sign-out counts
  // although nobody waits for it any longer.
  void forget(Id id) override;
  void add_waits(std::vector<SocketWait>& waits) override;
  void serve(std::span<const SocketWait> waits, Deadline now) override;

 private:
  struct Call;
  using SharedCall = std::shared_ptr<Call>;

  void make(const SharedCall& call);  // on the worker's thread
  bool take_out(const SharedCall& call);

  const std::shared_ptr<SessionStore> host_;
  std::vector<SharedCall> calls_;  // somebody waits for these; in the order they were begun
  std::mutex mutex_;
  // Guarded by mutex_, as is whether a call was forgotten:
  std::vector<SharedCall> answered_;
  ReadyFd ready_;
  Worker worker_;  // last: its thread ends first
};

}  // namespace gatelet::io
