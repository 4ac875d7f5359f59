#include "engine/replaced_cookies.hpp"

namespace gatelet::engine {
namespace {

constexpr Duration kept_for = 60s;
constexpr std::uint64_t any_generation = 0;  // settings may change, the browser's bytes do not

}  // namespace

void ReplacedCookies::note(const CookieImage& image, Instant now) {
  if (!image.fits()) return;
  const auto hash = image.hash(hash_, any_generation);
  const std::scoped_lock lock(mutex_);
  const auto is_old = [&](const Entry& entry) { return entry.until <= now.steady; };
  while (!entries_.empty() && (entries_.size() >= max_entries_ || is_old(entries_.front()))) {
    const auto known = until_of_.find(entries_.front().hash);
    if (known != until_of_.end() && known->second == entries_.front().until) until_of_.erase(known);
    entries_.pop_front();
  }
  entries_.push_back({hash, now.steady + kept_for});
  until_of_[hash] = now.steady + kept_for;
  is_empty_.store(false, std::memory_order_relaxed);
}

bool ReplacedCookies::covers(const CookieImage& image, Instant now) const {
  if (is_empty_.load(std::memory_order_relaxed) || !image.fits()) return false;
  const auto hash = image.hash(hash_, any_generation);
  const std::scoped_lock lock(mutex_);
  const auto known = until_of_.find(hash);
  return known != until_of_.end() && known->second > now.steady;
}

}  // namespace gatelet::engine
