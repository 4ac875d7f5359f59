// Signing out at the provider (OpenID Connect RP-Initiated Logout 1.0): where the browser is sent,
// and what it must bring back.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/form.hpp"
#include "oidc/provider.hpp"

namespace gatelet::oidc {

// A longer address is not sent: an id_token_hint that would make it one is left out, and client_id
// alone names us (section 2).
constexpr std::size_t max_end_session_url_size = 8 * 1024;

// The URL: end_session endpoint, its own query kept, with client_id, and id_token_hint,
// post_logout_redirect_uri and state where they are not empty. A state needs a redirect_uri to come
// back to and is left out without one.
//   Requires:  a settled provider with endpoints.end_session.
//   Failure:   Status::internal when the endpoint is no URL after all.
Result<std::string> end_session_url(const Provider& provider, const Secret& id_token_hint,
                                    std::string_view post_logout_redirect_uri,
                                    std::string_view state);

// Whether `text` can be a state of ours: b64url of 32 bytes.
bool is_logout_state(std::string_view text) noexcept;

// Judges the browser's return: `state` stands there once and is the one that was sent (constant
// time).
//   Failure: Status::state_mismatch. The person is signed out all the same.
Result<void> check_end_session_return(const http::Params& params, std::string_view sent_state);

}  // namespace gatelet::oidc
