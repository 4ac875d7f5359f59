// Sign-in attempts that were answered: a state is good for one redemption, however often its
// callback arrives.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include <gatelet/decision.hpp>

#include "base/instant.hpp"

namespace gatelet::engine {

class CallbackBook {
 public:
  explicit CallbackBook(std::size_t max_entries = 16 * 1024) noexcept : max_entries_(max_entries) {}

  struct Known {
    bool used = false;  // the state was redeemed, or refused after its code had left
    std::shared_ptr<const Decision>
        answer;  // while it may be given again: a double click, an aborted request
  };
  // `attempt`: the state, and whose attempt's cookie came with it.
  Known find(const std::string& attempt, Instant now);

  // `kept_for`: how long the state could come back at all, the life of its cookie.
  void record(const std::string& attempt, std::shared_ptr<const Decision> answer, Duration kept_for,
              Instant now);

 private:
  struct Entry {
    std::string attempt;
    std::shared_ptr<const Decision> answer;
    Duration answer_until, used_until;  // steady clock
  };
  using Entries = std::list<Entry>;
  void drop_old(Instant now);

  const std::size_t max_entries_;
  std::mutex mutex_;
  Entries entries_;  // oldest first; this and below guarded by mutex_
  Entries::iterator oldest_answer_ = entries_.end();  // every entry before it has none any more
  std::unordered_map<std::string, Entries::iterator> by_attempt_;
};

}  // namespace gatelet::engine
