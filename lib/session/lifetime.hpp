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
  refresh_soon,  // counts now; renew in the background (server-side stores only)
  fresh,
};

// Judges by ends_at (the session's life) and expires_on (the tokens').
Freshness judge(const Session&, const SessionSettings&, Instant now) noexcept;

// The access and ID token may still be handed out: they have no expiry, or it lies ahead.
bool tokens_hold(const Session&, Instant now) noexcept;

// The earlier of created_at + cookie_expire, which a refresh moves, and signed_in_at +
// session_max_lifetime, which nothing moves; nullopt when sessions do not end. A session of unknown
// age has ended; one that does not say when its person signed in did so at created_at.
std::optional<Timestamp> ends_at(const Session&, const SessionSettings&) noexcept;

// From `at` to ends_at, rounded up to whole seconds; a second at least, since to a store no time at
// all means for good. nullopt: no end.
std::optional<std::chrono::seconds> time_left(const Session&, const SessionSettings&,
                                              Timestamp at) noexcept;

// How long a store keeps the record that is written at `now`; zero: for good.
Duration store_lifetime(const Session&, const SessionSettings&, Instant now) noexcept;

Timestamp to_timestamp(Instant) noexcept;

}  // namespace gatelet::session
