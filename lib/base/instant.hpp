// Time as the library passes it around: Instant and Duration, never read here, only handed in.
#pragma once

#include <cstdint>

#include <gatelet/ports.hpp>

namespace gatelet {

using namespace std::chrono_literals;

// The moment `seconds` after 1970-01-01T00:00:00Z, with the steady clock at the same number: for
// tests and for values read from tokens.
constexpr Instant at_unix(std::int64_t seconds) noexcept {
  return {std::chrono::seconds(seconds), std::chrono::seconds(seconds)};
}

}  // namespace gatelet
