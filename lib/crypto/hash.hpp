// SHA-2. `hash` is for text that comes now and then: each call looks the algorithm up (0.2 us).
// Sha256 is prepared once, for what an answer waits for. Keyed hashes are hmac.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
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

// SHA-256 with its algorithm at hand. Shared by any number of threads.
class Sha256 {
 public:
  // Never fails: when OpenSSL refuses (no such algorithm, out of memory), each use says so.
  Sha256();
  ~Sha256();

  // 32 bytes. Failure: Status::internal.
  Result<std::array<char, 32>> operator()(std::string_view data) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatelet::crypto
