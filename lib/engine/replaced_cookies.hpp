// Session cookies that a sign-in has just replaced in their browser.
//
// Requests that left with them before are still under way. They are answered as ever, but their
// answers say nothing of session cookies: one that arrives after the sign-in's would take the new
// session along, or put the old one, of somebody else perhaps, in its place.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "base/instant.hpp"
#include "base/keyed_hash.hpp"
#include "engine/session_cache.hpp"

namespace gatelet::engine {

// Threads: any. Bounded: beyond `max_entries` the oldest is forgotten.
class ReplacedCookies {
 public:
  explicit ReplacedCookies(const std::array<unsigned char, 16>& hash_key,
                           std::size_t max_entries = 16 * 1024)
      : hash_(hash_key), max_entries_(max_entries) {}

  void note(const CookieImage& image, Instant now);

  // For as long as a request could be under way; strangers' cookies by accident of their hash,
  // which then stay for a minute longer.
  //   One relaxed load while there are none.
  bool covers(const CookieImage& image, Instant now) const;

 private:
  struct Entry {
    std::uint64_t hash;
    Duration until;  // steady clock
  };

  const KeyedHash hash_;
  const std::size_t max_entries_;
  std::atomic<bool> is_empty_{true};
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;                             // oldest first; guarded by mutex_
  std::unordered_map<std::uint64_t, Duration> until_of_;  // the same; guarded by mutex_
};

}  // namespace gatelet::engine
