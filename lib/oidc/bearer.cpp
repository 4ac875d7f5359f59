#include "oidc/bearer.hpp"

#include <utility>

#include "base/base64url.hpp"
#include "jose/compact.hpp"
#include "json/reader.hpp"
#include "oidc/id_token.hpp"

namespace gatelet::oidc {

std::string claimed_issuer(std::string_view token) {
  const auto parts = jose::split_compact(token);
  if (!parts.ok()) return {};
  const auto payload = base64url::decode(parts->payload);
  if (!payload) return {};
  const auto claims = json::parse_object(*payload);
  if (!claims.ok()) return {};
  const auto* issuer = claims->find_string("iss");
  return issuer == nullptr ? std::string() : *issuer;
}

Result<jose::VerifiedToken> verify_bearer_token(const Provider& provider, const jose::KeySet& keys,
                                                std::string_view token, Instant now) {
  auto expect = signer_expectations(provider);
  expect.as_bearer = true;
  expect.allow_missing_issued_at = true;
  return jose::verify(token, keys, expect, now);
}

Result<PersonClaims> bearer_person(const Provider& provider, const jose::VerifiedToken& token) {
  auto lenient = provider;
  lenient.require_email = false;
  lenient.userinfo_fetch = UserinfoFetch::never;
  auto person = person_of(lenient, token.claims(), nullptr);
  if (person.ok() && person->email.empty() && provider.user_stands_in_for_email) {
    person->email = person->user;
  }
  return person;
}

}  // namespace gatelet::oidc
