// Identity in header fields: the client's are removed, ours are added.
//
// Removed is every field whose name, folded as servers and CGI fold names, is one that gatelet ever
// sets, whether its option is on or not, and with or without a session.
#pragma once

#include <string_view>

#include "policy/answer.hpp"
#include "policy/policy.hpp"
#include "policy/request_facts.hpp"
#include "session/session.hpp"

namespace gatelet::policy {

// A name that only gatelet may set towards the application. Authorization counts while
// pass_authorization_header is on.
bool is_identity_name(std::string_view name, const HeaderPolicy&) noexcept;

// The request side of an allow: what to strip (identity fields in every spelling the request uses;
// Connection, when it lists one, and Cookie, when it carries cookies of ours, to be replaced) and
// what to add. Own cookies are `cookie_name`, its parts, and what else begins with that name and an
// underscore and is ours. `session` null: nobody. `tokens_hold` off: no token is handed out.
//   Returns: false when a value with control bytes was left out.
bool add_request_headers(const Policy&, std::string_view cookie_name, const RequestFacts&,
                         const session::Session* session, bool tokens_hold, Answer& out);

// The response side, of an allow and of PREFIX/auth: X-Auth-Request-* with set_xauthrequest,
// Authorization with set_authorization_header, GAP-Auth.
//   Returns: as above.
bool add_response_headers(const Policy&, const session::Session&, bool tokens_hold, Answer& out);

}  // namespace gatelet::policy
