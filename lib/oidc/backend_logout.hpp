// The call that tells a provider of a sign-out behind the browser's back (oauth2-proxy's
// backend_logout_url).
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/call.hpp"
#include "oidc/provider.hpp"

namespace gatelet::oidc {

// The URL as one that can be judged: with a letter in the place of {id_token}.
std::string without_mark(std::string_view url);

// Requires a backend_logout_url. An ID token stands there as it is, and a text that is none,
// percent-encoded.
HttpCall backend_logout_request(const Provider& provider, const Secret& id_token);

// Any 2xx is well.
//   Failure: Status::provider_bad_answer, with the number it answered.
Result<void> read_backend_logout_reply(const HttpReply& reply);

}  // namespace gatelet::oidc
