// Whether a signed-in person is let in: the e-mail rules and groups of the configuration, and the
// constraints that the query of PREFIX/auth adds.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "policy/policy.hpp"
#include "session/session.hpp"

namespace gatelet::policy {

// The configuration's rules; each that is set must be met. Groups compare byte by byte; an empty
// group never matches.
//   Failure: Status::not_permitted; the text says which rule, not who.
Result<void> authorize(const Policy&, const session::Session&);

// False for a session that was made with a password when its line of htpasswd_file is gone, or says
// another password now.
bool is_listed(const PasswordPolicy&, const session::Session&) noexcept;

// The constraints `allowed_groups`, `allowed_emails` and `allowed_email_domains` of a query: comma
// lists, repeatable, every one that is present must be met. One that names nothing is never met.
//   Failure: Status::malformed for a query that cannot be read.
Result<bool> meets_auth_query(std::string_view query, const session::Session&,
                              http::Semicolon = http::Semicolon::refused);

}  // namespace gatelet::policy
