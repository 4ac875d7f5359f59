// The beginning of a session: where it is kept from here on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gatelet/decision.hpp>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "policy/owned_request.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

// What an operator should hear of how a session is kept.
enum class SaveNote : std::uint8_t {
  fell_back_to_cookie,  // the store is down
  moved_to_store,       // no cookie has room for it
  tokens_left_out,      // ... without these
  not_listed,           // in the store, but in no index of its person
};
using OnSaveNote = std::function<void(SaveNote, const std::string& text)>;

class SaveSession {
 public:
  std::shared_ptr<const Context> context;
  std::shared_ptr<const policy::OwnedRequest> request;
  std::shared_ptr<const session::Session> session;
  std::string request_id;  // for error pages of begin_session; empty: as the request names itself
  OnSaveNote on_note;      // may be empty
  // Told when the session is kept, before what the request came with is ended. May be empty.
  std::function<void()> on_replaced;
  explicit SaveSession(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// The Set-Cookie values that begin the session. With a store it is put there under a ticket nobody
// has seen before and entered into its person's index, and what the request's own tickets open is
// erased: whoever planted a ticket keeps nothing by it.
// When that store is down and session_fallback_to_cookie on, the session is in its cookies instead,
// and stays there until it ends. Beside a store, a session that cookie_budget has no room for is
// put into it; what there is no room for otherwise is told by fit_into_cookies
// (session/cookie_budget).
//   Failure: Status::store_unreachable; Status::session_too_large; Status::no_entropy or internal.
Flow<std::vector<std::string>> save_session(SaveSession in);

// The same for somebody who is admitted (flow/admit_session.hpp), ending in a redirect to
// `return_to`, which is judged again. For anybody else it is a 403 page, and nothing is kept.
//   Failure: as save_session.
Flow<Decision> begin_session(SaveSession in, std::string return_to);

}  // namespace gatelet::flow
