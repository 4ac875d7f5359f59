// Public keys, parsed once, and the one signature algorithm each is used with.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace gatelet::crypto {

enum class SignatureAlgorithm : std::uint8_t {
  rs256,
  rs384,
  rs512,
  ps256,
  ps384,
  ps512,
  es256,
  es384,
  es512,
  eddsa
};

// A public key with prepared verification contexts. Immutable; shared by any number of threads.
class PublicKey {
 public:
  enum class Kind : std::uint8_t { rsa, ec_p256, ec_p384, ec_p521, ed25519 };

  // Each is Status::malformed for a key that no signature should be believed of; the text says why.

  // Big-endian unsigned integers without leading zeros, as crypto/rsa_modulus.hpp wants them: 2048
  // to 8192 bits, an odd exponent of 3 or more and at most 64 bits.
  static Result<PublicKey> rsa(std::string_view modulus, std::string_view exponent);
  // Coordinates of exactly the curve's size (32, 48, 66 bytes) that name a point on it; not
  // infinity.
  static Result<PublicKey> ec(Kind curve, std::string_view x, std::string_view y);
  // 32 bytes; small-order points are refused.
  static Result<PublicKey> ed25519(std::string_view x);
  // PEM "PUBLIC KEY" or "CERTIFICATE"; only the kinds above.
  static Result<PublicKey> pem(std::string_view text);

  PublicKey(PublicKey&&) noexcept;
  PublicKey& operator=(PublicKey&&) noexcept;
  ~PublicKey();

  Kind kind() const noexcept;
  // Whether this kind of key makes such signatures (ES256 goes with P-256 only, and so on).
  bool fits(SignatureAlgorithm) const noexcept;

  // True when `signature`, in JOSE form (RFC 7518: r ‖ s for ECDSA, modulus size for RSA), is valid
  // for `data`. Anything else, an OpenSSL error included, is false.
  bool verify(SignatureAlgorithm, std::string_view data, std::string_view signature) const noexcept;

 private:
  struct Impl;
  explicit PublicKey(std::unique_ptr<Impl>) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatelet::crypto
