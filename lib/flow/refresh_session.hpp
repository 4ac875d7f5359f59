// Renewing the tokens behind a session (OpenID Connect Core 12).
#pragma once

#include <memory>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "oidc/provider.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

class RefreshSession {
 public:
  std::shared_ptr<const Context> context;
  std::shared_ptr<const oidc::ProviderState> provider;
  std::shared_ptr<const session::Session> session;  // has a refresh token
  explicit RefreshSession(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// The session with new tokens, created_at set to the reply's time, identity as the new ID token
// says (same issuer and subject, or Status::token_rejected). An omitted refresh token keeps the old
// one.
//   Failure: Status::grant_ended: the provider said invalid_grant or invalid_client, the session is
//   over.
//            class unavailable, provider_bad_answer, token_rejected: the session stays until its
//            own expiry.
Flow<session::Session> refresh_session(RefreshSession in);

}  // namespace gatelet::flow
