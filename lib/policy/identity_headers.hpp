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

// Whom the fields are about.
struct Whom {
  const session::Session* session = nullptr;  // null: nobody
  bool tokens_hold = false;                   // off: no token is handed out
  bool in_authorization = false;              // the session came in Authorization
};

// A name that only gatelet may set towards the application: what it ever sets, and the names of the
// request rules.
bool is_identity_name(std::string_view name, const HeaderPolicy&) noexcept;

// The request side of an allow: what to strip and what to add by the rules. `out` views the policy
// until it is finished.
//
// Stripped are identity fields in every spelling the request uses, but for those a rule keeps;
// Authorization, when the session came in it and strip_own_token is on; Connection, when it lists
// one, and Cookie, when it carries cookies of ours, to be replaced. Own cookies are `cookie_name`,
// its parts, and what else begins with that name and an underscore and is ours.
//   Returns: false when a value that no field can carry was left out.
bool add_request_headers(const Policy&, std::string_view cookie_name, const RequestFacts&,
                         const Whom&, Answer& out);

// The response side, of an allow and of PREFIX/auth: GAP-Auth, and the response rules.
//   Returns: as above.
bool add_response_headers(const Policy&, const Whom&, Answer& out);

}  // namespace gatelet::policy
