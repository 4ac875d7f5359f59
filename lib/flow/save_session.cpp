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
#include "session/cookie_budget.hpp"
#include "session/cookie_session.hpp"
#include "session/lifetime.hpp"
#include "session/ticket.hpp"

namespace gatelet::flow {
namespace {

using Cookies = std::vector<std::string>;

Result<Cookies> cookies_of(const SaveSession& in, const session::Session& session, Instant now) {
  const auto& context = *in.context;
  const auto& facts = in.request->facts();
  return session::write_session(context.session, *context.cookie_keys, session, facts.host,
                                facts.headers, *context.entropy, now);
}

void note(const SaveSession& in, SaveNote what, const std::string& text) {
  if (in.on_note) in.on_note(what, text);
}

Result<Cookies> in_cookies(const SaveSession& in, Instant now) {
  const auto& context = *in.context;
  const auto fitted = session::fit_into_cookies(context.session, *context.cookie_keys, *in.session,
                                                *context.entropy);
  if (!fitted.ok()) return fitted.error();
  if (!fitted->left_out.empty()) note(in, SaveNote::tokens_left_out, fitted->left_out);
  return cookies_of(in, fitted->session, now);
}

// Where a store can have it: judged as at a refresh, which could not move it any more. Empty: all
// of it has room, or another failure is told by whoever writes it.
std::string why_not_in_cookies(const SaveSession& in) {
  const auto& context = *in.context;
  const auto fitted = session::fit_into_cookies(context.session, *context.cookie_keys, *in.session,
                                                *context.entropy);
  if (!fitted.ok()) {
    return fitted.error().status == Status::session_too_large ? fitted.error().text : std::string();
  }
  return fitted->left_out.empty() ? std::string()
                                  : "no room in cookies for the " + fitted->left_out;
}

Result<StoreCall> put_of(const Context& context, const session::Session& session, Instant now) {
  auto record = session::seal_record(context.session, *context.gcm, *session.ticket, session,
                                     *context.entropy);
  if (!record.ok()) {
    // It says session_invalid, which is about sessions that come in.
    const bool is_too_large = record.error().status == Status::session_invalid;
    return Error{is_too_large ? Status::session_too_large : record.error().status,
                 record.error().text};
  }
  return StoreCall::put(session.ticket->id, std::move(record).value(),
                        session::store_lifetime(session, context.session, now));
}

// What tells the session from the person's others, before there is a record: one that cannot be
// entered since the store fails is not begun either.
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

// What the browser came with, and will not have any more.
Flow<bool> erase_old(SaveSession in, std::vector<SharedTicket> tickets) {
  if (in.on_replaced) in.on_replaced();
  for (const auto& one : tickets) {
    auto erasing = erase_stored(one);
    (void)co_await attempt(std::move(erasing));  // it ends by itself otherwise
  }
  co_return true;
}

Flow<Cookies> in_store(SaveSession in) {
  const auto& context = *in.context;
  const auto at = co_await now();
  auto made = session::make_ticket(context.session, *context.entropy);
  auto ticket = co_await std::move(made);
  auto with_ticket = std::make_shared<session::Session>(*in.session);
  with_ticket->ticket = std::make_shared<const session::Ticket>(std::move(ticket));
  const SharedSession session = std::move(with_ticket);
  const auto old = tickets_of(context, in.request->facts().headers, at);

  auto put = put_of(context, *session, at);
  auto call = co_await std::move(put);
  auto indexing = index_session(entry_of(in, session));
  const bool is_listed = co_await std::move(indexing);
  (void)co_await std::move(call);
  if (!is_listed) note(in, SaveNote::not_listed, "others wrote to its person's index just then");
  auto cookies = cookies_of(in, *session, at);
  if (!cookies.ok()) co_return std::move(cookies);
  auto erasing = erase_old(in, old);
  (void)co_await std::move(erasing);
  co_return std::move(cookies);
}

}  // namespace

Flow<std::vector<std::string>> save_session(SaveSession in) {
  const auto& settings = in.context->session;
  const auto at = co_await now();
  if (settings.is_stored) {
    auto storing = in_store(in);
    auto stored = co_await attempt(std::move(storing));
    const bool is_down = !stored.ok() && stored.error().status == Status::store_unreachable;
    if (!is_down || !settings.falls_back_to_cookie) co_return std::move(stored);
    note(in, SaveNote::fell_back_to_cookie, stored.error().text);
  } else if (settings.has_store_beside) {
    const auto why = why_not_in_cookies(in);
    if (why.empty()) {
      auto whole = cookies_of(in, *in.session, at);
      if (!whole.ok()) co_return std::move(whole);
      auto erasing = erase_old(in, tickets_of(*in.context, in.request->facts().headers, at));
      (void)co_await std::move(erasing);
      co_return std::move(whole);
    }
    auto storing = in_store(in);
    auto stored = co_await attempt(std::move(storing));
    if (stored.ok()) {
      note(in, SaveNote::moved_to_store, why);
      co_return std::move(stored);
    }
  }
  auto cookies = in_cookies(in, at);
  if (cookies.ok() && in.on_replaced) in.on_replaced();
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
