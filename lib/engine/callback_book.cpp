#include "engine/callback_book.hpp"

#include <utility>

namespace gatelet::engine {
namespace {

// Long enough for a double click or a browser that asks again after an aborted answer; short, since
// the answer holds a session.
constexpr Duration answer_kept = 10s;

}  // namespace

CallbackBook::Known CallbackBook::find(const std::string& attempt, Instant now) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_attempt_.find(attempt);
  if (found == by_attempt_.end() || found->second->used_until <= now.steady) return {};
  auto& entry = *found->second;
  if (entry.answer_until <= now.steady) entry.answer = nullptr;
  return {true, entry.answer};
}

void CallbackBook::record(const std::string& attempt, std::shared_ptr<const Decision> answer,
                          Duration kept_for, Instant now) {
  const std::scoped_lock lock(mutex_);
  drop_old(now);
  if (by_attempt_.contains(attempt)) return;
  entries_.push_back({attempt, std::move(answer), now.steady + answer_kept, now.steady + kept_for});
  const auto added = std::prev(entries_.end());
  if (oldest_answer_ == entries_.end()) oldest_answer_ = added;
  by_attempt_.emplace(attempt, added);
}

void CallbackBook::drop_old(Instant now) {
  for (; oldest_answer_ != entries_.end() && oldest_answer_->answer_until <= now.steady;
       ++oldest_answer_) {
    oldest_answer_->answer = nullptr;
  }
  while (!entries_.empty() &&
         (entries_.front().used_until <= now.steady || entries_.size() >= max_entries_)) {
    if (oldest_answer_ == entries_.begin()) ++oldest_answer_;
    by_attempt_.erase(entries_.front().attempt);
    entries_.pop_front();
  }
}

}  // namespace gatelet::engine
