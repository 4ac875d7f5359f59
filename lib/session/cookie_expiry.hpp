// How long cookies of a session live, and how those end that a new one does not replace.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gatelet/request.hpp>

#include "http/cookie.hpp"
#include "session/cookie_session.hpp"
#include "session/cookie_split.hpp"

namespace gatelet::session {

// What Max-Age says: what is left of the session at `now`, or at its created_at without it.
// nullopt, for no Max-Age, without cookie_expire: the browser then forgets it by itself.
//   Requires: created_at is set.
std::optional<std::chrono::seconds> max_age(const SessionSettings&, const Session&,
                                            std::optional<Instant> now) noexcept;

// The Set-Cookie values of `kept`, then those that expire every other cookie NAME or NAME_<digits>
// the request carries: each name once, at most 64, so that no stale one is left beside what is
// kept. Beside a partitioned cookie browsers keep one of the same name that is not, from before
// cookie_partitioned was set: that one is expired too.
std::vector<std::string> expire_others(const SessionSettings&, const http::CookieAttributes&,
                                       std::vector<NamedCookie> kept,
                                       std::span<const HeaderView> request_headers);

}  // namespace gatelet::session
