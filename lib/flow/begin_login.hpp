// Starting a sign-in: random state, nonce and verifier, the login-state cookie, and the redirect to
// the provider.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <gatelet/decision.hpp>
#include <gatelet/engine.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "http/form.hpp"
#include "oidc/provider.hpp"
#include "policy/owned_request.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::flow {

// What the caller wishes beyond what the request says; owned copies of LoginOptions.
struct LoginWish {
  std::string return_to, prompt, login_hint, acr_values;
  // The request carries session cookies that are no good. Whether the answer that begins this
  // attempt expires them; empty: it does not.
  using Clears = std::function<bool(std::string_view hashed_state, Instant now)>;
  Clears clears_session;
  http::Params params;  // of the request, allowed; those above win
};

// The redirect, from memory. Requires provider.has_metadata.
//   Failure: Status::no_entropy or internal.
Result<Decision> begin_login(const Context&, const oidc::ProviderState&,
                             const policy::RequestFacts&, const LoginWish&, Instant now);

class BeginLogin {
 public:
  std::shared_ptr<const Context> context;
  std::string provider_id;
  std::shared_ptr<const policy::OwnedRequest> request;
  LoginWish wish;
  explicit BeginLogin(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// The same when the provider's metadata is not there yet: one Refetch (metadata), then the
// redirect.
//   Failure: as the refetch, or as above.
Flow<Decision> begin_login_with_metadata(BeginLogin in);

}  // namespace gatelet::flow
