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
#include "io/attempt.hpp"

namespace gatelet::engine {

// T must be cheap to copy: everybody gets it.
template <class T>
class SingleFlight {
 public:
  using Waiter = std::function<void(const Result<T>&, Instant)>;

  // Adds a waiter. True: nobody does this work yet, the caller now must, and must call finish() in
  // the end.
  bool join(std::string key, Waiter waiter) {
    const std::scoped_lock lock(mutex_);
    const auto [flight, is_new] = flights_.try_emplace(std::move(key));
    auto& waiters = flight->second;
    if (is_new) {
      waiters.first = std::move(waiter);
    } else {
      waiters.others.push_back(std::move(waiter));
    }
    return is_new;
  }

  // Ends the flight and tells everybody who waited, on this thread, without the lock.
  void finish(const std::string& key, const Result<T>& result, Instant at) {
    Waiters waiters;
    {
      const std::scoped_lock lock(mutex_);
      const auto flight = flights_.find(key);
      if (flight == flights_.end()) return;
      waiters = std::move(flight->second);
      flights_.erase(flight);
    }
    // What one of them throws is its own, and keeps nothing from the others.
    (void)io::attempt([&] { waiters.first(result, at); });
    for (const auto& waiter : waiters.others) (void)io::attempt([&] { waiter(result, at); });
  }

  std::size_t num_flights() const {
    const std::scoped_lock lock(mutex_);
    return flights_.size();
  }

 private:
  struct Waiters {  // most often there is one
    Waiter first;
    std::vector<Waiter> others;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Waiters> flights_;  // guarded by mutex_
};

}  // namespace gatelet::engine
