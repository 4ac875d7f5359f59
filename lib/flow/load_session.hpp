// Sessions in a store: found by the tickets that a request presents.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "flow/stored_record.hpp"
#include "policy/request_facts.hpp"
#include "session/session.hpp"
#include "session/ticket.hpp"

namespace gatelet::flow {

// The tickets of a request's cookies that open, best first: none is worth asking the store for
// otherwise.
std::vector<SharedTicket> tickets_of(const Context& context, std::span<const HeaderView> headers,
                                     Instant now);
// The same where a cookie of this value is known to be the only one that can be a ticket.
std::vector<SharedTicket> tickets_of(const Context& context, std::string_view value, Instant now);

class LoadSession {
 public:
  std::shared_ptr<const Context> context;
  std::vector<SharedTicket> tickets;
  // Told why what is there for a ticket is not its session, for the operator's log. May be empty.
  std::function<void(const Error&)> on_refused;
  explicit LoadSession(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// The newest session behind the tickets, with its ticket; null when there is none: no record, or
// one that does not open, which may be anybody's and is left alone.
//   Failure: Status::store_unreachable, or internal: whether there is one is not known.
Flow<SharedSession> load_session(LoadSession in);

}  // namespace gatelet::flow
