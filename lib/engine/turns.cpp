#include "engine/turns.hpp"

namespace gatelet::engine {

bool Turns::take(std::string_view key, Duration interval, Instant now) {
  const std::scoped_lock lock(mutex_);
  const auto forget_oldest = [this] {
    taken_.erase(turns_.front().key);
    turns_.pop_front();
  };
  while (!turns_.empty() && turns_.front().until <= now.steady) forget_oldest();
  if (taken_.contains(key)) return false;
  if (turns_.size() >= max_turns_) forget_oldest();
  turns_.push_back({std::string(key), now.steady + interval});
  taken_.insert(turns_.back().key);
  return true;
}

// What is left of it in the queue may end a later turn of that key too early, which costs a
// repetition.
void Turns::give_back(std::string_view key) {
  const std::scoped_lock lock(mutex_);
  taken_.erase(key);
}

}  // namespace gatelet::engine
