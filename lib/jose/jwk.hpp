// One JSON Web Key (RFC 7517), judged and ready to verify with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/pkey.hpp"
#include "jose/key_set.hpp"
#include "json/reader.hpp"

namespace gatelet::jose {

// A public key of one issuer. Its type, curve and `alg` fix what it may verify; a token only agrees
// or is refused. Immutable; shared by any number of threads.
class Key {
 public:
  // `algorithm` absent: everything its type makes (RS and PS for RSA).
  Key(std::optional<std::string> kid, std::optional<Algorithm> algorithm, crypto::PublicKey key)
      : kid_(std::move(kid)), algorithm_(algorithm), key_(std::move(key)) {}

  const std::optional<std::string>& kid() const noexcept { return kid_; }
  const std::optional<Algorithm>& algorithm() const noexcept { return algorithm_; }
  bool fits(Algorithm algorithm) const noexcept {
    return key_.fits(algorithm) && (!algorithm_ || *algorithm_ == algorithm);
  }
  const crypto::PublicKey& public_key() const noexcept { return key_; }

 private:
  std::optional<std::string> kid_;
  std::optional<Algorithm> algorithm_;
  crypto::PublicKey key_;
};

// Reads one member of "keys". Accepted: kty RSA, EC (P-256, P-384, P-521) and OKP (Ed25519) with
// their parameters in strict base64url of exact size; `use` absent or "sig"; `key_ops` absent or
// with "verify" and nothing that is no signature operation; `alg` absent or one of ours that fits
// the key; `kid` absent or 1 to max_kid_size bytes; `x5c` absent or base64 texts, not looked into.
//   Failure: Status::malformed for anything else, symmetric and private keys included; the text
//   says why and quotes nothing.
Result<std::shared_ptr<const Key>> parse_jwk(const json::Value& jwk);

}  // namespace gatelet::jose
