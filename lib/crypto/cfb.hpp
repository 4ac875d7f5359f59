// AES in CFB-128 mode, as oauth2-proxy encrypts cookies. It hides, it does not authenticate: an
// HMAC stands around it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <gatelet/ports.hpp>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace gatelet::crypto {

// A keyed AES-CFB128. Shared by any number of threads, like HmacKey.
class CfbKey {
 public:
  static constexpr std::size_t iv_size = 16;

  // `key` of 16, 24 or 32 bytes; another size is Status::invalid_value.
  static Result<CfbKey> make(const Secret& key);
  CfbKey(CfbKey&&) noexcept;
  CfbKey& operator=(CfbKey&&) noexcept;
  ~CfbKey();

  // iv ‖ ciphertext. Failure: Status::no_entropy or internal.
  Result<std::string> encrypt(std::string_view plain, Entropy&) const;

  // Decrypts iv ‖ ciphertext in place: the plaintext is sealed.subspan(iv_size). Shorter than an iv
  // is Status::session_invalid.
  Result<void> decrypt_in_place(char* sealed, std::size_t size) const;
  Result<std::string> decrypt(std::string_view sealed) const;

 private:
  struct Impl;
  explicit CfbKey(std::unique_ptr<Impl>) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatelet::crypto
