// What a token endpoint gave.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/secret.hpp"

namespace gatelet::oidc {

// Not an aggregate (g++ 12, see http/call.hpp).
class TokenSet {
 public:
  TokenSet() = default;
  TokenSet(const TokenSet&) = default;
  TokenSet(TokenSet&&) noexcept = default;
  TokenSet& operator=(const TokenSet&) = default;
  TokenSet& operator=(TokenSet&&) noexcept = default;
  ~TokenSet() = default;

  Secret access_token;
  Secret id_token;       // empty when a refresh answer has none
  Secret refresh_token;  // empty when none was given
  std::optional<std::chrono::seconds> expires_in;
};

}  // namespace gatelet::oidc
