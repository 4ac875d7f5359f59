#include "engine/callback_book.hpp"

#include <utility>

namespace gatelet::engine {
namespace {

// Long enough for a double click or a browser that asks again after an aborted answer; short, since
// the answer holds a session.
constexpr Duration answer_kept = 10s;

}  // namespace

CallbackBook::Known CallbackBook::find(const std::string& hashed_state, Instant now) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_state_.find(hashed_state);
  if (found == by_state_.end() || found->second->used_until <= now.steady) return {};
  auto& entry = *found->second;
  if (entry.answer_until <= now.steady) entry.answer = nullptr;
  return {true, entry.answer};
}

void CallbackBook::record(const std::string& hashed_state, std::shared_ptr<const Decision> answer,
                          Duration kept_for, Instant now) {
  const std::scoped_lock lock(mutex_);
  drop_old(now);
  if (by_state_.contains(hashed_state)) return;
  entries_.push_back(
      {hashed_state, std::move(answer), now.steady + answer_kept, now.steady + kept_for});
  const auto added = std::prev(entries_.end());
  if (oldest_answer_ == entries_.end()) oldest_answer_ = added;
  by_state_.emplace(hashed_state, added);
}

void CallbackBook::drop_old(Instant now) {
  for (; oldest_answer_ != entries_.end() && oldest_answer_->answer_until <= now.steady;
       ++oldest_answer_) {
    oldest_answer_->answer = nullptr;
  }
  while (!entries_.empty() &&
         (entries_.front().used_until <= now.steady || entries_.size() >= max_entries_)) {
    if (oldest_answer_ == entries_.begin()) ++oldest_answer_;
    by_state_.erase(entries_.front().hashed_state);
    entries_.pop_front();
  }
}

}  // namespace gatelet::engine
