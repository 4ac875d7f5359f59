// Whether somebody who is known now gets a session.
#pragma once

#include <memory>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "policy/owned_request.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

class AdmitSession {
 public:
  std::shared_ptr<const Context> context;
  std::shared_ptr<const policy::OwnedRequest> request;
  std::shared_ptr<const session::Session> session;
  explicit AdmitSession(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// The host's hook `authenticated`, the engine's rules, the host's hook `created`, in this order.
// Whoever calls keeps the session next.
//   Failure: Status::vetoed, not_permitted: they get none.
Flow<bool> admit_session(AdmitSession in);

}  // namespace gatelet::flow
