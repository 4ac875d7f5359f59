// Session cookies that their browser was told to drop, and may soon have others instead of.
//
// Requests that left with them before may still be under way. They are answered as ever, but what
// their answers say of session cookies may arrive after a new sign-in's answer: it would take the
// new session along, or put the old one, of somebody else perhaps, in its place.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/instant.hpp"
#include "base/keyed_hash.hpp"
#include "engine/session_cache.hpp"

namespace gatelet::engine {

// What is noted counts for a minute, which no request is under way.
//   Threads: any. Never waits, allocates nothing. Of two whose hashes meet the earlier is
//   forgotten.
class DroppedCookies {
 public:
  // Stands for the session cookies of a request; nothing for none, or for more than there can be.
  using Key = std::optional<std::uint64_t>;

  explicit DroppedCookies(const std::array<unsigned char, 16>& hash_key) : hash_(hash_key) {}

  Key key_of(const CookieImage& image) const noexcept;

  // A sign-in has put others in their place.
  void note_replaced(const Key& key, Instant now) noexcept;
  // The sign-in page, or a sign-out, has expired them, good as they may be.
  void note_left(const Key& key, Instant now) noexcept;

  // The redirect that begins this sign-in expires them: its callback comes without.
  void note_attempt(std::string_view hashed_state, const Key& key) noexcept;
  // It has come to its end. Of attempts whose hashes meet the later one's are meant, for a minute.
  void note_signed_in(std::string_view hashed_state, Instant now) noexcept;

  bool may_set(const Key& key, Instant now) const noexcept {
    return !is_noted(tables_->replaced, key, now) && !is_noted(tables_->left, key, now);
  }
  bool may_expire(const Key& key, Instant now) const noexcept {
    return !is_noted(tables_->replaced, key, now);
  }

 private:
  static constexpr std::size_t num_places = 4096;
  // Half of a hash, which tells cookies of one place apart but for one in 2^32, and the second of
  // the steady clock until which it counts. Strangers can fill what was left, not what was
  // replaced.
  using Notes = std::array<std::atomic<std::uint64_t>, num_places>;

  static void put(Notes& notes, const Key& key, Instant now) noexcept;
  static bool is_noted(const Notes& notes, const Key& key, Instant now) noexcept;

  struct Tables {
    Notes replaced{}, left{};
    Notes attempts{};  // the keys of what they expired
  };

  const KeyedHash hash_;
  const std::unique_ptr<Tables> tables_ = std::make_unique<Tables>();  // 96 KiB: on no stack
};

}  // namespace gatelet::engine
