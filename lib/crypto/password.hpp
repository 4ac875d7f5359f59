// Passwords as htpasswd files keep them: {SHA}, which is SHA-1 without salt, and bcrypt.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatelet::crypto {

class PasswordHash {
 public:
  // Reads `{SHA}` with base64 of the 20 bytes, or bcrypt as $2a$, $2b$, $2x$ or $2y$ with a cost of
  // 4 to 16; all four letters mean the same computation, as in oauth2-proxy.
  //   Failure: Status::invalid_value; the text says what is wrong, not what stands there.
  static Result<PasswordHash> parse(std::string_view text);

  // Tens of milliseconds of computing, seconds at a high cost: not for a thread that decides.
  bool is_slow() const noexcept { return is_bcrypt_; }

  // What tells this hash from every other one: the salt and the digest.
  std::string_view text() const noexcept { return text_; }

  // Whether this is the password, in constant time but for its length; nullopt: slow, so it was not
  // looked at. Blocking: never.
  std::optional<bool> quick_match(std::string_view password) const noexcept;

  // The same for every hash, however long it takes. Of a password longer than 72 bytes bcrypt looks
  // at the first 72; one with a NUL inside matches nothing.
  bool slow_match(std::string_view password) const noexcept;

 private:
  PasswordHash(std::string text, bool is_bcrypt) : text_(std::move(text)), is_bcrypt_(is_bcrypt) {}
  std::string text_;  // of {SHA} the 20 bytes, of bcrypt the setting from $2b$ on
  bool is_bcrypt_;
};

}  // namespace gatelet::crypto
