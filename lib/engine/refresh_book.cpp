#include "engine/refresh_book.hpp"

#include <algorithm>

namespace gatelet::engine {
namespace {

constexpr Duration kept_after_seen = 60s;
constexpr Duration kept_at_most = 1h;
constexpr Duration first_pause = 1s;
constexpr Duration longest_pause = 30s;

// A provider that does not rotate gives the same refresh token again: only an older session is replaced.
bool is_newer(const session::Session& a, const session::Session& b) noexcept {
  return a.created_at.value_or(session::Timestamp{}) > b.created_at.value_or(session::Timestamp{});
}

std::size_t bytes_of(const session::Session& session) noexcept {
  return session.access_token.size() + session.id_token.size() + 2 * session.refresh_token.size() + 1024;
}

}  // namespace

RefreshBook::RefreshBook(const std::array<unsigned char, 16>& hash_key, std::size_t max_bytes)
    : max_bytes_(max_bytes), hash_(hash_key) {}

std::shared_ptr<const session::Session> RefreshBook::replacement_of(const session::Session& session, Instant now) {
  if (num_entries_.load(std::memory_order_relaxed) == 0 || session.refresh_token.empty()) return nullptr;
  const std::scoped_lock lock(mutex_);

  // The new cookie has arrived somewhere: its predecessors are needed for a little while only.
  if (const auto by_new = by_new_token_.find(hash_(session.refresh_token.reveal())); by_new != by_new_token_.end()) {
    auto& entry = *by_new->second;
    if (!entry.seen && entry.renewed->refresh_token == session.refresh_token && !is_newer(*entry.renewed, session)) {
      entry.seen = true;
      entry.kept_until = std::min(entry.kept_until, now.steady + kept_after_seen);
    }
  }

  std::shared_ptr<const session::Session> newest;
  const session::Session* at = &session;
  for (int steps = 0; steps < 16; ++steps) {
    const auto entry = find(*at);
    if (entry == entries_.end() || entry->kept_until <= now.steady) break;
    newest = entry->renewed;
    at = newest.get();
  }
  return newest;
}

void RefreshBook::record(const session::Session& old, std::shared_ptr<const session::Session> renewed, Instant now) {
  const std::scoped_lock lock(mutex_);
  drop_old(now);
  Entry entry{hash_(old.refresh_token.reveal()), old.refresh_token, std::move(renewed), now.steady + kept_at_most, false, 0};
  entry.bytes = bytes_of(*entry.renewed) + old.refresh_token.size();
  while (!entries_.empty() && bytes_ + entry.bytes > max_bytes_) erase(entries_.begin());

  bytes_ += entry.bytes;
  entries_.push_back(std::move(entry));
  const auto added = std::prev(entries_.end());
  by_hash_.emplace(added->hash, added);
  by_new_token_.insert_or_assign(hash_(added->renewed->refresh_token.reveal()), added);
  num_entries_.store(entries_.size(), std::memory_order_relaxed);
}

RefreshBook::Entries::iterator RefreshBook::find(const session::Session& session) {
  auto [at, end] = by_hash_.equal_range(hash_(session.refresh_token.reveal()));
  auto best = entries_.end();
  for (; at != end; ++at) {
    const auto entry = at->second;
    if (entry->replaced_token == session.refresh_token && entry->renewed->provider_id == session.provider_id &&
        is_newer(*entry->renewed, session) && (best == entries_.end() || is_newer(*entry->renewed, *best->renewed))) {
      best = entry;
    }
  }
  return best;
}

void RefreshBook::drop_old(Instant now) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto entry = at++;
    if (entry->kept_until <= now.steady) erase(entry);
  }
}

void RefreshBook::erase(Entries::iterator entry) {
  auto [at, end] = by_hash_.equal_range(entry->hash);
  for (; at != end; ++at) {
    if (at->second == entry) {
      by_hash_.erase(at);
      break;
    }
  }
  const auto by_new = by_new_token_.find(hash_(entry->renewed->refresh_token.reveal()));
  if (by_new != by_new_token_.end() && by_new->second == entry) by_new_token_.erase(by_new);
  bytes_ -= entry->bytes;
  entries_.erase(entry);
  num_entries_.store(entries_.size(), std::memory_order_relaxed);
}

bool RefreshBook::may_try(std::string_view provider_id, Instant now) const {
  const std::scoped_lock lock(mutex_);
  const auto trouble = troubles_.find(std::string(provider_id));
  return trouble == troubles_.end() || trouble->second.until <= now.steady;
}

void RefreshBook::note_trouble(std::string_view provider_id, Instant now) {
  const std::scoped_lock lock(mutex_);
  auto& trouble = troubles_[std::string(provider_id)];
  trouble.pause = trouble.pause == Duration{} ? first_pause : std::min(2 * trouble.pause, longest_pause);
  trouble.until = now.steady + trouble.pause;
}

void RefreshBook::note_success(std::string_view provider_id) {
  const std::scoped_lock lock(mutex_);
  troubles_.erase(std::string(provider_id));
}

}  // namespace gatelet::engine
