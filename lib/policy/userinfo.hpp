// The body of PREFIX/userinfo: a session's identity as JSON.
#pragma once

#include <string>

#include "session/session.hpp"

namespace gatelet::policy {

// {"user":...,"email":...} and, where they are not empty, groups, preferredUsername and
// additionalClaims; one line, as oauth2-proxy writes it.
std::string userinfo_json(const session::Session&);

}  // namespace gatelet::policy
