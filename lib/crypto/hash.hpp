// SHA-2 of text that comes now and then: each call looks the algorithm up (0.2 us). What is
// computed for every request is keyed, and prepared, elsewhere: hmac.hpp, pkey.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatelet::crypto {

enum class Digest : std::uint8_t { sha256, sha384, sha512 };

constexpr std::size_t digest_size(Digest d) noexcept {
  return d == Digest::sha256 ? 32 : d == Digest::sha384 ? 48 : 64;
}

// The digest of `data`, digest_size bytes. Failure: Status::internal when OpenSSL refuses (out of
// memory).
Result<std::string> hash(Digest, std::string_view data);
Result<std::array<unsigned char, 32>> sha256(std::string_view data);

}  // namespace gatelet::crypto
