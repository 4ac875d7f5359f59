// The beginning of a session: where it is kept from here on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gatelet/decision.hpp>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "policy/owned_request.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

class SaveSession {
 public:
  std::shared_ptr<const Context> context;
  std::shared_ptr<const policy::OwnedRequest> request;
  std::shared_ptr<const session::Session> session;
  std::string request_id;  // for error pages of begin_session; empty: as the request names itself
  explicit SaveSession(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// The Set-Cookie values that begin the session. With a store it is put there under a ticket nobody
// has seen before and entered into its person's index, and what the request's own tickets open is
// erased: whoever planted a ticket keeps nothing by it.
//   Failure: Status::store_unreachable; Status::no_entropy or internal, also for a session that is
//   too large.
Flow<std::vector<std::string>> save_session(SaveSession in);

// The same for somebody who is admitted (flow/admit_session.hpp), ending in a redirect to
// `return_to`, which is judged again. For anybody else it is a 403 page, and nothing is kept.
//   Failure: as save_session.
Flow<Decision> begin_session(SaveSession in, std::string return_to);

}  // namespace gatelet::flow
