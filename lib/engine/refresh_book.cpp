#include "engine/refresh_book.hpp"

#include <algorithm>

#include "engine/session_cache.hpp"
#include "session/host_data.hpp"
#include "session/lifetime.hpp"
#include "session/subject.hpp"
#include "session/ticket.hpp"

namespace gatelet::engine {
namespace {

constexpr Duration kept_after_seen = 60s;
constexpr Duration kept_at_most = 1h;
constexpr std::size_t entry_overhead = 1024;
constexpr int swept_at_once = 8;
constexpr Duration first_pause = 1s;
constexpr Duration longest_pause = 30s;

// By what the end of a session is known: its ticket, where it is in a store, else its refresh
// token.
std::string_view end_key(const session::Session& session) noexcept {
  return session.ticket ? std::string_view(session.ticket->id) : session.refresh_token.reveal();
}

bool continues(const session::Session& renewed, const session::Session& old) noexcept {
  const bool is_rotated = !renewed.ticket && !(renewed.refresh_token == old.refresh_token);
  return session::is_same_sign_in(renewed, old) || (is_rotated && !renewed.signed_in_at);
}

}  // namespace

RefreshBook::RefreshBook(const std::array<unsigned char, 16>& hash_key, std::size_t max_bytes)
    : max_bytes_(max_bytes), hash_(hash_key) {}

RefreshBook::Known RefreshBook::look_up(const session::Session& session, Instant now) {
  if (num_entries_.load(std::memory_order_relaxed) == 0 || end_key(session).empty()) return {};
  const std::scoped_lock lock(mutex_);
  note_seen(session, now);
  return follow(session, now);
}

bool RefreshBook::is_over(const session::Session& session, Instant now) {
  const std::scoped_lock lock(mutex_);
  return follow(session, now).is_over;
}

RefreshBook::Known RefreshBook::follow(const session::Session& session, Instant now) {
  Known known;
  const session::Session* at = &session;
  for (int steps = 0; steps < 16; ++steps) {
    if (has_ended(*at, now)) {
      known.is_over = true;
      break;
    }
    const auto entry = find_newer(*at);
    if (entry == entries_.end() || entry->kept_until <= now.steady) break;
    known.newer = entry->renewed;
    at = known.newer.get();
  }
  return known;
}

std::shared_ptr<const session::Session> RefreshBook::record(
    const session::Session& old, std::shared_ptr<const session::Session> renewed, Instant now,
    bool comes_back) {
  const std::scoped_lock lock(mutex_);
  if (has_ended(old, now) || has_ended(*renewed, now)) return nullptr;
  const auto newest = follow(old, now).newer;
  if (newest && session::data_changed_at(*newest) > session::data_changed_at(*renewed)) {
    auto merged = std::make_shared<session::Session>(*renewed);
    merged->data = newest->data;
    renewed = std::move(merged);
  }
  auto entry = replacing(old, renewed, now);
  entry.comes_back = comes_back;
  add(std::move(entry), now);
  return renewed;
}

Result<std::shared_ptr<const session::Session>> RefreshBook::change(
    const std::shared_ptr<const session::Session>& session, const Change& change, Instant now) {
  using Shared = std::shared_ptr<const session::Session>;
  std::unique_lock lock(mutex_);
  const auto newest_now = [&]() -> Shared {
    auto known = follow(*session, now);
    if (known.is_over) return nullptr;
    return known.newer ? known.newer : session;
  };
  while (const auto newest = newest_now()) {
    lock.unlock();  // a change takes its time, and whoever decides may wait for the lock
    auto changed = change(*newest);
    if (!changed.ok() || newest->refresh_token.empty()) return changed;
    lock.lock();
    const auto newest_then = newest_now();
    if (newest_then == nullptr) break;
    if (newest_then != newest) continue;  // of what another one made of it meanwhile
    // One entry for all changes under a refresh token: it replaces every older copy.
    auto [at, end] = by_hash_.equal_range(hash_(newest->refresh_token.reveal()));
    at = std::find_if(at, end, [&](const auto& one) { return one.second->renewed == newest; });
    if (at != end) erase(at->second);
    add(replacing(*newest, *changed, now), now);
    return changed;
  }
  return Shared();
}

RefreshBook::Entry RefreshBook::replacing(const session::Session& old,
                                          std::shared_ptr<const session::Session> renewed,
                                          Instant now) const {
  const auto bytes = entry_overhead + bytes_of(*renewed) + old.refresh_token.size();
  return {hash_(old.refresh_token.reveal()),
          old.refresh_token,
          old.provider_id,
          std::move(renewed),
          {},
          now.steady + kept_at_most,
          false,
          false,
          bytes};
}

void RefreshBook::record_end(const session::Session& session, Instant now) {
  const auto key = end_key(session);
  if (key.empty()) return;
  End end{session::to_timestamp(now), session.signed_in_at};
  // A clock ahead of this one may have made it.
  if (!end.sign_in && session.created_at) end.at = std::max(end.at, *session.created_at);
  add_end(key, session.provider_id, end, now);
}

void RefreshBook::record_ticket_end(std::string_view ticket_id, Instant now) {
  add_end(ticket_id, {}, {session::to_timestamp(now), {}}, now);
}

void RefreshBook::add_end(std::string_view key, std::string_view provider_id, const End& end,
                          Instant now) {
  Entry entry{hash_(key), Secret(key), std::string(provider_id),
              nullptr,    end,         now.steady + kept_at_most,
              false,      false,       key.size() + entry_overhead};
  const std::scoped_lock lock(mutex_);
  add(std::move(entry), now);
}

void RefreshBook::add(Entry entry, Instant now) {
  drop_old(now);
  while (!entries_.empty() && bytes_ + entry.bytes > max_bytes_) erase(entries_.begin());
  bytes_ += entry.bytes;
  entries_.push_back(std::move(entry));
  const auto added = std::prev(entries_.end());
  by_hash_.emplace(added->hash, added);
  if (added->renewed) {
    by_new_token_.insert_or_assign(hash_(added->renewed->refresh_token.reveal()), added);
  }
  num_entries_.store(entries_.size(), std::memory_order_relaxed);
}

// The new cookie has arrived somewhere: its predecessors are needed for a little while only.
void RefreshBook::note_seen(const session::Session& session, Instant now) {
  const auto by_new = by_new_token_.find(hash_(session.refresh_token.reveal()));
  if (by_new == by_new_token_.end()) return;
  auto& entry = *by_new->second;
  if (entry.seen || !(entry.renewed->refresh_token == session.refresh_token) ||
      session::is_later(*entry.renewed, session)) {
    return;
  }
  entry.seen = true;
  if (entry.comes_back) {
    // Where there is no room it is the first to go, before those that nobody has seen.
    if (sweep_ == by_new->second) ++sweep_;
    return entries_.splice(entries_.begin(), entries_, by_new->second);
  }
  entry.kept_until = std::min(entry.kept_until, now.steady + kept_after_seen);
}

// A provider that does not rotate gives the same refresh token again: only an older session of the
// same sign-in is replaced. A rotated one says it better than a format that keeps no sign-in's time
// any more.
RefreshBook::Entries::iterator RefreshBook::find_newer(const session::Session& session) {
  auto [at, end] = by_hash_.equal_range(hash_(session.refresh_token.reveal()));
  auto best = entries_.end();
  for (; at != end; ++at) {
    const auto entry = at->second;
    if (entry->renewed && entry->replaced_token == session.refresh_token &&
        entry->provider_id == session.provider_id && continues(*entry->renewed, session) &&
        session::is_later(*entry->renewed, session) &&
        (best == entries_.end() || session::is_later(*entry->renewed, *best->renewed))) {
      best = entry;
    }
  }
  return best;
}

// A ticket is one session's, whatever the time; a refresh token may be a later session's as well.
bool RefreshBook::has_ended(const session::Session& session, Instant now) const {
  const auto key = end_key(session);
  auto [at, end] = by_hash_.equal_range(hash_(key));
  for (; at != end; ++at) {
    const auto& entry = *at->second;
    if (entry.renewed || entry.kept_until <= now.steady || entry.replaced_token.reveal() != key) {
      continue;
    }
    if (session.ticket) return true;
    const auto& [ended_at, sign_in] = entry.end;
    const bool is_of_it = sign_in && sign_in == session.signed_in_at;
    const bool is_meant = is_of_it || session.created_at.value_or(ended_at) <= ended_at;
    if (is_meant && entry.provider_id == session.provider_id) return true;
  }
  return false;
}

// A few at a time, around and around: whoever decides may wait for the lock meanwhile.
void RefreshBook::drop_old(Instant now) {
  for (int num_seen = 0; num_seen < swept_at_once && !entries_.empty(); ++num_seen) {
    if (sweep_ == entries_.end()) sweep_ = entries_.begin();
    const auto entry = sweep_++;
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
  if (entry->renewed) {
    const auto by_new = by_new_token_.find(hash_(entry->renewed->refresh_token.reveal()));
    if (by_new != by_new_token_.end() && by_new->second == entry) by_new_token_.erase(by_new);
  }
  bytes_ -= entry->bytes;
  if (sweep_ == entry) ++sweep_;
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
  trouble.pause =
      trouble.pause == Duration{} ? first_pause : std::min(2 * trouble.pause, longest_pause);
  trouble.until = now.steady + trouble.pause;
}

void RefreshBook::note_success(std::string_view provider_id) {
  const std::scoped_lock lock(mutex_);
  troubles_.erase(std::string(provider_id));
}

}  // namespace gatelet::engine
