// What the session store told of changes: whether what was read from it then still is what is there
// now.
//
// Every change has a number; a table keeps the number of the last one for each place, and keys
// share places. So a change of one key may count as one of another, which then is read once more
// than needed; it never counts as none.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/instant.hpp"
#include "base/keyed_hash.hpp"

namespace gatelet::engine {

class RecordChanges {
 public:
  using Number = std::uint64_t;
  using Place = std::uint32_t;

  // Where there is no store a single place will do.
  static constexpr std::size_t enough_places = 16 * 1024;
  explicit RecordChanges(const std::array<unsigned char, 16>& hash_key,
                         std::size_t num_places = enough_places);

  // The last change of any key so far. What is read from the store after this call is of that
  // moment or later.
  Number last() const noexcept { return last_.load(std::memory_order_acquire); }

  // The last change that may have been this key's.
  Number last_of(std::string_view key) const noexcept { return last_at(place_of(key)); }

  Place place_of(std::string_view key) const noexcept {
    return static_cast<Place>(hash_(key) % num_places_);
  }
  bool is_unchanged(Place place, Number since) const noexcept { return last_at(place) <= since; }

  // Whether all is told that was changed up to `max_staleness` ago; with 0 nothing ever is.
  // `steady_now`: of the clock whose time told_until() was given.
  bool is_told(Duration steady_now, Duration max_staleness) const noexcept {
    return max_staleness > Duration::zero() &&
           (tells_nothing_ ||
            steady_now - told_until_.load(std::memory_order_acquire) < max_staleness);
  }

  // A store that tells nobody of changes: what was read from it is believed for as long as it may
  // be old, and no longer.
  bool tells_nothing() const noexcept { return tells_nothing_; }
  void expect_nothing() noexcept { tells_nothing_ = true; }  // before any thread asks

  // What the store says; each call is seen by all threads from then on.
  void note(std::string_view key) noexcept;
  void note_all() noexcept;
  void told_until(Duration steady) noexcept {
    told_until_.store(steady, std::memory_order_release);
  }
  static constexpr Duration never = Duration::min() / 2;  // it does not tell

 private:
  Number last_at(Place place) const noexcept;
  void note_at(std::atomic<Number>& place) noexcept;

  const KeyedHash hash_;
  const std::size_t num_places_;
  const std::unique_ptr<std::atomic<Number>[]> places_;
  std::mutex noting_;  // one change after the other
  std::atomic<Number> last_{0};
  std::atomic<Number> last_of_all_{0};  // the last that was about every key
  std::atomic<Duration> told_until_{never};
  bool tells_nothing_ = false;
};

}  // namespace gatelet::engine
