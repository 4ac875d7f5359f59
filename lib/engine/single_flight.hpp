// Work that several wait for and one does: discovery, keys, refreshes, callbacks.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"

namespace gatelet::engine {

// T must be cheap to copy: everybody gets it.
template <class T>
class SingleFlight {
 public:
  using Waiter = std::function<void(const Result<T>&, Instant)>;

  // Adds a waiter. True: nobody does this work yet, the caller now must, and must call finish() in
  // the end.
  bool join(const std::string& key, Waiter waiter) {
    const std::scoped_lock lock(mutex_);
    auto& waiters = flights_[key];
    waiters.push_back(std::move(waiter));
    return waiters.size() == 1;
  }

  // Ends the flight and tells everybody who waited, on this thread, without the lock.
  void finish(const std::string& key, const Result<T>& result, Instant at) {
    std::vector<Waiter> waiters;
    {
      const std::scoped_lock lock(mutex_);
      const auto flight = flights_.find(key);
      if (flight == flights_.end()) return;
      waiters = std::move(flight->second);
      flights_.erase(flight);
    }
    for (const auto& waiter : waiters) waiter(result, at);
  }

  std::size_t num_flights() const {
    const std::scoped_lock lock(mutex_);
    return flights_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Waiter>> flights_;  // guarded by mutex_
};

}  // namespace gatelet::engine
