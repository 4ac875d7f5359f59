// HMAC (RFC 2104) with the key set up once.
#pragma once

#include <array>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/hash.hpp"

namespace gatelet::crypto {

// A keyed HMAC. Shared by any number of threads: a computation borrows a prepared context from a
// small pool of the key's own, so that no call pays for key set-up or an algorithm fetch.
class HmacKey {
 public:
  static Result<HmacKey> make(Digest, const Secret& key);
  HmacKey(HmacKey&&) noexcept;
  HmacKey& operator=(HmacKey&&) noexcept;
  ~HmacKey();

  // The MAC over the parts as if they stood one behind the other, into `out` (digest_size bytes).
  //   Failure: Status::internal; `out` is then all zero and must not be used.
  Result<void> mac(std::initializer_list<std::string_view> parts, unsigned char* out) const;
  Result<std::string> mac(std::initializer_list<std::string_view> parts) const;

  // True when `expected` is the whole MAC over the parts; constant time. A failure to compute is
  // false.
  bool verify(std::initializer_list<std::string_view> parts,
              std::string_view expected) const noexcept;

 private:
  struct Impl;
  explicit HmacKey(std::unique_ptr<Impl>) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatelet::crypto
