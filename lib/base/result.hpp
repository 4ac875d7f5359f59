// Result and Status for the inside of the library: the public types, and the one macro-free way to
// say "cannot happen".
#pragma once

#include <gatelet/result.hpp>

namespace gatelet {

// Marks a place that cannot be reached when every enum value is handled (g++ 12 has no
// std::unreachable). Reaching it ends the process: continuing would decide something by accident.
[[noreturn]] inline void unreachable() noexcept { std::terminate(); }

// Error{status, what + rest}: for errors that pass through a layer and gain the name of the
// exchange.
inline Error prefixed(std::string_view what, Error error) {
  error.text.insert(0, ": ");
  error.text.insert(0, what);
  return error;
}

}  // namespace gatelet
