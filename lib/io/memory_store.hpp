// Records and locks in the memory of this process, for servers that are one process.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include <gatelet/ports.hpp>

#include "io/store.hpp"

namespace gatelet::io {

// Bounded: above `max_records` the record that was not asked for the longest goes, which is a
// sign-out of its owner and of nobody else. What a swap made, books about sessions, is bounded
// apart by the same number, so that neither pushes out the other.
// Time is the clock's steady one. A watcher hears of every record that is put or goes, whatever the
// reason, inside the call that does it.
class MemoryStore final : public Store {
 public:
  MemoryStore(std::size_t max_records, std::shared_ptr<const Clock> clock,
              StoreWatcher* watcher = nullptr);

  void start(Id id, flow::StoreCall call, Done done) override;  // done: inside this call
  void forget(Id) override {}

  std::size_t num_records() const noexcept { return by_key_.size(); }
  std::size_t num_locks() const noexcept { return locks_.size(); }

 private:
  struct Record;
  struct Lock {
    std::string owner;
    Duration ends;
  };
  using Records = std::list<Record>;  // the one asked for last in front
  struct Record {
    std::string key, value;
    Duration ends;  // steady; Duration::max(): never
    Records* shelf;
  };

  std::optional<std::string> get(const std::string& key, Duration now);
  void put(flow::StoreCall call, Records& shelf, Duration now);
  void erase(const std::string& key);
  void tell(const std::string& key);
  bool lock(flow::StoreCall call, Duration now);
  bool is_owner(const flow::StoreCall& call, Duration now) const;
  void sweep(Duration now);  // what has ended goes, at most once a second

  const std::size_t max_records_;
  const std::shared_ptr<const Clock> clock_;
  StoreWatcher* const watcher_;
  Records sessions_, books_;
  std::unordered_map<std::string, Records::iterator> by_key_;
  std::unordered_map<std::string, Lock> locks_;
  Duration next_sweep_{};
};

}  // namespace gatelet::io
