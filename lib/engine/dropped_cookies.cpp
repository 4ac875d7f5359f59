#include "engine/dropped_cookies.hpp"

#include <chrono>

namespace gatelet::engine {
namespace {

constexpr std::uint32_t kept_for = 60;       // seconds
constexpr std::uint64_t any_generation = 0;  // settings may change, the browser's bytes do not

std::uint32_t seconds_of(Instant now) noexcept {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.steady).count();
  return static_cast<std::uint32_t>(seconds);
}

std::uint64_t packed(std::uint64_t hash, std::uint32_t until) noexcept {
  return (hash & ~std::uint64_t{0xffffffff}) | until;
}

}  // namespace

DroppedCookies::Key DroppedCookies::key_of(const CookieImage& image) const noexcept {
  if (!image.fits()) return std::nullopt;
  return image.hash(hash_, any_generation);
}

void DroppedCookies::put(Notes& notes, const Key& key, Instant now) noexcept {
  if (!key) return;
  notes[*key % num_places].store(packed(*key, seconds_of(now) + kept_for),
                                 std::memory_order_release);
}

bool DroppedCookies::is_noted(const Notes& notes, const Key& key, Instant now) noexcept {
  if (!key) return false;
  const auto note = notes[*key % num_places].load(std::memory_order_acquire);
  const auto until = static_cast<std::uint32_t>(note);
  // Signed: a thread that was held up asks with a time of before.
  const auto left = static_cast<std::int32_t>(until - seconds_of(now));
  return note == packed(*key, until) && left > 0;
}

void DroppedCookies::note_replaced(const Key& key, Instant now) noexcept {
  put(tables_->replaced, key, now);
}

void DroppedCookies::note_left(const Key& key, Instant now) noexcept {
  put(tables_->left, key, now);
}

void DroppedCookies::note_attempt(std::string_view hashed_state, const Key& key) noexcept {
  tables_->attempts[hash_(hashed_state) % num_places].store(key.value_or(0),
                                                            std::memory_order_release);
}

void DroppedCookies::note_signed_in(std::string_view hashed_state, Instant now) noexcept {
  const auto key = tables_->attempts[hash_(hashed_state) % num_places].exchange(0);
  if (key != 0) note_replaced(key, now);
}

}  // namespace gatelet::engine
