// HKDF (RFC 5869) with SHA-256: keys for separate purposes from one secret.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatelet::crypto {

// `size` bytes that only whoever knows `secret` can compute; another `info` gives bytes that tell
// nothing of these. `salt` is no secret and may be empty.
//   Failure: Status::invalid_value for an empty secret or a size that is not 1 to 8160;
//   Status::internal.
Result<Secret> hkdf_sha256(const Secret& secret, std::string_view salt, std::string_view info,
                           std::size_t size);

}  // namespace gatelet::crypto
