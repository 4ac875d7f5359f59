// Signing out: here, and at the provider when end_session is on (OpenID Connect RP-Initiated
// Logout 1.0).
#pragma once

#include <functional>
#include <memory>
#include <optional>
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
  std::optional<Error> trouble;                     // whether there is one could not be found out
  std::string return_to;                            // SignOutOptions
  std::function<void(const Error&)>
      on_backend_failed;  // what backend_logout_url came to; may be empty
  explicit SignOut(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Sessions in a store are erased there first; when the store cannot be reached then, or was not
// when it was asked for the session, the answer is a 503 page that clears the cookies all the same,
// and nothing else happens.
// The host's hook `ended` comes next; its veto makes the answer a 403 page that clears the cookies,
// and nothing else happens.
// The provider's backend_logout_url is called once, where there is one and a session; whatever it
// comes to, the sign-out goes on. Cookies cleared and a redirect: with end_session on to the
// provider's end_session endpoint, with id_token_hint and a state kept in a cookie
// (flow/sign_out_state.hpp), else to the return target: `return_to`, `rd` or
// X-Auth-Request-Redirect, the first that is allowed, else "/"; `{id_token}` in it is filled in.
// Metadata that is absent is refetched first; when that fails, or the provider has no such
// endpoint, the sign-out happens here only.
//   Failure: none; Status::out_of_memory or cancelled by the driver.
Flow<Decision> sign_out(SignOut in);

// PREFIX/signed_out, where the provider sends the browser back: the state must be the one sign_out
// sent (else a 403 page), then on to the return target. Either way the state's cookie is cleared.
// From memory.
//   Failure: none.
Result<Decision> finish_sign_out(const Context&, const policy::RequestFacts&, Instant now);

}  // namespace gatelet::flow
