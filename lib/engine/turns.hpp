// Whose turn it is: of many who would do the same thing for one session, one may, once in a while.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/instant.hpp"

namespace gatelet::engine {

// Bounded: beyond `max_turns` the oldest turn is forgotten, and may be taken again too early.
class Turns {
 public:
  explicit Turns(std::size_t max_turns = 100'000) : max_turns_(max_turns) {}

  // True for the first who asks for `key`; for others not until `interval` has passed since, on the
  // steady clock.
  //   Threads: any. Takes memory only where it says true.
  bool take(std::string_view key, Duration interval, Instant now);

  // The turn came to nothing: the next who asks has it.
  void give_back(std::string_view key);

 private:
  struct Turn {
    std::string key;
    Duration until;  // steady clock
  };
  const std::size_t max_turns_;
  std::mutex mutex_;
  std::deque<Turn> turns_;                      // oldest first; this and below guarded by mutex_
  std::unordered_set<std::string_view> taken_;  // views turns_, whose elements stay where they are
};

}  // namespace gatelet::engine
