// A signed text in compact form (RFC 7515 section 5.2): whose it is, and nothing about what it
// says.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "jose/compact.hpp"
#include "jose/key_set.hpp"

namespace gatelet::jose {

struct SignedText {
  TokenHeader header;
  std::string payload;
};

// Verifies `compact` with the one key of `keys` that its kid and algorithm point to; `algorithms`
// are the only ones accepted. For tokens with claims use verify() in jose/verified_token.hpp.
//   Failure: Status::key_unknown when the set has no fitting key, Status::token_rejected for
//   everything else. No byte of the payload is given out then.
Result<SignedText> verify_signature(std::string_view compact, const KeySet& keys,
                                    std::span<const Algorithm> algorithms);

}  // namespace gatelet::jose
