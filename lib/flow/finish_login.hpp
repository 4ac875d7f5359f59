// The callback: from an authorization response to a session.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gatelet/decision.hpp>

#include "base/instant.hpp"
#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "flow/save_session.hpp"
#include "http/form.hpp"
#include "oidc/callback.hpp"
#include "oidc/provider.hpp"
#include "policy/owned_request.hpp"

namespace gatelet::flow {

class FinishLogin {
 public:
  std::shared_ptr<const Context> context;
  std::shared_ptr<const oidc::ProviderState> provider;  // what it lacks is refetched
  std::shared_ptr<const policy::OwnedRequest> request;
  http::Params params;       // of the query or the form, as the response mode says
  oidc::LoginState state;    // opened from the cookie
  std::string hashed_state;  // names the cookie to clear
  std::string return_to;     // from the state parameter; judged again
  std::string request_id;    // for error pages; empty: as the request names itself
  // Told why a sign-in was refused, for the operator's log: the page does not say. May be empty.
  std::function<void(const Error&)> on_refused;
  OnSaveNote on_note;  // told how the session is kept, where that is worth a word; may be empty
  std::function<void()> on_replaced;  // as SaveSession's
  explicit FinishLogin(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Redeems the code once, verifies, completes the identity, admits it (flow/admit_session.hpp),
// writes the session. A
// success is a 302 to the return path with the session cookies; identity() is null. Whoever is at
// fault for a failure, it ends in a Decision too: an error page (502, 503, 403, 400, 500) that
// touches no session cookie. Both clear the login-state cookie.
//   Failure: Status::cancelled.
Flow<Decision> finish_login(FinishLogin in);

}  // namespace gatelet::flow
