// SHA-2, and what only an HMAC that others chose still needs. `hash` is for text that comes now and
// then: each call looks the algorithm up (0.2 us). Sha256 is prepared once, for what an answer
// waits for. Keyed hashes are hmac.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatelet::crypto {

enum class Digest : std::uint8_t { md5, sha1, sha224, sha256, sha384, sha512 };

constexpr std::size_t digest_size(Digest d) noexcept {
  switch (d) {
    case Digest::md5: return 16;
    case Digest::sha1: return 20;
    case Digest::sha224: return 28;
    case Digest::sha256: return 32;
    case Digest::sha384: return 48;
    case Digest::sha512: return 64;
  }
  return 0;
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
