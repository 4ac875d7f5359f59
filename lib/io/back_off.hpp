// How long nothing is tried after failures: pauses that double, with jitter, so that a fleet does
// not come back at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "base/instant.hpp"

namespace gatelet::io {

class BackOff {
 public:
  BackOff(Duration first, Duration longest, std::uint32_t seed)
      : first_(first), longest_(longest), jitter_(seed) {}

  void note_success() noexcept { num_failures_ = 0; }
  void note_failure(Deadline now) {
    const auto doubled = first_ * (1 << std::min(num_failures_++, 10U));
    const auto pause = std::min<Duration>(doubled, longest_);
    std::uniform_int_distribution<Duration::rep> some(pause.count() / 2, pause.count());
    next_try_ = now + Duration(some(jitter_));
  }

  bool may_try(Deadline now) const noexcept { return num_failures_ == 0 || now >= next_try_; }
  Deadline next_try() const noexcept { return num_failures_ == 0 ? Deadline() : next_try_; }

 private:
  const Duration first_, longest_;
  std::minstd_rand jitter_;
  unsigned num_failures_ = 0;
  Deadline next_try_;
};

}  // namespace gatelet::io
