// Ending all sessions of one person, in whichever process and browser they are.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "flow/session_index.hpp"
#include "session/deny_list.hpp"

namespace gatelet::flow {

class RevokeSessions {
 public:
  std::shared_ptr<const Context> context;
  std::vector<session::Denial> denials;  // one for each name of the person; one ticket is kept
  // Told what the store has of each once it has it. May be empty.
  std::function<void(const session::Denial&)> on_denied;
  // Told what was ended where the denial found no room: the result is that failure. May be empty.
  std::function<void(const IndexEntries&, Instant)> on_ended_only;
  explicit RevokeSessions(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// Puts the denials on the deny list in the store, then ends the sessions that the person's index
// knows, but for the one that is kept; those that were ended. One that an earlier denial had ended
// is not kept.
//   Failure: as deny() and end_sessions(). The earlier step stays done; where there is no room for
//   the denial, the sessions of the index are ended all the same.
Flow<IndexEntries> revoke_sessions(RevokeSessions in);

}  // namespace gatelet::flow
