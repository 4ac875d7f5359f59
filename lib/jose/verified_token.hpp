// The only way from the text of a signed token to its claims.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "jose/claims.hpp"
#include "jose/compact.hpp"
#include "jose/key_set.hpp"

namespace gatelet::jose {

// A token whose signature and claims were checked. Only verify() makes one.
class VerifiedToken {
 public:
  const json::Value& claims() const noexcept { return claims_; }
  std::string_view subject() const noexcept;  // empty only when allow_missing_subject was set
  std::string_view issuer() const noexcept;
  std::optional<std::int64_t> expires_at() const noexcept;  // Unix seconds
  Algorithm algorithm() const noexcept { return algorithm_; }

 private:
  friend Result<VerifiedToken> verify(std::string_view, const KeySet&, const Expectations&,
                                      Instant);
  VerifiedToken(json::Value claims, Algorithm algorithm)
      : claims_(std::move(claims)), algorithm_(algorithm) {}

  json::Value claims_;
  Algorithm algorithm_;
};

// Verifies a compact JWS (RFC 7515): size, form, header (no crit, no b64, no zip, no key material
// is looked at), the algorithm against `expect` and the key, the signature, and only then the
// claims.
//   Failure: Status::key_unknown when the set has no fitting key (a refetch may help);
//   Status::token_rejected for everything else. No claim is available then.
Result<VerifiedToken> verify(std::string_view compact, const KeySet& keys,
                             const Expectations& expect, Instant now);

}  // namespace gatelet::jose
