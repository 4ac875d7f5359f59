// A bearer token becomes a session that lives as long as the token, and in no cookie.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "flow/flow.hpp"
#include "jose/key_set.hpp"
#include "oidc/provider.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

// The session of a token that this provider signed: both its access and its ID token are the token;
// it is never refreshed. ends_at is when the token runs out, leeway included.
//   Requires:  a provider with metadata.
//   Failure:   Status::key_unknown, token_rejected, incomplete_identity.
Result<session::Session> bearer_session(const oidc::Provider& provider, const jose::KeySet& keys,
                                        std::string_view token, Instant now);

class VerifyBearer {
 public:
  // Whose token it may be, in the order they are asked. Not empty.
  std::vector<std::shared_ptr<const oidc::ProviderState>> candidates;
  explicit VerifyBearer(Secret t) : token(std::move(t)) {}
  Secret token;
};

// The same where metadata or keys must be fetched first: the first candidate that accepts the token
// says who it is.
//   Failure: Status::token_rejected or incomplete_identity when every candidate refused; class
//   unavailable, provider_refused or provider_bad_answer when one could not be asked at all and
//   none accepted.
Flow<session::Session> verify_bearer(VerifyBearer in);

}  // namespace gatelet::flow
