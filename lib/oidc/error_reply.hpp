// Answers that say no, whatever was asked: the error object of RFC 6749 section 5.2, and "not now".
//
// Nothing the provider wrote is repeated, except an error code made of the code alphabet.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/call.hpp"

namespace gatelet::oidc {

// The code alphabet: 1 to 64 of A-Z a-z 0-9 _ . -. Every registered code is made of it; RFC 6749
// itself would allow nearly all of ASCII, markup included.
bool is_error_code(std::string_view text) noexcept;

// The `error` member of a JSON object, when it is made of the code alphabet.
std::optional<std::string> error_code(const HttpReply& reply);

// Retry-After when it is a whole number of seconds up to a day; the form with a date is not read.
std::optional<std::chrono::seconds> retry_after(const HttpReply& reply) noexcept;

// "provider answered 400 invalid_grant", or without the code when there is none to repeat.
std::string error_code_text(const HttpReply& reply);

// "provider asks to come back in 120 s", or "provider is unavailable".
std::string retry_text(const HttpReply& reply);

// The Error for an answer that is not the success asked for; `exchange` names it ("token").
//   429, 503    Status::provider_unavailable, retry_text
//   other 5xx   Status::provider_unavailable, the number
//   other       Status::provider_refused, error_code_text
Error refusal(std::string_view exchange, const HttpReply& reply);

}  // namespace gatelet::oidc
