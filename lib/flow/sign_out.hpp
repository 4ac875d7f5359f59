// Signing out: here, and at the provider when end_session is on (OpenID Connect RP-Initiated
// Logout 1.0).
#pragma once

#include <memory>
#include <string>

#include <gatelet/decision.hpp>

#include "base/instant.hpp"
#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "oidc/provider.hpp"
#include "policy/owned_request.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

class SignOut {
 public:
  std::shared_ptr<const Context> context;
  std::shared_ptr<const oidc::ProviderState> provider;  // of the session, else the first one
  std::shared_ptr<const policy::OwnedRequest> request;
  std::shared_ptr<const session::Session> session;  // null when there is none
  std::string return_to;                            // SignOutOptions
  explicit SignOut(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Cookies cleared and a redirect: to the provider's end_session endpoint with id_token_hint and a
// state kept in a short-lived signed cookie, or to the return target (`rd`,
// X-Auth-Request-Redirect; `{id_token}` filled in). Metadata that is absent is refetched first;
// when that fails the sign-out happens here only. Never fails for the provider's fault.
Flow<Decision> sign_out(SignOut in);

// PREFIX/signed_out, where the provider sends the browser back: the state must be the one sign_out
// sent (else 403), then on to the return target. From memory.
Result<Decision> finish_sign_out(const Context&, const policy::RequestFacts&, Instant now);

}  // namespace gatelet::flow
