// The session a request presents: found in its cookies, opened, judged, and replaced by a newer one
// where this process knows of a refresh.
#pragma once

#include <memory>
#include <span>

#include <gatelet/decision.hpp>
#include <gatelet/request.hpp>

#include "base/instant.hpp"
#include "engine/question.hpp"
#include "session/lifetime.hpp"
#include "session/session.hpp"

namespace gatelet::engine {

struct Presented {
  std::shared_ptr<const session::Session> session;  // null: nobody
  Reason reason = Reason::no_session;               // Reason::session where there is one
  bool clear_cookies = false;                       // session cookies came that are no good
  bool in_authorization =
      false;                 // the session came as a token or a password: no cookie is about it
  bool renewed = false;      // newer than the cookie: the answer must carry it
  bool refresh_due = false;  // must be renewed before it counts, and may be tried now
};

Presented present_session(const Memory& memory, std::span<const HeaderView> headers, Instant now);

// The same after a refresh that could not be done: the session counts until its own expiry, or is
// over.
Presented without_refresh(const Snapshot& snapshot, std::shared_ptr<const session::Session> session,
                          Instant now);

// The same after a refresh that was done.
Presented after_refresh(std::shared_ptr<const session::Session> renewed);

// Nobody, since the provider ended the grant behind the session.
Presented after_grant_ended();

}  // namespace gatelet::engine
