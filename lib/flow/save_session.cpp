#include "flow/save_session.hpp"

#include <utility>

#include "flow/load_session.hpp"
#include "policy/answer.hpp"
#include "policy/return_to.hpp"
#include "session/cookie_budget.hpp"
#include "session/cookie_session.hpp"
#include "session/ticket.hpp"

namespace gatelet::flow {
namespace {

using Cookies = std::vector<std::string>;

Result<Cookies> cookies_of(const SaveSession& in, const session::Session& session) {
  const auto& context = *in.context;
  const auto& facts = in.request->facts();
  return session::write_session(context.session, *context.cookie_keys, session, facts.host,
                                facts.headers, *context.entropy);
}

void note(const SaveSession& in, SaveNote what, const std::string& text) {
  if (in.on_note) in.on_note(what, text);
}

Result<Cookies> in_cookies(const SaveSession& in) {
  const auto& context = *in.context;
  const auto fitted = session::fit_into_cookies(context.session, *context.cookie_keys, *in.session,
                                                *context.entropy);
  if (!fitted.ok()) return fitted.error();
  if (!fitted->left_out.empty()) note(in, SaveNote::tokens_left_out, fitted->left_out);
  return cookies_of(in, fitted->session);
}

Result<StoreCall> put_of(const Context& context, const session::Session& session) {
  auto record = session::seal_record(context.session, *context.gcm, *session.ticket, session,
                                     *context.entropy);
  if (!record.ok()) {
    // It says session_invalid, which is about sessions that come in.
    const bool is_too_large = record.error().status == Status::session_invalid;
    return Error{is_too_large ? Status::session_too_large : record.error().status,
                 record.error().text};
  }
  return StoreCall::put(session.ticket->id, std::move(record).value(),
                        context.session.cookie_expire);
}

Flow<Cookies> in_store(SaveSession in) {
  const auto& context = *in.context;
  auto made = session::make_ticket(context.session, *context.entropy);
  auto ticket = co_await std::move(made);
  auto session = *in.session;
  session.ticket = std::make_shared<const session::Ticket>(std::move(ticket));
  const auto at = co_await now();
  const auto old = tickets_of(context, in.request->facts().headers, at);

  auto put = put_of(context, session);
  auto call = co_await std::move(put);
  (void)co_await std::move(call);
  for (const auto& one : old) {
    auto erase = StoreCall::erase(one->id);
    (void)co_await attempt(std::move(erase));  // it ends by itself otherwise
  }
  auto cookies = cookies_of(in, session);
  co_return std::move(cookies);
}

}  // namespace

Flow<std::vector<std::string>> save_session(SaveSession in) {
  const auto& settings = in.context->session;
  if (settings.is_stored) {
    auto storing = in_store(in);
    auto stored = co_await attempt(std::move(storing));
    const bool is_down = !stored.ok() && stored.error().status == Status::store_unreachable;
    if (!is_down || !settings.falls_back_to_cookie) co_return std::move(stored);
    note(in, SaveNote::fell_back_to_cookie, stored.error().text);
  } else if (settings.has_store_beside) {
    auto whole = cookies_of(in, *in.session);
    const bool is_large = !whole.ok() && whole.error().status == Status::session_too_large;
    if (!is_large) co_return std::move(whole);
    auto storing = in_store(in);
    auto stored = co_await attempt(std::move(storing));
    if (stored.ok()) {
      note(in, SaveNote::moved_to_store, whole.error().text);
      co_return std::move(stored);
    }
  }
  auto cookies = in_cookies(in);
  co_return std::move(cookies);
}

Flow<Decision> begin_session(SaveSession in, std::string return_to) {
  auto saving = save_session(in);
  auto cookies = co_await std::move(saving);
  const auto target = policy::choose_return({return_to}, in.context->policy.return_to);
  co_return policy::redirect_to(target.text(), cookies, Reason::signed_in, in.session);
}

}  // namespace gatelet::flow
