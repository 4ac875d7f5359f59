// Tokens that a program presents itself (RFC 6750), signed by a provider or an issuer the settings
// name.
#pragma once

#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "jose/key_set.hpp"
#include "jose/verified_token.hpp"
#include "oidc/identity.hpp"
#include "oidc/provider.hpp"

namespace gatelet::oidc {

// Whom a token calls its issuer, unverified: good to choose whose keys to try, and for nothing
// else. Empty when it names nobody.
std::string claimed_issuer(std::string_view token);

// Verifies a bearer token: signature, issuer, audience (the client or one of extra_audiences;
// others beside it are no objection), times. ID tokens and signed access tokens are both taken.
//   Requires:  a provider whose algorithms are settled.
//   Failure:   Status::key_unknown when the set has no fitting key; Status::token_rejected.
Result<jose::VerifiedToken> verify_bearer_token(const Provider& provider, const jose::KeySet& keys,
                                                std::string_view token, Instant now);

// Whom a verified bearer token is about: its claims alone, userinfo is not asked.
//   Failure: Status::incomplete_identity, as person_of; an address is not required.
Result<PersonClaims> bearer_person(const Provider& provider, const jose::VerifiedToken& token);

}  // namespace gatelet::oidc
