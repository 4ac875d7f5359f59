// Renewing a session in a store, once for all processes that share it.
#pragma once

#include "flow/flow.hpp"
#include "flow/refresh_session.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

// Renews the tokens as refresh_session does, under the session's lock in the store, and puts the
// result there under the same ticket, where the record is still the one that was read: what others
// wrote into it meanwhile is kept, and a session that was ended is not brought back. Whoever finds
// the lock taken waits for the other's result, at most five seconds, and so does whoever gets the
// lock and finds the session renewed: no second grant is sent. The driver extends the lock while
// the provider is slow.
//   Requires: the session has a ticket.
//   Failure: as refresh_session; Status::grant_ended too when the store has no such session any
//            more. Status::store_unreachable before anything was sent: the session stays until its
//            own expiry. A store that fails after the grant loses nothing: the result is put there
//            again for a while, and then counts in this process alone.
Flow<session::Session> refresh_stored_session(RefreshSession in);

}  // namespace gatelet::flow
