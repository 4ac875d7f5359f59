// One entry of cookie_rules: how cookies look on a host.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "http/cookie.hpp"
#include "session/cookie_session.hpp"

namespace gatelet::config {

// `HOST NAME=VALUE ...`: what is not named is as in `base`; without a domain the cookie is its
// host's own.
//   Failure: Status::invalid_value; the text says what is wrong.
Result<session::CookieRule> parse_cookie_rule(std::string_view text,
                                              const http::CookieAttributes& base);

// lax, strict or none; unset for every other word.
http::SameSite same_site_named(std::string_view name) noexcept;

}  // namespace gatelet::config
