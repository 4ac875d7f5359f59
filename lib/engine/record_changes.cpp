#include "engine/record_changes.hpp"

#include <algorithm>

namespace gatelet::engine {
RecordChanges::RecordChanges(const std::array<unsigned char, 16>& hash_key, std::size_t num_places)
    : hash_(hash_key),
      num_places_(num_places),
      places_(std::make_unique<std::atomic<Number>[]>(num_places)) {}

RecordChanges::Number RecordChanges::last_at(Place place) const noexcept {
  return std::max(places_[place].load(std::memory_order_acquire),
                  last_of_all_.load(std::memory_order_acquire));
}

void RecordChanges::note(std::string_view key) noexcept { note_at(places_[place_of(key)]); }

void RecordChanges::note_all() noexcept { note_at(last_of_all_); }

// The place is told first: whoever reads the number as the last one finds it at its place too, and
// does not join what was read before.
void RecordChanges::note_at(std::atomic<Number>& place) noexcept {
  const std::scoped_lock lock(noting_);
  const auto number = last_.load(std::memory_order_relaxed) + 1;
  place.store(number, std::memory_order_release);
  last_.store(number, std::memory_order_release);
}

}  // namespace gatelet::engine
