// The ID tokens the provider signs, and the claims of a person; bent where a mode says so.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "provider.hpp"

namespace dev_idp {

// What the scopes of a grant say about a person (OpenID Connect Core 5.4).
nlohmann::json claims_of(const User& user, const std::string& scope);

// An ID token of this grant (OpenID Connect Core 2); `nonce` only at sign-in.
std::string make_id_token(Provider& provider, const Grant& grant, const User& user,
                          const std::string& access_token, const std::string& nonce);

}  // namespace dev_idp
