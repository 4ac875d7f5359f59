#include "tokens.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <sstream>

#include "encoding.hpp"

namespace dev_idp {
namespace {

using nlohmann::json;

constexpr long hour = 3600;

bool has_scope(const std::string& scope, const std::string& word) {
  std::istringstream words(scope);
  for (std::string each; words >> each;) {
    if (each == word) return true;
  }
  return false;
}

std::string hmac_sha256(const std::string& key, const std::string& text) {
  std::string mac(32, '\0');
  unsigned int size = 32;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(mac.data()), &size);
  return mac;
}

// Each mode bends one claim.
void bend_claims(Provider& provider, json& claims, long now) {
  const auto is_on = [&](const char* name) {
    return provider.faults.take(std::string("id-token-") + name);
  };
  if (is_on("wrong-iss")) claims["iss"] = "https://elsewhere.example";
  if (is_on("wrong-aud")) claims["aud"] = "another-client";
  if (is_on("two-aud")) claims["aud"] = {provider.options.client_id, "another-client"};
  if (is_on("wrong-azp")) claims["azp"] = "another-client";
  if (is_on("wrong-nonce")) claims["nonce"] = "another-nonce";
  if (is_on("no-nonce")) claims.erase("nonce");
  if (is_on("wrong-sub")) claims["sub"] = "u-9999";
  if (is_on("expired")) claims["exp"] = now - hour;
  if (is_on("not-yet")) claims["nbf"] = now + hour;
  if (is_on("future-iat")) claims["iat"] = now + hour;
  if (is_on("no-sub")) claims.erase("sub");
  if (is_on("no-iss")) claims.erase("iss");
  if (is_on("no-aud")) claims.erase("aud");
  if (is_on("no-exp")) claims.erase("exp");
  if (is_on("no-iat")) claims.erase("iat");
  if (is_on("bad-at-hash")) claims["at_hash"] = base64url(sha256("another token").substr(0, 16));
  if (is_on("no-at-hash")) claims.erase("at_hash");
  if (is_on("unverified-email")) claims["email_verified"] = false;
  if (is_on("control-bytes")) claims["name"] = "Alice\r\nSet-Cookie: planted=1";
}

std::string signed_text(const json& header, const json& claims) {
  return base64url(header.dump()) + '.' + base64url(claims.dump());
}

std::string sign(Provider& provider, const json& claims) {
  auto& faults = provider.faults;
  auto key = provider.keys.current();
  json header{{"alg", key->algorithm()}, {"kid", key->key_id()}, {"typ", "JWT"}};

  if (faults.take("id-token-garbage")) return "three plain words";
  if (faults.take("id-token-alg-none")) {
    header = {{"alg", "none"}};
    return signed_text(header, claims) + '.';
  }
  for (const auto& [mode, secret] :
       {std::pair{"id-token-hs256-public-key", key->public_pem()},
        {"id-token-hs256-client-secret", provider.options.client_secret}}) {
    if (!faults.take(mode)) continue;
    header["alg"] = "HS256";
    const auto text = signed_text(header, claims);
    return text + '.' + base64url(hmac_sha256(secret, text));
  }
  if (faults.take("id-token-unknown-kid")) {
    key = provider.keys.unpublished();
    header["kid"] = key->key_id();
  }
  if (faults.take("id-token-no-kid")) header.erase("kid");
  if (faults.take("id-token-crit")) header["crit"] = {"nobody-knows"};

  const auto text = signed_text(header, claims);
  auto signature = key->sign(text);
  if (faults.take("id-token-bad-signature")) signature[signature.size() / 2] ^= 1;
  return text + '.' + base64url(signature);
}

}  // namespace

json claims_of(const User& user, const std::string& scope) {
  json claims = json::object();
  if (has_scope(scope, "email") && !user.email.empty()) {
    claims["email"] = user.email;
    claims["email_verified"] = user.is_email_verified;
  }
  if (has_scope(scope, "profile")) {
    claims["name"] = user.name;
    claims["preferred_username"] = user.username;
    if (!user.groups.empty()) claims["groups"] = user.groups;
  }
  return claims;
}

std::string make_id_token(Provider& provider, const Grant& grant, const User& user,
                          const std::string& access_token, const std::string& nonce) {
  const long now = now_seconds();
  auto claims = provider.options.has_lean_id_token ? json::object() : claims_of(user, grant.scope);
  claims["iss"] = provider.issuer;
  claims["sub"] = user.subject;
  claims["aud"] = provider.options.client_id;
  claims["iat"] = now;
  claims["exp"] = now + provider.options.token_lifetime;
  claims["auth_time"] = grant.authenticated_at;
  // OpenID Connect Core 3.1.3.6: the left half of the hash that goes with the algorithm.
  if (provider.options.algorithm != "EdDSA") {
    claims["at_hash"] = base64url(sha256(access_token).substr(0, 16));
  }
  if (!nonce.empty()) claims["nonce"] = nonce;
  if (provider.options.padding > 0) claims["padding"] = random_name(provider.options.padding);
  bend_claims(provider, claims, now);
  auto token = sign(provider, claims);
  provider.grants.remember_id_token(token, grant);
  return token;
}

}  // namespace dev_idp
