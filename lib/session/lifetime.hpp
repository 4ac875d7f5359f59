// How fresh a session is, and when it ends.
#pragma once

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

// Judges by created_at + cookie_expire (the session's life) and expires_on (the tokens').
Freshness judge(const Session&, const SessionSettings&, Instant now) noexcept;

// The access and ID token may still be handed out: they have no expiry, or it lies ahead.
bool tokens_hold(const Session&, Instant now) noexcept;

// A refresh can wait: the tokens hold, or the session goes on without them.
bool outlives_tokens(const Session&, const SessionSettings&, Instant now) noexcept;

// Created + cookie_expire; nullopt when sessions do not end. A session of unknown age has ended.
std::optional<Timestamp> ends_at(const Session&, const SessionSettings&) noexcept;

Timestamp to_timestamp(Instant) noexcept;

}  // namespace gatelet::session
