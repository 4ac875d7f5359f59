// The refresh grant (OpenID Connect Core 12, RFC 6749 section 6). Sent once: a provider that
// rotates refresh tokens takes a repetition for theft.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/call.hpp"
#include "oidc/provider.hpp"
#include "oidc/token_set.hpp"

namespace gatelet::oidc {

// The call that renews the tokens, authenticated as the provider's client. It asks for no scope:
// what was granted stays.
//   Failure: none.
HttpCall refresh_request(const Provider& provider, const Secret& refresh_token);

// The new tokens. No id_token: identity stays as it is. No refresh_token: the old one stays
// (RFC 6749 section 6); neither is a failure.
//   grant_ended           `error` is invalid_grant or invalid_client: the session is over
//   provider_unavailable  429 or 5xx, whatever the body says
//   provider_refused      any other refusal
//   provider_bad_answer   as read_token_reply
// Only grant_ended says anything about the session; with all others it stays until its own expiry.
Result<TokenSet> read_refresh_reply(const HttpReply& reply);

// Asks validate_url whether the provider still stands by the new access token. Requires: there is
// one.
//   Failure: none.
HttpCall validate_request(const Provider& provider, const Secret& access_token);

// Whether it does not: by any status but 200. 429 and 5xx are trouble of its own.
bool refuses_token(const HttpReply& reply) noexcept;

}  // namespace gatelet::oidc
