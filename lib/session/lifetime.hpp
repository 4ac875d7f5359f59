// How fresh a session is, and when it ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/instant.hpp"
#include "session/cookie_session.hpp"
#include "session/session.hpp"

namespace gatelet::session {

enum class Freshness : std::uint8_t {
  dead,          // over: treat as not signed in
  refresh_now,   // must be renewed before it counts (a cookie session whose tokens run out soon, or
                 // older than cookie_refresh)
  refresh_soon,  // counts now; renew in the background (server-side stores only, and not where
                 // the host has its say about each refresh)
  fresh,
};

// Judges by ends_at (the session's life) and expires_on (the tokens'); is_idle is asked apart,
// since another session may know of a later use.
Freshness judge(const Session&, const SessionSettings&, Instant now) noexcept;

// The access and ID token may still be handed out: they have no expiry, or it lies ahead.
bool tokens_hold(const Session&, Instant now) noexcept;

// A refresh can wait: the tokens hold, or the session goes on without them.
bool outlives_tokens(const Session&, const SessionSettings&, Instant now) noexcept;

// The earlier of created_at + cookie_expire, which a refresh moves, and signed_in_at +
// session_max_lifetime, which nothing moves; nullopt when sessions do not end. A session of unknown
// age has ended; one that does not say when its person signed in did so at created_at.
std::optional<Timestamp> ends_at(const Session&, const SessionSettings&) noexcept;

// From `at` to ends_at, rounded up to whole seconds; a second at least, since to a store no time at
// all means for good. nullopt: no end.
std::optional<std::chrono::seconds> time_left(const Session&, const SessionSettings&,
                                              Timestamp at) noexcept;

// Not used for session_idle_timeout, as sure as can be told: a use is noted only where the last one
// noted is touch_interval ago, so that what stands in a session may be that much too early. So it
// is over between idle_timeout and idle_timeout + touch_interval after its last use, and never
// before. A clock that is set back keeps it for as long as it was set back, no longer.
bool is_idle(const Session&, const SessionSettings&, Instant now) noexcept;

// A use at `now` is to be noted: by that interval later than the last one noted, or earlier, which
// a clock that was wrong has left.
bool is_use_due(const Session&, const SessionSettings&, Instant now) noexcept;

// A minute, or a quarter of session_idle_timeout where that is less.
Duration touch_interval(const SessionSettings&) noexcept;

// How long a store keeps the record that is written at `now`, at a use or a sign-in; zero: for
// good.
Duration store_lifetime(const Session&, const SessionSettings&, Instant now) noexcept;

Timestamp to_timestamp(Instant) noexcept;

}  // namespace gatelet::session
