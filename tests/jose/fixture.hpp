// What the tests of jose/ share: the client of test-standard.md's fixture and its provider's keys.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/base64url.hpp"
#include "jose/claims.hpp"
#include "jose/key_set.hpp"
#include "json/reader.hpp"
#include "support/token_mint.hpp"

namespace gatelet::jose_tests {

using support::MintKey;
using support::test_key;

inline constexpr Instant now = support::mint_epoch();

inline const MintKey& rsa_key() { return test_key(MintKey::Kind::rsa_2048); }
inline const MintKey& ec_key() { return test_key(MintKey::Kind::p256); }

inline jose::KeySet key_set(const std::vector<std::string>& jwks) {
  auto keys = jose::parse_key_set(support::key_set_json(jwks));
  REQUIRE(keys.ok());
  REQUIRE(keys->keys().size() == jwks.size());
  return std::move(*keys);
}
inline jose::KeySet key_set(const MintKey& key) {
  return key_set({key.jwk(key.default_algorithm())});
}

// Client "c" of https://idp.example, RS256 only.
inline jose::Expectations expectations() {
  jose::Expectations expect;
  expect.issuer = "https://idp.example";
  expect.audiences = {"c"};
  expect.authorized_party = "c";
  expect.algorithms = {jose::Algorithm::rs256};
  return expect;
}

inline json::Value parsed(std::string_view text) {
  auto value = json::parse(text);
  REQUIRE_MESSAGE(value.ok(), text);
  return std::move(*value);
}

// {"alg":"RS256","kid":"k1", ...} as written, in base64url.
inline std::string encoded(std::string_view text) { return base64url::encode(text); }

template <class T>
Status status_of(const Result<T>& result) {
  return result.ok() ? Status::ok : result.error().status;
}
template <class T>
std::string text_of(const Result<T>& result) {
  return result.ok() ? std::string() : result.error().text;
}

}  // namespace gatelet::jose_tests
