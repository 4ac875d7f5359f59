// The sessions of one person: listed and ended by the application, without that person's browser.
//
// For a page "where you are signed in", for an administrator who locks somebody out, for a password
// that was changed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/version.hpp>

namespace gatelet::inline GATELET_CXX_ABI {

// Whose sessions are meant: what Identity::provider() and Identity::subject() said. Views only,
// valid for the call.
struct Person {
  std::string_view provider;  // empty: the only provider
  std::string_view subject;
};

// One session in the session store.
struct SessionInfo {
  std::string handle;  // names it for revoke_session(); no secret, and opens nothing
  std::chrono::sys_seconds signed_in_at{};
  std::chrono::sys_seconds seen_at{};  // its sign-in or its last refresh, whichever was later
  std::optional<std::chrono::sys_seconds>
      ends_at;              // as far as was known then; absent: it does not end by itself
  std::string client;       // the address it was signed in from; empty for one of oauth2-proxy's
  std::string user_agent;   // what that browser called itself: a stranger's text, escape it
  bool is_current = false;  // of the request that was given
};

using Sessions = std::vector<SessionInfo>;

}  // namespace gatelet::inline GATELET_CXX_ABI
