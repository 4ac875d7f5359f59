// Renewing a session in cookies, once for all processes that have a store beside their cookies.
//
// The store is a help here, no place where sessions are: what it cannot do costs no session. The
// lock and the result are found by the refresh token that is used up (session/refresh_result.hpp).
#pragma once

#include <memory>
#include <optional>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "flow/refresh_session.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

// Renews the tokens as refresh_session does, under a lock, and leaves the result in the store for
// whoever still brings the old cookie, to whatever process. Whoever finds a result takes it,
// whoever finds the lock taken waits for it, looking every 50 ms, at most fifteen seconds, which is
// longer than a provider may take: no second grant is sent. A result that was there from before and
// is due itself by now is renewed in its turn; one that is over ends the session. The driver
// extends the lock meanwhile; that of a process that died ends with its lease of two seconds.
//   Requires: the session has a refresh token and no ticket, and there is a store.
//   Failure: as refresh_session. Status::grant_ended too where the session was ended elsewhere, or
//   here meanwhile.
//   Status::store_unreachable when no grant was sent: nothing came of the other's renewal in that
//   time, or the store is down and the session outlives its tokens, which a provider that revokes
//   on reuse would end. One that its tokens end is renewed all the same while the store is down, as
//   where there is none: it would be over for certain.
//   Where a result was found that goes on, trouble with its renewal is none: it is the answer.
//   A store that fails after the grant loses nothing: the result is put there again for a while,
//   and then counts in this process alone, as does one of a renewal while the store was down; both
//   are told to on_not_put.
Flow<session::Session> refresh_shared_session(RefreshSession in);

// Puts such a result where the others look, once the store is back. True: it stands there, or one
// of another process' does; false: the session was ended meanwhile.
//   Failure: Status::store_unreachable; Status::session_invalid, no_entropy, internal.
Flow<bool> share_renewed(std::shared_ptr<const Context> context,
                         std::shared_ptr<const session::Session> old,
                         std::shared_ptr<const session::Session> renewed);

// Tells all processes that the session is over, and what it was, or is, renewed to: an end stands
// where each of their refresh tokens is looked for, sixteen at most. `until`: sessions that began
// later are not meant, though their provider gave them the same token; nullopt: than now.
//   Requires: as above.
//   Failure: Status::store_unreachable, no_entropy, internal.
Flow<bool> end_shared_session(std::shared_ptr<const Context> context,
                              std::shared_ptr<const session::Session> session,
                              std::optional<session::Timestamp> until = std::nullopt);

}  // namespace gatelet::flow
