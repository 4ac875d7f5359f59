#include "flow/save_session.hpp"

#include <utility>

#include "flow/admit_session.hpp"
#include "flow/load_session.hpp"
#include "flow/session_index.hpp"
#include "http/header.hpp"
#include "http/ip.hpp"
#include "policy/answer.hpp"
#include "policy/free_pass.hpp"
#include "policy/pages.hpp"
#include "policy/request_id.hpp"
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

// What tells the session from the person's others, before there is a record: one that could not be
// entered is not begun either, so that none escapes whoever ends them all.
IndexSession entry_of(const SaveSession& in, SharedSession session) {
  const auto& facts = in.request->facts();
  IndexSession entry(in.context);
  entry.session = std::move(session);
  const auto address = policy::client_ip(in.context->policy, facts);
  entry.client = address ? http::ip_text(*address) : std::string(facts.peer);
  const auto* agent = http::find_header(facts.headers, "User-Agent");
  if (agent != nullptr) entry.user_agent = agent->value;
  return entry;
}

Decision not_admitted(const SaveSession& in, const Error& why) {
  const auto& facts = in.request->facts();
  const auto& policy = in.context->policy;
  policy::PageFacts page;
  page.facts = &facts;
  page.request_id =
      in.request_id.empty() ? policy::request_id(policy, facts.headers) : in.request_id;
  page.detail = page.error_text = why.text;
  const auto reason = why.status == Status::vetoed ? Reason::vetoed : Reason::not_permitted;
  return policy::error_page(policy, page, status_http(why.status), reason, {});
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
  auto with_ticket = std::make_shared<session::Session>(*in.session);
  with_ticket->ticket = std::make_shared<const session::Ticket>(std::move(ticket));
  const SharedSession session = std::move(with_ticket);
  const auto old = tickets_of(context, in.request->facts().headers, at);

  auto put = put_of(context, *session, at);
  auto call = co_await std::move(put);
  auto indexing = index_session(entry_of(in, session));
  (void)co_await std::move(indexing);
  (void)co_await std::move(call);
  for (const auto& one : old) {
    auto erase = StoreCall::erase(one->id);
    (void)co_await attempt(std::move(erase));  // it ends by itself otherwise
  }
  auto cookies = cookies_of(in, *session, at);
  co_return std::move(cookies);
}

Flow<Decision> begin_session(SaveSession in, std::string return_to) {
  AdmitSession admit(in.context);
  admit.request = in.request;
  admit.session = in.session;
  auto admitting = admit_session(std::move(admit));
  const auto admitted = co_await attempt(std::move(admitting));
  if (!admitted.ok() && status_class(admitted.error().status) == StatusClass::peer) {
    co_return not_admitted(in, admitted.error());
  }
  if (!admitted.ok()) co_return admitted.error();
  auto saving = save_session(in);
  auto cookies = co_await std::move(saving);
  const auto target = policy::choose_return({return_to}, in.context->policy.return_to);
  co_return policy::redirect_to(target.text(), cookies, Reason::signed_in, in.session);
}

}  // namespace gatelet::flow
