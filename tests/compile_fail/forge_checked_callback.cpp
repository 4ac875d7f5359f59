// must fail with: is private within this context|calling a private constructor
#include "oidc/callback.hpp"

using namespace gatelet;

Result<oidc::CheckedCallback> honest(const oidc::Provider& provider, const http::Params& params,
                                     const oidc::LoginState& state) {
  return oidc::check_callback(provider, params, state, false);
}

#ifdef MUST_NOT_COMPILE
oidc::CheckedCallback forged() { return oidc::CheckedCallback(Secret("code")); }
#endif
