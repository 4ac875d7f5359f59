// Userinfo (OpenID Connect Core 5.3): claims the ID token lacks.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/call.hpp"
#include "json/reader.hpp"
#include "oidc/provider.hpp"

namespace gatelet::oidc {

// GET with the access token in the Authorization header (RFC 6750 section 2.1).
//   Failure: none.
HttpCall get_with_token(const Provider& provider, std::string url, const Secret& access_token);

// The same of the userinfo endpoint. Requires: endpoints.userinfo is set.
//   Failure: none.
HttpCall userinfo_request(const Provider& provider, const Secret& access_token);

// The claims of a 200 answer: a strict JSON object about `subject`, the verified ID token's `sub`.
//   token_rejected        `sub` is missing or another one: the answer is about somebody else and
//                         the sign-in must end (section 5.3.2)
//   provider_unavailable  429 or 5xx
//   provider_refused      any other status
//   provider_bad_answer   no such object; or a signed or encrypted answer (application/jwt), which
//                         is not supported
Result<json::Value> read_userinfo_reply(const HttpReply& reply, std::string_view subject);

}  // namespace gatelet::oidc
