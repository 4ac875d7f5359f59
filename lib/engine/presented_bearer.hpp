// The bearer token a request presents: verified with the keys at hand, or remembered from before.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/presented.hpp"
#include "engine/question.hpp"
#include "oidc/provider.hpp"
#include "policy/bearer_credential.hpp"
#include "session/session.hpp"

namespace gatelet::engine {

struct PresentedBearer {
  enum class Kind : std::uint8_t {
    accepted,
    rejected,
    unknown,  // keys must be fetched first
  };
  Kind kind = Kind::rejected;
  std::shared_ptr<const session::Session> session;                     // accepted
  std::vector<std::shared_ptr<const oidc::ProviderState>> candidates;  // unknown: whom to ask
};

// Requires a credential that is not `none`. The providers are tried in order, then the issuers of
// extra_jwt_issuers.
PresentedBearer present_bearer(const Memory& memory, const policy::BearerCredential& credential,
                               Instant now);

// The person behind a token that was accepted.
Presented behind_token(std::shared_ptr<const session::Session> session);

}  // namespace gatelet::engine
