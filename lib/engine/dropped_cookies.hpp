// Session cookies that their browser was told to drop: by a sign-in, which replaces them, by a
// sign-out, or because they are no good.
//
// Requests that left with them before may still be under way. They are answered as ever, but their
// answers say nothing of session cookies: one that arrives after a new sign-in's would take the new
// session along, or put the old one, of somebody else perhaps, in its place.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/instant.hpp"
#include "base/keyed_hash.hpp"
#include "engine/session_cache.hpp"

namespace gatelet::engine {

// Threads: any. Never waits, allocates nothing. Of two whose hashes meet the earlier is forgotten.
class DroppedCookies {
 public:
  explicit DroppedCookies(const std::array<unsigned char, 16>& hash_key) noexcept
      : hash_(hash_key) {}

  void note(const CookieImage& image, Instant now) noexcept;

  // For a minute, which no request is under way.
  bool covers(const CookieImage& image, Instant now) const noexcept;

 private:
  static constexpr std::size_t num_places = 4096;
  // Half of a hash, which tells cookies of one place apart but for one in 2^32, and the second of
  // the steady clock until which it counts.
  using Note = std::atomic<std::uint64_t>;

  std::optional<std::uint64_t> hash_of(const CookieImage& image) const noexcept;
  static std::uint64_t note_of(std::uint64_t hash, std::uint32_t until) noexcept {
    return (hash & ~std::uint64_t{0xffffffff}) | until;
  }

  const KeyedHash hash_;
  std::array<Note, num_places> notes_{};
};

}  // namespace gatelet::engine
