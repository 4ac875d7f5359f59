// Ending all sessions of one person, in whichever process and browser they are.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "flow/session_index.hpp"
#include "session/deny_list.hpp"

namespace gatelet::flow {

class RevokeSessions {
 public:
  std::shared_ptr<const Context> context;
  session::Denial denial;
  // Told what the store has of it once it has it. May be empty.
  std::function<void(const session::Denial&)> on_denied;
  explicit RevokeSessions(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Puts the denial on the deny list in the store, then ends the sessions that the person's index
// knows, but for the one that is kept; those that were ended. One that an earlier denial had ended
// is not kept.
//   Failure: as deny() and end_sessions(). The earlier step stays done; where there is no room for
//   the denial, the sessions of the index are ended all the same.
Flow<IndexEntries> revoke_sessions(RevokeSessions in);

}  // namespace gatelet::flow
