// How the client proves itself at the token endpoint (RFC 6749 section 2.3): exactly one method,
// settled before anything is sent and never probed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/call.hpp"
#include "oidc/provider.hpp"

namespace gatelet::oidc {

// The one method of this client. A configured method stands; a client without secret uses `none`;
// else client_secret_basic when `announced` (token_endpoint_auth_methods_supported) names it, is
// absent (RFC 8414 section 2) or empty; else client_secret_post when it names that.
//   Failure: Status::provider_bad_answer when the provider announces neither; the text says what to
//   configure.
Result<ClientAuthMethod> choose_auth_method(
    const Client& client, const std::optional<std::vector<std::string>>& announced);

// Adds the client's credentials to a form POST.
//   client_secret_basic  Authorization: Basic, id and secret form-encoded first (section 2.3.1)
//   client_secret_post   client_id and client_secret in the body
//   none                 client_id in the body
// A method that is still by_metadata counts as client_secret_basic, without a secret as none.
//   Failure: none.
void authenticate_client(const Client& client, HttpCall& call);

}  // namespace gatelet::oidc
