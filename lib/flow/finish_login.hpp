// The callback: from an authorization response to a session.
#pragma once

#include <memory>
#include <string>

#include <gatelet/decision.hpp>

#include "base/instant.hpp"
#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "http/form.hpp"
#include "oidc/callback.hpp"
#include "oidc/provider.hpp"
#include "policy/owned_request.hpp"

namespace gatelet::flow {

class FinishLogin {
 public:
  std::shared_ptr<const Context> context;
  std::shared_ptr<const oidc::ProviderState>
      provider;  // may lack metadata or keys: the flow refetches
  std::shared_ptr<const policy::OwnedRequest> request;
  http::Params params;       // of the query or the form, as the response mode says
  oidc::LoginState state;    // opened from the cookie
  std::string hashed_state;  // names the cookie to clear
  std::string return_to;     // from the state parameter; judged again
  explicit FinishLogin(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Redeems the code once, verifies, completes the identity, authorises, writes the session. Never
// fails for the provider's or the browser's fault: that ends in a Decision, an error page (502,
// 403, 400) which clears the login-state cookie and no session cookie. A success is a 302 to the
// return path with the session cookies, the login-state cookie cleared, and identity() null.
//   Failure: only what the driver itself reports (cancelled, too_many_operations) and internal.
Flow<Decision> finish_login(FinishLogin in);

}  // namespace gatelet::flow
