// What application code keeps in a session: small values by name, opaque here. They travel in the
// record, are sealed with it, and end with the session.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "session/cookie_session.hpp"
#include "session/session.hpp"

namespace gatelet::session {

// All of it by name, and when it was last changed; absent: never.
std::span<const std::pair<std::string, std::string>> data_of(const Session&) noexcept;
std::optional<Timestamp> data_changed_at(const Session&) noexcept;

// How many bytes names and values have together.
std::size_t data_size(const Session&) noexcept;

// The value of this name; empty where there is none. A view into the session.
std::string_view find_data(const Session&, std::string_view name) noexcept;

// How many names a session may have.
inline constexpr std::size_t max_data_names = 256;

// How much all names and values of a session may have together: 64 KiB in a store, 4 KiB in
// cookies, which every request carries.
std::size_t data_limit(const SessionSettings&) noexcept;

// Whether a value may have this name and size at all.
//   Failure: Status::invalid_argument: a name is 1 to 64 letters, digits, '-', '_' and '.'.
//   Status::data_too_large.
Result<void> check_data(const SessionSettings&, std::string_view name, std::string_view value);

// The session with this value under this name; an empty one removes what is there. It was changed,
// and used, at `now`.
//   Failure: as check_data; data_too_large too when all of it together is.
Result<Session> with_data(const Session&, const SessionSettings&, std::string_view name,
                          std::string_view value, Instant now);

// True when `a` is of a later refresh than `b`, or of the same one with later data.
bool is_later(const Session& a, const Session& b) noexcept;

}  // namespace gatelet::session
