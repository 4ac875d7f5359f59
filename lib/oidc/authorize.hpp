// The authorization request (OpenID Connect Core 3.1.2.1, RFC 7636): where the browser is sent to
// sign in.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/hash.hpp"
#include "http/form.hpp"
#include "oidc/provider.hpp"

namespace gatelet::oidc {

// What one attempt adds to the provider's own settings.
struct AuthorizationRequest {
  std::string redirect_uri;
  std::string state;           // make_state (oidc/callback.hpp)
  std::string hashed_nonce;    // hashed_nonce(nonce); not sent when the provider uses none
  std::string code_challenge;  // pkce_challenge(verifier); not sent with Pkce::off
  http::Params extra;          // prompt, login_hint ...: replace the configured ones of their name
};

// The code challenge of a verifier (RFC 7636 section 4.2): b64url(SHA-256(verifier)) for s256, the
// verifier itself for plain, empty for off.
//   Failure: Status::internal (out of memory).
Result<std::string> pkce_challenge(const crypto::Sha256&, Pkce method, const Secret& verifier);

// True for parameters only the library sets: client_id, redirect_uri, response_type, response_mode,
// scope, state, nonce, code_challenge, code_challenge_method, resource, request, request_uri,
// registration.
bool is_reserved_parameter(std::string_view name) noexcept;

// The URL: the query that stands in the authorization endpoint already, then ours; sorted by name,
// form-encoded, each protocol parameter once. Reserved names in `extra`, in login_params and in the
// endpoint's query are passed over. A scope is sent even when empty.
//   Requires:  a settled provider (apply_metadata, provider_without_discovery).
//   Failure:   Status::internal when the endpoint is no http(s) URL, or its query no form, after
//   all.
Result<std::string> authorization_url(const Provider& provider,
                                      const AuthorizationRequest& request);

}  // namespace gatelet::oidc
