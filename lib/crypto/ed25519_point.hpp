// Which Ed25519 public keys are fit to believe signatures of (RFC 8032).
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace gatelet::crypto {

// Judges an encoded point: 32 bytes, the coordinate below the field's prime (one encoding for each
// point), and not one of the eight points of small order, under which some signatures fit any
// message.
//   Failure: Status::malformed.
Result<void> check_ed25519_point(std::string_view point);

}  // namespace gatelet::crypto
