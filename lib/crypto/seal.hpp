// Authenticated encryption under a key that may seal any number of values: XAES-256-GCM
// (c2sp.org/XAES-256-GCM).
//
// The 24 bytes of a nonce are drawn at random. The first 12 give, by the KDF of NIST SP 800-108
// with AES-CMAC, a key that serves this value alone; the last 12 are AES-GCM's nonce. So there is
// no counter to keep and no limit that a busy service could reach (2^80 values for a chance of
// 2^-32 that a nonce comes twice), where plain GCM with random nonces ends at 2^32.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <gatelet/ports.hpp>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/gcm.hpp"

namespace gatelet::crypto {

// Shared by any number of threads, like HmacKey. Its Gcm is shared by keys.
class SealKey {
 public:
  static constexpr std::size_t key_size = 32;
  static constexpr std::size_t nonce_size = 24;
  static constexpr std::size_t tag_size = Gcm::tag_size;

  // `key` of 32 bytes; another size is Status::invalid_value. Failure: Status::internal.
  static Result<SealKey> make(const Secret& key, std::shared_ptr<const Gcm> gcm);
  SealKey(SealKey&&) noexcept;
  SealKey& operator=(SealKey&&) noexcept;
  ~SealKey();

  // nonce ‖ ciphertext ‖ tag, appended to `out`. `data` is authenticated only.
  //   Failure: Status::no_entropy or internal; `out` is then as it was.
  Result<void> seal(std::string_view data, std::string_view plain, Entropy&,
                    std::string& out) const;

  // Opens nonce ‖ ciphertext ‖ tag in place. The plaintext: a view into `sealed`.
  //   Failure: Status::session_invalid when key, data and value do not belong together; what was
  //   decrypted in vain is wiped. Status::internal.
  Result<std::string_view> open_in_place(std::string_view data, char* sealed,
                                         std::size_t size) const;

 private:
  struct Impl;
  explicit SealKey(std::unique_ptr<Impl>) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatelet::crypto
