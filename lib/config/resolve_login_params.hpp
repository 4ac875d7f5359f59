// The parameters of the authorization request that login_url_parameters lists, and the rules by
// which PREFIX/start may change them.
#pragma once

#include "config/problems.hpp"
#include "config/values.hpp"
#include "http/form.hpp"
#include "policy/login_params.hpp"

namespace gatelet::config {

struct LoginParams {
  http::Params defaults;
  policy::LoginParamRules rules;
};

// Of a provider whose login_url_parameters is given. The flat options for single parameters are a
// problem besides, and so is a parameter that only the library sets.
LoginParams resolve_login_params(const ProviderValues& provider, Problems& problems);

}  // namespace gatelet::config
