#include "flow/save_session.hpp"

#include <utility>

#include "flow/load_session.hpp"
#include "policy/answer.hpp"
#include "policy/return_to.hpp"
#include "session/cookie_session.hpp"
#include "session/lifetime.hpp"
#include "session/ticket.hpp"

namespace gatelet::flow {
namespace {

Result<std::vector<std::string>> cookies_of(const SaveSession& in, const session::Session& session,
                                            Instant now) {
  const auto& context = *in.context;
  const auto& facts = in.request->facts();
  auto cookies = session::write_session(context.session, *context.cookie_keys, session, facts.host,
                                        facts.headers, *context.entropy, now);
  // One that is too large says session_invalid, which is about sessions that come in.
  if (!cookies.ok() && cookies.error().status == Status::session_invalid) {
    return Error{Status::internal, cookies.error().text};
  }
  return cookies;
}

Result<StoreCall> put_of(const Context& context, const session::Session& session, Instant now) {
  auto record = session::seal_record(context.session, *context.gcm, *session.ticket, session,
                                     *context.entropy);
  if (!record.ok()) {
    const bool is_too_large = record.error().status == Status::session_invalid;
    return Error{is_too_large ? Status::internal : record.error().status, record.error().text};
  }
  return StoreCall::put(session.ticket->id, std::move(record).value(),
                        session::store_lifetime(session, context.session, now));
}

}  // namespace

Flow<std::vector<std::string>> save_session(SaveSession in) {
  const auto& context = *in.context;
  const auto at = co_await now();
  if (!context.session.is_stored) {
    auto cookies = cookies_of(in, *in.session, at);
    co_return std::move(cookies);
  }
  auto made = session::make_ticket(context.session, *context.entropy);
  auto ticket = co_await std::move(made);
  auto session = *in.session;
  session.ticket = std::make_shared<const session::Ticket>(std::move(ticket));
  const auto old = tickets_of(context, in.request->facts().headers, at);

  auto put = put_of(context, session, at);
  auto call = co_await std::move(put);
  (void)co_await std::move(call);
  for (const auto& one : old) {
    auto erase = StoreCall::erase(one->id);
    (void)co_await attempt(std::move(erase));  // it ends by itself otherwise
  }
  auto cookies = cookies_of(in, session, at);
  co_return std::move(cookies);
}

Flow<Decision> begin_session(SaveSession in, std::string return_to) {
  auto saving = save_session(in);
  auto cookies = co_await std::move(saving);
  const auto target = policy::choose_return({return_to}, in.context->policy.return_to);
  co_return policy::redirect_to(target.text(), cookies, Reason::signed_in, in.session);
}

}  // namespace gatelet::flow
