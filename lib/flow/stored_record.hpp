// One record in the store: as it was read, and the call that puts another in its place.
#pragma once

#include <memory>
#include <string>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "session/session.hpp"
#include "session/ticket.hpp"

namespace gatelet::flow {

using SharedTicket = std::shared_ptr<const session::Ticket>;
using SharedSession = std::shared_ptr<const session::Session>;

class StoredRecord {
 public:
  SharedSession session;  // with its ticket; null: none is there, or one that is not this ticket's
  std::string sealed;     // the bytes as they are in the store; empty: none, or too many
  StoredRecord() = default;
};

// What the store has under the ticket's id.
//   Failure: Status::store_unreachable.
Flow<StoredRecord> read_stored(std::shared_ptr<const Context> context, SharedTicket ticket);

// Ends what is there, or is not.
//   Failure: Status::store_unreachable.
Flow<bool> erase_stored(SharedTicket ticket);

// The session in what a store answered to get(). Null: nothing is there.
//   Failure: Status::session_invalid, session_too_large: what is there is not this ticket's. It may
//   be anybody's, and is left alone. Else the store's, as Status::store_unreachable.
Result<SharedSession> open_stored(const Context& context, const SharedTicket& ticket,
                                  Result<StoreReply> reply);

// Whether such a failure is about what is there, not about the store.
inline bool is_refusal(Status failure) noexcept {
  return failure == Status::session_invalid || failure == Status::session_too_large;
}

// Puts `session` where the very bytes of `before` still are, kept for what is left of it at `now`.
// Whoever changed or erased the record meanwhile stays right. Sent again as it is, it counts once.
//   Requires: before.session is there, and `session` has its ticket.
//   Failure: as session::seal_record.
Result<StoreCall> swap_stored(const Context& context, const StoredRecord& before,
                              const session::Session& session, Instant now);

}  // namespace gatelet::flow
