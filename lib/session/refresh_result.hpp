// What a refresh of a session in cookies came to, kept for a while in a store beside them, so that
// every process gives it to whoever still brings the replaced cookie (README.md, "Refresh result").
//
// The record is found and sealed by the refresh token it replaced, which only whoever holds the old
// cookie knows: a store that is read tells nothing, one that is written to can forge nothing. No
// cookie_secret takes part, since processes may differ in its order while it is being replaced, and
// would then not meet. Nothing here touches a store.
#pragma once

#include <memory>
#include <string>

#include <gatelet/ports.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/gcm.hpp"
#include "session/cookie_session.hpp"
#include "session/session.hpp"

namespace gatelet::session {

// As long as the process itself remembers at most (engine/refresh_book.hpp). Where no process can
// know whether the new cookie was ever seen, the longest is the right one: an answer that was lost
// on its way must still be given to the browser that comes back.
constexpr Duration refresh_result_lifetime = std::chrono::hours(1);

// Where the result that replaces a refresh token is, and what seals it.
struct RefreshPlace {
  std::string key;  // in the store: begins with NAME-, as all of ours; tells nothing of the token
  Secret seal;      // 32 bytes
};

// The place of a session's refresh token: the same wherever that token is in a session of this name
// and provider.
//   Requires: it has one.
//   Failure: Status::internal.
Result<RefreshPlace> refresh_place(const SessionSettings&, const Session&);

// The key that whoever refreshes holds.
std::string lock_key(const RefreshPlace&);

// The renewed session with its tokens, above record_limit without those that may be left out
// (cookie_budget.hpp); without a refresh token it says that all which began until its created_at is
// over.
//   Failure: Status::no_entropy or internal; Status::session_invalid above record_limit even so.
Result<std::string> seal_refresh_result(const SessionSettings&,
                                        const std::shared_ptr<const crypto::Gcm>&,
                                        const RefreshPlace&, const Session&, Entropy&);

// Opens what the store gave for the key. `ends_at` is set.
//   Failure: Status::session_invalid; the text tells nothing of the record.
Result<Session> open_refresh_result(const SessionSettings&,
                                    const std::shared_ptr<const crypto::Gcm>&, const RefreshPlace&,
                                    std::string sealed);

}  // namespace gatelet::session
