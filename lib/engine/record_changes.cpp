#include "engine/record_changes.hpp"

#include <algorithm>

namespace gatelet::engine {
namespace {

// Of two threads that tell at once the later number stays, whoever writes last.
void raise(std::atomic<RecordChanges::Number>& last, RecordChanges::Number number) noexcept {
  auto seen = last.load(std::memory_order_relaxed);
  while (seen < number && !last.compare_exchange_weak(seen, number, std::memory_order_acq_rel,
                                                      std::memory_order_relaxed)) {
  }
}

}  // namespace

RecordChanges::RecordChanges(const std::array<unsigned char, 16>& hash_key, std::size_t num_places)
    : hash_(hash_key),
      num_places_(num_places),
      places_(std::make_unique<std::atomic<Number>[]>(num_places)) {}

RecordChanges::Number RecordChanges::last_at(Place place) const noexcept {
  return std::max(places_[place].load(std::memory_order_acquire),
                  last_of_all_.load(std::memory_order_acquire));
}

void RecordChanges::note(std::string_view key) noexcept {
  raise(places_[place_of(key)], last_.fetch_add(1, std::memory_order_acq_rel) + 1);
}

void RecordChanges::note_all() noexcept {
  raise(last_of_all_, last_.fetch_add(1, std::memory_order_acq_rel) + 1);
}

}  // namespace gatelet::engine
