// Renewing a session in a store, once for all processes that share it.
#pragma once

#include "flow/flow.hpp"
#include "flow/refresh_session.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

// Renews the tokens as refresh_session does, under the session's lock in the store, and puts the
// result there under the same ticket, where the record is still the one that was read: what others
// wrote into it meanwhile is kept, and a session that was ended is not brought back. Whoever finds
// the lock taken waits for the other's result, at most fifteen seconds, and so does whoever gets
// the lock and finds the session renewed: no second grant is sent. The driver extends the lock
// while the provider is slow. A grant that has ended erases the record only under the lock and
// where nobody has renewed it: a process that was held up takes the other's result. What is_over
// says after the result was put erases it; the session is returned all the same, for whoever asked
// to judge.
//   Requires: the session has a ticket.
//   Failure: as refresh_session; Status::grant_ended too when the store has no such session any
//            more. Status::store_unreachable before anything was sent, or while another process
//            takes too long: the session stays until its own expiry. A store that fails after the
//            grant loses nothing: the result is put there again for a while, and then told to
//            on_not_put, for put_renewed.
Flow<session::Session> refresh_stored_session(RefreshSession in);

// Puts new tokens there that the store did not take before. True: done, or needed no longer, since
// the session was ended or renewed again.
//   Failure: Status::store_unreachable: to be tried again. As session::seal_record.
Flow<bool> put_renewed(std::shared_ptr<const Context> context,
                       std::shared_ptr<const session::Session> renewed);

}  // namespace gatelet::flow
