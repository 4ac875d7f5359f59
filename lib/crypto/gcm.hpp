// AES-GCM (NIST SP 800-38D) with nonces of 12 and tags of 16 bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatelet::crypto {

// The algorithm, ready for any key: each call brings its own, since here a key seals few values,
// often one. Shared by any number of threads. It is the caller who sees to it that no key meets a
// nonce twice.
class Gcm {
 public:
  static constexpr std::size_t nonce_size = 12;
  static constexpr std::size_t tag_size = 16;

  static Result<Gcm> make();
  Gcm(Gcm&&) noexcept;
  Gcm& operator=(Gcm&&) noexcept;
  ~Gcm();

  // ciphertext ‖ tag, appended to `out`. `key` of 16, 24 or 32 bytes; `data` is authenticated only.
  //   Failure: Status::invalid_value for a key or nonce of another size, Status::internal; `out` is
  //   then as it was.
  Result<void> seal(std::string_view key, std::string_view nonce, std::string_view data,
                    std::string_view plain, std::string& out) const;

  // Opens ciphertext ‖ tag in place: the plaintext is its first `size - tag_size` bytes.
  //   Failure: Status::session_invalid when key, nonce, data, text and tag do not belong together,
  //   or `size` is less than a tag; invalid_value and internal as above. A text that was decrypted
  //   in vain is wiped.
  Result<void> open_in_place(std::string_view key, std::string_view nonce, std::string_view data,
                             char* sealed, std::size_t size) const;

 private:
  struct Impl;
  explicit Gcm(std::unique_ptr<Impl>) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatelet::crypto
