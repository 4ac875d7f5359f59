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

}  // namespace

std::optional<std::uint64_t> DroppedCookies::hash_of(const CookieImage& image) const noexcept {
  if (!image.fits()) return std::nullopt;
  return image.hash(hash_, any_generation);
}

void DroppedCookies::note(const CookieImage& image, Instant now) noexcept {
  const auto hash = hash_of(image);
  if (!hash) return;
  notes_[*hash % num_places].store(note_of(*hash, seconds_of(now) + kept_for),
                                   std::memory_order_release);
}

bool DroppedCookies::covers(const CookieImage& image, Instant now) const noexcept {
  const auto hash = hash_of(image);
  if (!hash) return false;
  const auto note = notes_[*hash % num_places].load(std::memory_order_acquire);
  const auto until = static_cast<std::uint32_t>(note);
  // Unsigned: a clock that began anew long ago is no matter.
  return note == note_of(*hash, until) && until - seconds_of(now) - 1 < kept_for;
}

}  // namespace gatelet::engine
