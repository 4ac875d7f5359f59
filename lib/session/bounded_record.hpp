// A session's record under the settings: what goes in, how large it may be, and when the session
// that comes out ends. What all stores have in common.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "session/cookie_session.hpp"
#include "session/session.hpp"

namespace gatelet::session {

// Whether records have keys beyond oauth2-proxy's, the provider's name among them.
bool has_extra_keys(const SessionSettings&) noexcept;

// Whether a record tells when its sign-in was. One in oauth2-proxy's format does where something
// depends on it.
bool keeps_sign_in(const SessionSettings&, const Session&) noexcept;

// The record; wipe it after use. Without `tokens` the access, ID and refresh token are left out.
//   Failure: Status::session_invalid when it is above record_limit.
Result<std::string> write_bounded_record(const SessionSettings&, const Session&, bool tokens);

// The session of a record, with `ends_at`.
//   Failure: Status::session_invalid, as read_record, and when it is above record_limit.
Result<Session> read_bounded_record(const SessionSettings&, std::string_view record);

}  // namespace gatelet::session
