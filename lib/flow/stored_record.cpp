#include "flow/stored_record.hpp"

#include <utility>

#include "session/lifetime.hpp"

namespace gatelet::flow {

Flow<bool> erase_stored(SharedTicket ticket) {
  auto call = StoreCall::erase(ticket->id);
  (void)co_await std::move(call);
  co_return true;
}

Result<SharedSession> open_stored(const Context& context, const SharedTicket& ticket,
                                  Result<StoreReply> reply) {
  if (!reply.ok()) return std::move(reply).error();
  if (!reply->record) return SharedSession();
  auto session =
      session::open_record(context.session, *context.gcm, *ticket, std::move(*reply->record));
  if (!session.ok()) return std::move(session).error();
  session->ticket = ticket;
  return std::make_shared<const session::Session>(std::move(session).value());
}

Flow<StoredRecord> read_stored(std::shared_ptr<const Context> context, SharedTicket ticket) {
  auto call = StoreCall::get(ticket->id);
  auto asked = attempt(std::move(call));
  auto reply = co_await std::move(asked);
  StoredRecord record;
  if (reply.ok()) record.sealed = reply->record.value_or(std::string());
  auto session = open_stored(*context, ticket, std::move(reply));
  if (session.ok()) {
    record.session = std::move(session).value();
  } else if (!is_refusal(session.error().status)) {
    co_return std::move(session).error();
  }
  co_return record;
}

Result<StoreCall> swap_stored(const Context& context, const StoredRecord& before,
                              const session::Session& session, Instant now) {
  auto sealed = session::seal_record(context.session, *context.gcm, *session.ticket, session,
                                     *context.entropy);
  if (!sealed.ok()) return std::move(sealed).error();
  return StoreCall::swap(session.ticket->id, before.sealed, std::move(sealed).value(),
                         session::store_lifetime(session, context.session, now));
}

}  // namespace gatelet::flow
