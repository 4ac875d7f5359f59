// The token request (OpenID Connect Core 3.1.3.1): a checked code becomes tokens. Sent once.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/call.hpp"
#include "oidc/callback.hpp"
#include "oidc/provider.hpp"
#include "oidc/token_set.hpp"

namespace gatelet::oidc {

// The call that redeems the code, authenticated as the provider's client. `redirect_uri` is the one
// the authorization request named; `code_verifier` is empty without PKCE.
//   Failure: none.
HttpCall token_request(const Provider& provider, const CheckedCallback& checked,
                       const Secret& code_verifier, std::string_view redirect_uri);

// The tokens of a 2xx answer: a strict JSON object, whatever its Content-Type says. The ID token is
// not verified yet (oidc/id_token.hpp).
//   provider_refused      the answer is no 2xx, or carries `error` (also with 200); the text names
//                         the code
//   provider_unavailable  429 or 5xx
//   provider_bad_answer   not such an object; no access_token or no id_token; token_type is not
//                         Bearer; a member of the wrong type; a token that could not stand in a
//                         header (RFC 6749 appendix A)
Result<TokenSet> read_token_reply(const HttpReply& reply);

// What read_token_reply and read_refresh_reply have in common, id_token not required; `exchange`
// begins the error text. `expires_in` is a number or a numeric string (Azure), not negative, and
// counts as ten years when longer.
//   Failure: as read_token_reply.
Result<TokenSet> read_grant_reply(std::string_view exchange, const HttpReply& reply);

}  // namespace gatelet::oidc
