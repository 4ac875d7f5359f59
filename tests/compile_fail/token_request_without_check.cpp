// must fail with: no matching function|could not convert|cannot convert|invalid initialization
#include "oidc/token.hpp"

using namespace gatelet;

HttpCall honest(const oidc::Provider& provider, const oidc::CheckedCallback& checked, const Secret& verifier) {
  return oidc::token_request(provider, checked, verifier, "https://app.example/oauth2/callback");
}

#ifdef MUST_NOT_COMPILE
HttpCall unchecked(const oidc::Provider& provider, const Secret& code, const Secret& verifier) {
  return oidc::token_request(provider, code, verifier, "https://app.example/oauth2/callback");
}
#endif
