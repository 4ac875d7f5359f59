// The authorization response (RFC 6749 section 4.1.2, RFC 9207): what one attempt expects back, and
// whether it came.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/hash.hpp"
#include "http/form.hpp"
#include "oidc/provider.hpp"

namespace gatelet::oidc {

// One sign-in attempt as its browser keeps it, sealed, in the login-state cookie
// (session/login_state.hpp). Not an aggregate (g++ 12, see http/call.hpp).
class LoginState {
 public:
  LoginState() = default;
  LoginState(const LoginState&) = default;
  LoginState(LoginState&&) noexcept = default;
  LoginState& operator=(const LoginState&) = default;
  LoginState& operator=(LoginState&&) noexcept = default;
  ~LoginState() = default;

  Secret state_nonce;       // 32 random bytes; only its hash travels
  Secret oidc_nonce;        // 32 random bytes; only its hash travels; empty without nonce
  Secret code_verifier;     // empty without PKCE
  std::string provider_id;  // empty: the only one
};

// The `state` parameter: b64url(SHA-256(state nonce)) ":" return path, wrapped whole in base64url
// with encode_state.
std::string make_state(std::string_view hashed_state, std::string_view return_to, bool encode);

struct StateParameter {
  std::string hashed_state;
  std::string return_to;  // not bound to the cookie: validate it again
};
// Failure: Status::bad_callback when it does not parse: over 16 KiB, not base64url although
// wrapped, or not a hash (1 to 64 characters of base64url), a colon and a path.
Result<StateParameter> parse_state(std::string_view state, bool encoded);

// The value that leaves the house for a nonce: b64url-nopad(SHA-256(nonce)). The second form is
// for what an answer waits for.
Result<std::string> hashed_nonce(const Secret& nonce);
Result<std::string> hashed_nonce(const crypto::Sha256&, const Secret& nonce);

// A code whose response was checked against the attempt that asked for it. Only check_callback
// makes one.
class CheckedCallback {
 public:
  const Secret& code() const noexcept { return code_; }

 private:
  friend Result<CheckedCallback> check_callback(const Provider&, const http::Params&,
                                                const LoginState&, bool);
  explicit CheckedCallback(Secret code) : code_(std::move(code)) {}
  Secret code_;
};

// What can be said before any cookie is looked at.
//   bad_callback   a protocol parameter stands there twice; state is missing; neither code nor
//                  error is there; code, state, error, iss or session_state is empty; the answer
//                  carries id_token, access_token or response, which the code flow never asks for
Result<void> check_callback_shape(const http::Params& params);

// Judges a response against its attempt, before anything leaves the process.
//   bad_callback     as check_callback_shape, or a state that does not parse
//   state_mismatch   the state is not this attempt's (constant time), or the attempt went to
//                    another provider
//   issuer_mismatch  `iss` is there and not the provider's issuer, or announced by metadata and
//                    absent (RFC 9207 section 2.4); insecure_any_issuer accepts any value
//   login_denied     the response carries `error`, with or without a code; the text names it when
//                    it is made of the code alphabet (oidc/error_reply.hpp)
// `encoded_state`: the state parameter is wrapped (encode_state).
Result<CheckedCallback> check_callback(const Provider&, const http::Params&, const LoginState&,
                                       bool encoded_state);

}  // namespace gatelet::oidc
