// The token a program sends with its request (RFC 6750 section 2.1), and the forms of HTTP Basic
// that carry one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

struct BearerCredential {
  enum class Kind : std::uint8_t {
    none,      // the request presents no token: no Authorization, or another scheme's
    token,     // something that has the form of a signed token; nothing of it is verified
    unusable,  // the scheme Bearer with anything else
  };
  Kind kind = Kind::none;
  std::string_view in_header;  // the token where it stands in the request
  Secret decoded;              // the token when it came in HTTP Basic

  std::string_view token() const noexcept { return decoded.empty() ? in_header : decoded.reveal(); }
};

// Reads Authorization: `Bearer TOKEN`, or `Basic` whose user is a token with the password empty or
// "x-oauth-basic", or whose password is a token. A token is three parts of base64url, of which the
// first two begin like a JSON object.
BearerCredential bearer_credential(const RequestFacts&);

}  // namespace gatelet::policy
