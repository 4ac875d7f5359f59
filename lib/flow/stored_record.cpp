#include "flow/stored_record.hpp"

#include <utility>

#include "session/lifetime.hpp"

namespace gatelet::flow {

Flow<bool> erase_stored(SharedTicket ticket) {
  auto call = StoreCall::erase(ticket->id);
  (void)co_await std::move(call);
  co_return true;
}

SharedSession open_stored(const Context& context, const SharedTicket& ticket, std::string sealed) {
  auto session = session::open_record(context.session, *context.gcm, *ticket, std::move(sealed));
  if (!session.ok()) return nullptr;
  session->ticket = ticket;
  return std::make_shared<const session::Session>(std::move(session).value());
}

Flow<StoredRecord> read_stored(std::shared_ptr<const Context> context, SharedTicket ticket) {
  auto call = StoreCall::get(ticket->id);
  auto reply = co_await std::move(call);
  StoredRecord record;
  if (reply.record) {
    record.sealed = std::move(*reply.record);
    record.session = open_stored(*context, ticket, record.sealed);
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
