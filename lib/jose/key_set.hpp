// A JWK Set (RFC 7517): the keys one issuer signs with, parsed once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/pkey.hpp"

namespace gatelet::jose {

using Algorithm = crypto::SignatureAlgorithm;

// "RS256" and so on, byte-exact; nullopt for anything else, `none` and the HS family included.
std::optional<Algorithm> parse_algorithm(std::string_view name) noexcept;
std::string_view algorithm_name(Algorithm) noexcept;

class Key;  // one usable key: kid, the algorithms it may verify, the PublicKey (jose/jwk.hpp)

// Immutable; copies share the keys.
class KeySet {
 public:
  KeySet() = default;
  explicit KeySet(std::vector<std::shared_ptr<const Key>> keys) : keys_(std::move(keys)) {}

  bool empty() const noexcept { return keys_.empty(); }
  const std::vector<std::shared_ptr<const Key>>& keys() const noexcept { return keys_; }

  // The one key for this `kid` (absent: any) and algorithm.
  //   Failure: Status::key_unknown when none fits (a refetch may help), Status::token_rejected when
  //   several do.
  Result<std::shared_ptr<const Key>> select(std::optional<std::string_view> kid, Algorithm) const;

 private:
  std::vector<std::shared_ptr<const Key>> keys_;
};

// Reads a JWKS document. Keys that cannot be used (other kty, use or key_ops, bad sizes, private
// members, symmetric keys) are left out, each for a reason that `skipped` receives when given.
//   Failure: Status::provider_bad_answer when the document is no JWK Set or holds more than 256
//   keys.
Result<KeySet> parse_key_set(std::string_view json, std::vector<std::string>* skipped = nullptr);

// A set of one key without kid from PEM text (oidc_public_key_files).
Result<KeySet> key_set_from_pem(const std::vector<std::string>& pems);

}  // namespace gatelet::jose
