// The session a request presents: found in its cookies, opened, judged, and replaced by a newer one
// where this process knows of a refresh.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <gatelet/decision.hpp>
#include <gatelet/request.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "engine/question.hpp"
#include "flow/load_session.hpp"
#include "session/lifetime.hpp"
#include "session/session.hpp"

namespace gatelet::engine {

struct Presented {
  std::shared_ptr<const session::Session> session;  // null: nobody
  Reason reason = Reason::no_session;               // Reason::session where there is one
  bool clear_cookies = false;                       // session cookies came that are no good
  bool in_authorization =
      false;                  // the session came as a token or a password: no cookie is about it
  bool renewed = false;       // newer than the cookie: the answer must carry it
  bool refresh_due = false;   // must be renewed before it counts, and may be tried now
  bool refresh_soon = false;  // may be renewed in the background; a session in cookies never is

  bool deny_list_due = false;  // it may be asked for in the background

  // The store must be asked first, for the session of these tickets, or for the deny list alone;
  // nothing else is known then.
  bool needs_store = false;
  std::vector<flow::SharedTicket> tickets;
  std::optional<Error> trouble;  // it was asked in vain
};

// The session behind the request's cookies. Where it is in a store, from the cache or from what the
// store said (Memory::loaded); else needs_store is all there is.
Presented present_session(const Memory& memory, std::span<const HeaderView> headers, Instant now);

// The same after a refresh that could not be done: the session counts until its own expiry, or is
// over.
Presented without_refresh(const Snapshot& snapshot, std::shared_ptr<const session::Session> session,
                          Instant now);

// The same, where it is known what was wrong: what is ours or the store's to mend signs nobody out,
// so that a session which cannot go on is `trouble` then.
Presented after_trouble(const Snapshot& snapshot, std::shared_ptr<const session::Session> session,
                        const Error& trouble, Instant now);

// The same for whoever waited for that refresh: the session may have been ended meanwhile, which
// the book knows, or the store (Memory::loaded, where the session is there).
Presented after_failed_refresh(const Memory& memory,
                               std::shared_ptr<const session::Session> session,
                               const Error& trouble, Instant now);

// The same after a refresh that was done.
Presented after_refresh(std::shared_ptr<const session::Session> renewed);

// Nobody, since the session ended a moment ago.
Presented after_end();

// The copy of a stored session behind these cookies counts no more: the store has a newer one.
void forget_stored(const Memory& memory, std::span<const HeaderView> headers);

// Nobody, since the provider ended the grant behind the session.
Presented after_grant_ended();

// Nobody, since the application ended all sessions of the person, also while one was being renewed.
Presented after_revocation();

}  // namespace gatelet::engine
