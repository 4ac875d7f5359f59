// What an ID token must say, at sign-in (OpenID Connect Core 3.1.3.7) and after a refresh (12.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "jose/claims.hpp"
#include "jose/key_set.hpp"
#include "jose/verified_token.hpp"
#include "oidc/callback.hpp"
#include "oidc/provider.hpp"
#include "oidc/token_set.hpp"

namespace gatelet::oidc {

// Issuer, audience (the client and extra_audiences), azp, algorithms, leeway; at_hash against the
// access token; the nonce of this attempt unless the provider uses none.
//   Requires:  a settled provider.
//   Failure:   Status::internal (out of memory).
Result<jose::Expectations> login_expectations(const Provider& provider, const LoginState& state,
                                              const TokenSet& tokens);

// What every token of this provider must say, whoever brings it: issuer, algorithms, audience.
jose::Expectations signer_expectations(const Provider& provider);

// Verifies the ID token that came with a sign-in.
//   Failure: Status::key_unknown when the set has no fitting key (refetch it and ask again);
//   Status::token_rejected for everything else.
Result<jose::VerifiedToken> verify_login_token(const Provider& provider, const jose::KeySet& keys,
                                               const LoginState& state, const TokenSet& tokens,
                                               Instant now);

// What a session remembers of the tokens it began with.
struct Remembered {
  std::string subject;                    // empty: unknown, and no new ID token is accepted
  std::string issuer;                     // empty: unknown
  std::optional<std::string> nonce;       // as it stood in the token: the hash
  std::optional<std::int64_t> auth_time;  // Unix seconds
  std::vector<std::string> audiences;     // empty: unknown
};

// From a session: its last ID token, which was verified when it came and has been sealed since (may
// be empty: not kept), its subject (counts when the token is not kept), and the nonce of its
// sign-in as raw bytes (empty: none).
//   Failure: Status::internal.
Result<Remembered> remember(const Secret& id_token, std::string_view subject,
                            std::string_view nonce);

// Verifies the ID token that came with a refresh: as at sign-in, a nonce not required; then the
// same subject, issuer, audiences, and, where the new token has them, the same auth_time and nonce.
//   Failure: as verify_login_token.
Result<jose::VerifiedToken> verify_refreshed_token(const Provider& provider,
                                                   const jose::KeySet& keys,
                                                   const Remembered& before, const TokenSet& tokens,
                                                   Instant now);

}  // namespace gatelet::oidc
