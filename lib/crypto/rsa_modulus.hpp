// Which RSA public keys are fit to believe signatures of.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace gatelet::crypto {

// Judges a public key given as big-endian unsigned integers without leading zeros (RFC 7518 section
// 6.3.1). Accepted: a modulus of 2048 to 8192 bits that is odd, shares no small factor and does not
// bear the ROCA fingerprint; an odd exponent of 3 or more, of at most 64 bits, which bounds the
// time a verification takes.
//   Failure: Status::malformed; the text says what is wrong.
Result<void> check_rsa_key(std::string_view modulus, std::string_view exponent);

}  // namespace gatelet::crypto
