#include "flow/load_session.hpp"

#include <utility>

namespace gatelet::flow {
namespace {

void add_opened(const Context& context, const session::SessionCookie& cookie, Instant now,
                std::vector<SharedTicket>& out) {
  auto ticket = session::open_ticket(context.session, *context.cookie_keys, cookie, now);
  if (!ticket.ok()) return;
  out.push_back(std::make_shared<const session::Ticket>(std::move(ticket).value()));
}

}  // namespace

std::vector<SharedTicket> tickets_of(const Context& context, std::span<const HeaderView> headers,
                                     Instant now) {
  std::vector<SharedTicket> out;
  for (const auto& cookie : session::find_ticket_cookies(context.session, headers)) {
    add_opened(context, cookie, now, out);
  }
  return out;
}

std::vector<SharedTicket> tickets_of(const Context& context, std::string_view value, Instant now) {
  std::vector<SharedTicket> out;
  add_opened(context, {value, {}, {}}, now, out);
  return out;
}

Flow<SharedSession> load_session(LoadSession in) {
  SharedSession newest;
  for (const auto& ticket : in.tickets) {
    auto call = StoreCall::get(ticket->id);
    auto asked = attempt(std::move(call));
    auto reply = co_await std::move(asked);
    auto session = open_stored(*in.context, ticket, std::move(reply));
    if (!session.ok()) {
      if (!is_refusal(session.error().status)) co_return std::move(session).error();
      if (in.on_refused) in.on_refused(session.error());
      continue;
    }
    const auto& found = *session;
    const bool is_better = found && (!newest || found->created_at > newest->created_at);
    if (is_better) newest = found;
  }
  co_return newest;
}

}  // namespace gatelet::flow
