// The signed cookie value: `base64url(payload) | unix seconds | base64url(mac)`, as oauth2-proxy
// signs cookies. Sessions and login states are payloads.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "crypto/hmac.hpp"

namespace gatelet::session {

// The three fields, syntactically right and nothing more.
struct SignedParts {
  std::string_view payload;  // base64url with padding, not decoded
  std::string_view stamp;    // as it stands
  std::string_view mac;      // 44 characters
  std::int64_t seconds;      // what `stamp` says; 1970 or later
};

// Splits a value. Nullopt unless there are three fields, a stamp of digits without leading zeros
// that fits 64 bits, and a MAC of the right size.
std::optional<SignedParts> split_signed(std::string_view value) noexcept;

// Whether `stamp` lies in now - lifetime < stamp < now + 5 min, both excluded; always for a
// lifetime of 0.
bool is_timely(std::int64_t stamp, std::chrono::seconds lifetime, Instant now) noexcept;

// Checks a value under the cookie name its MAC covers: syntax first, then the MAC (constant time),
// then age: now - lifetime < stamp < now + 5 min, both excluded, unless `lifetime` is 0.
//   Failure: Status::session_invalid; the text says which of the three.
Result<SignedParts> check_signed(const crypto::HmacKey& key, std::string_view name,
                                 std::string_view value, std::chrono::seconds lifetime,
                                 Instant now);

// Decodes a payload into `out`, which is made large enough and never smaller; the number of bytes.
//   Failure: Status::session_invalid.
Result<std::size_t> decode_payload(std::string_view payload, std::string& out);

// Signs a payload. Failure: Status::internal.
Result<std::string> write_signed(const crypto::HmacKey& key, std::string_view name,
                                 std::string_view payload, std::int64_t seconds);

}  // namespace gatelet::session
