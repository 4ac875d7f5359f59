// The value of one of our cookies, in oauth2-proxy's format (signed_value) or the native one
// (native_seal), as the settings say. The only place that knows there are two.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gatelet/ports.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "session/cookie_session.hpp"
#include "session/native_seal.hpp"

namespace gatelet::session {

// A value as it came, what it must be bound to, and how old it may be.
struct CookieValue {
  Binding binding;
  std::string_view text;
  std::chrono::seconds lifetime;
};

// Opens a value of the settings' format; with accept_other_format, of either.
//   Failure: Status::session_invalid; the text says which step refused, never a byte of the value.
//   Status::not_built where liblz4 is needed and not there.
Result<OpenedValue> open_value(const SessionSettings&, const CookieKeys&, const CookieValue&,
                               Instant now, Workspace&);

// When a value that is authentic and young enough was sealed. Failure: as open_value.
Result<std::int64_t> check_value(const SessionSettings&, const CookieKeys&, const CookieValue&,
                                 Instant now);

// A value that open_value takes, in the settings' format and by the first key.
//   Failure: Status::no_entropy or internal; not_built.
Result<std::string> seal_value(const SessionSettings&, const CookieKeys&, const Binding&,
                               std::string_view content, std::int64_t seconds, Entropy&);

// When a value of either format says it was sealed. Nothing is authentic about it.
std::optional<std::int64_t> claimed_time(std::string_view value) noexcept;

}  // namespace gatelet::session
