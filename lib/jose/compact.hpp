// The compact form of a signed token (RFC 7515 section 7.1), taken apart without being believed.
//
// Everything here works on unverified text: it decides only which key and which algorithm the
// signature is to be checked with. Header members that bring a key or a place to fetch one (jwk,
// jku, x5c, x5u, ...) are not read at all.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "jose/key_set.hpp"

namespace gatelet::jose {

constexpr std::size_t max_token_size = 16 * 1024;
constexpr std::size_t max_kid_size = 256;

// The three parts as they stand in the text, base64url not yet undone. Views of the token.
struct CompactParts {
  std::string_view header;
  std::string_view payload;  // may be empty
  std::string_view signature;
  std::string_view signed_text;  // header.payload: what the signature is over
};

// Failure: Status::token_rejected for more than max_token_size bytes, for any number of dots but
// two (five parts are an encrypted token), for an empty header or signature. Nothing is copied.
Result<CompactParts> split_compact(std::string_view token);

struct TokenHeader {
  Algorithm algorithm;
  std::optional<std::string> kid;
  std::optional<std::string> type;  // typ
};

// Reads the header part: strict base64url, strict JSON, `alg` by its exact name (never `none` or
// the HS family), `kid` text of 1 to max_kid_size bytes without control characters.
//   Failure: Status::token_rejected, also for `crit` (no extension is supported, RFC 7515 section
//   4.1.11), `b64`, `zip`, `enc` and a nested token (`cty` JWT).
Result<TokenHeader> parse_header(std::string_view part);

// Whether `typ` as a token says it names the media type `expected`, with or without "application/",
// in either letter case (RFC 7515 section 4.1.9).
bool is_type(std::string_view typ, std::string_view expected) noexcept;

}  // namespace gatelet::jose
