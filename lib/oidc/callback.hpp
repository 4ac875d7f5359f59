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
// Failure: Status::bad_callback when it does not parse.
Result<StateParameter> parse_state(std::string_view state, bool encoded);

// The value that leaves the house for a nonce: b64url-nopad(SHA-256(nonce)).
Result<std::string> hashed_nonce(const Secret& nonce);

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
//   bad_callback   a protocol parameter stands there twice, or neither code nor error, or no state,
//   or an empty one
Result<void> check_callback_shape(const http::Params& params);

// Judges a response against its attempt, before anything leaves the process.
//   bad_callback     as check_callback_shape, or a state that does not parse
//   state_mismatch   the state is not this attempt's (constant time)
//   issuer_mismatch  `iss` is there and not the provider's issuer, or announced by metadata and
//   absent (RFC 9207 2.4) login_denied     the response carries `error`; the text names the code
//   when it is made of the code alphabet
// `encoded_state`: the state parameter is wrapped (encode_state).
Result<CheckedCallback> check_callback(const Provider&, const http::Params&, const LoginState&,
                                       bool encoded_state);

}  // namespace gatelet::oidc
