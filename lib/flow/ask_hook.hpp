// Asking the host at a moment in a session's life (gatelet/ports.hpp, SessionHooks).
#pragma once

#include <memory>

#include <gatelet/ports.hpp>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "policy/owned_request.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

class AskHook {
 public:
  std::shared_ptr<const Context> context;
  SessionEvent::Moment moment;
  std::shared_ptr<const session::Session> session;
  std::shared_ptr<const policy::OwnedRequest> request;  // null: none brought it about
  AskHook(std::shared_ptr<const Context> c, SessionEvent::Moment m)
      : context(std::move(c)), moment(m) {}
};

// True when the host has nothing against it. Without a hook for this moment nothing is asked: no
// effect.
//   Failure: Status::vetoed; Status::cancelled: the engine ends, and the hook was not called.
Flow<bool> ask_hook(AskHook in);

}  // namespace gatelet::flow
