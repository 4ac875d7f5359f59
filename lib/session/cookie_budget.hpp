// How much of a request our cookies may take (cookie_budget): browsers drop what is too much
// without a word, and servers refuse the request.
//
// A session's cookies leave room for one sign-in attempt; other attempts give way to both, the
// oldest first (login_state.hpp). So all cookies together stay within the budget.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/ports.hpp>
#include <gatelet/request.hpp>

#include "base/result.hpp"
#include "session/cookie_session.hpp"
#include "session/cookie_split.hpp"
#include "session/session.hpp"

namespace gatelet::session {

// What `NAME=value; ` takes in a request.
constexpr std::size_t size_in_request(std::string_view name, std::string_view value) noexcept {
  return name.size() + value.size() + 3;
}
std::size_t size_in_request(std::span<const NamedCookie> cookies) noexcept;

// What the session's cookies in a request take.
std::size_t session_size(const SessionSettings&, std::span<const HeaderView> headers) noexcept;

// What a session's cookies may take; without a budget there is no bound but that of its parts.
std::size_t session_room(const SessionSettings&) noexcept;

// What is left of the budget beside `taken` bytes.
std::size_t room_beside(const SessionSettings&, std::size_t taken) noexcept;

// A session as its cookies can hold it.
struct Fitted {
  Session session;
  std::string left_out;  // for the operator: which tokens; empty: nothing
};

// Leaves tokens out until the session's cookies are within the budget: the access token first, then
// the ID token, the other way round where only the access token is handed to the application. The
// refresh token stays, without which the session could not be renewed, and so does an ID token that
// is needed to judge the next one. Without a budget nothing is left out.
//   Failure: Status::session_too_large, the text tells sizes and what to do; as write_session.
Result<Fitted> fit_into_cookies(const SessionSettings&, const CookieKeys&, const Session&,
                                Entropy&);

// The same for a session that goes on, which must not be lost because it grew, or because there was
// more room when it began: where it does not fit even so, it may take the room that is otherwise
// left for a sign-in.
Result<Fitted> fit_going_on(const SessionSettings&, const CookieKeys&, const Session&, Entropy&);

// The Set-Cookie values of such a session, as write_session gives them.
struct Written {
  std::vector<std::string> cookies;
  std::string left_out;  // as above
};
Result<Written> write_going_on(const SessionSettings&, const CookieKeys&, const Session&,
                               std::string_view host, std::span<const HeaderView> request_headers,
                               Entropy&, Instant now);

// The session without the tokens that may be left out, where the record of all of it is too large.
Fitted without_spare_tokens(const SessionSettings&, Session);

}  // namespace gatelet::session
