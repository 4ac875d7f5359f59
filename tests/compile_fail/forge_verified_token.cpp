// must fail with: is private within this context|calling a private constructor
#include "jose/verified_token.hpp"

using namespace gatelet;

Result<jose::VerifiedToken> honest(std::string_view token, const jose::KeySet& keys, const jose::Expectations& expect) {
  return jose::verify(token, keys, expect, at_unix(0));
}

#ifdef MUST_NOT_COMPILE
jose::VerifiedToken forged() { return jose::VerifiedToken(json::Value(), jose::Algorithm::rs256); }
#endif
