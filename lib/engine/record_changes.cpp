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

void RecordChanges::note(std::string_view key) noexcept {
  const auto number = last_.fetch_add(1, std::memory_order_acq_rel) + 1;
  places_[place_of(key)].store(number, std::memory_order_release);
}

void RecordChanges::note_all() noexcept {
  last_of_all_.store(last_.fetch_add(1, std::memory_order_acq_rel) + 1, std::memory_order_release);
}

}  // namespace gatelet::engine
