// The login-state cookie: what one sign-in attempt expects back, sealed in its browser.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/ports.hpp>
#include <gatelet/request.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "oidc/callback.hpp"
#include "session/cookie_session.hpp"

namespace gatelet::session {

// Set-Cookie values: the sealed state, and, above the per-request limit or cookie_budget, the
// expiry of the oldest others.
//   `now` is the moment of the start. `form_post` makes it SameSite=None; Secure.
//   Failure: Status::no_entropy or internal.
Result<std::vector<std::string>> write_login_state(const SessionSettings&, const CookieKeys&,
                                                   const oidc::LoginState&,
                                                   std::string_view hashed_state,
                                                   std::string_view host,
                                                   std::span<const HeaderView> request_headers,
                                                   bool form_post, Instant now, Entropy&);

// How many attempts of one browser may stay, and how much of a request they may take.
inline constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
struct AttemptRoom {
  std::size_t num_attempts = no_limit, bytes = no_limit;
};

// Adds Set-Cookie values that expire the attempts which the request carries and for which there is
// no room, the oldest first.
void expire_attempts(const SessionSettings&, const CookieKeys&, std::string_view host,
                     std::span<const HeaderView> request_headers, const AttemptRoom& room,
                     Instant now, std::vector<std::string>& out);

// The name of the cookie that belongs to a hashed state.
std::string login_state_name(const SessionSettings&, std::string_view hashed_state);

// Opens the login-state cookie of a hashed state: the first of the name that validates.
//   Failure: Status::state_missing: none came, or none is valid and young enough.
Result<oidc::LoginState> open_login_state(const SessionSettings&, const CookieKeys&,
                                          std::string_view hashed_state,
                                          std::span<const HeaderView> request_headers, Instant now);

// The Set-Cookie value that expires the cookie of this hashed state.
std::string clear_login_state(const SessionSettings&, std::string_view hashed_state,
                              std::string_view host, bool form_post);

}  // namespace gatelet::session
