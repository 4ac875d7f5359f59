#include "oidc/id_token.hpp"

#include <algorithm>
#include <utility>

#include "base/base64url.hpp"
#include "base/constant_time.hpp"
#include "jose/compact.hpp"
#include "json/reader.hpp"

namespace gatelet::oidc {
namespace {

Error refused(std::string text) {
  return prefixed("refreshed ID token", {Status::token_rejected, std::move(text)});
}

jose::Expectations common_expectations(const Provider& provider, const TokenSet& tokens) {
  auto expect = signer_expectations(provider);
  expect.authorized_party = provider.client.id;
  expect.access_token = std::string(tokens.access_token.reveal());
  return expect;
}

std::string text_of(const json::Value& claims, std::string_view name) {
  const auto* text = claims.find_string(name);
  return text == nullptr ? std::string() : *text;
}

std::optional<std::int64_t> auth_time_of(const json::Value& claims) {
  const auto* claim = claims.find("auth_time");
  if (claim == nullptr || claim->number() == nullptr) return std::nullopt;
  return json::to_seconds(*claim->number());
}

std::vector<std::string> audiences_of(const json::Value& claims) {
  const auto* claim = claims.find("aud");
  std::vector<std::string> out;
  if (claim == nullptr) return out;
  if (const auto* one = claim->string()) out.push_back(*one);
  if (const auto* list = claim->array()) {
    for (const auto& element : *list) {
      if (element.string() != nullptr) out.push_back(*element.string());
    }
  }
  return out;
}

// The claims of a token that was verified before; nullopt when its text is none of ours.
std::optional<json::Value> payload_of(std::string_view token) {
  const auto parts = jose::split_compact(token);
  if (!parts.ok()) return std::nullopt;
  const auto payload = base64url::decode(parts->payload);
  if (!payload) return std::nullopt;
  auto claims = json::parse_object(*payload);
  if (!claims.ok()) return std::nullopt;
  return std::move(claims).value();
}

// OpenID Connect Core section 12.2, line by line.
Result<void> check_same_sign_in(const json::Value& claims, const Remembered& before,
                                const Provider& provider) {
  if (text_of(claims, "sub") != before.subject) {  // never empty: verify() saw to it
    return refused("sub is not the session's");
  }
  if (!before.issuer.empty() && text_of(claims, "iss") != before.issuer) {
    return refused("iss is not the session's");
  }
  const auto audiences = audiences_of(claims);
  const auto is_kept = [&](const std::string& one) {
    return std::find(audiences.begin(), audiences.end(), one) != audiences.end();
  };
  if (!std::all_of(before.audiences.begin(), before.audiences.end(), is_kept)) {
    return refused("aud lacks an audience of the session's token");
  }
  const auto* auth_time = claims.find("auth_time");
  if (auth_time != nullptr && before.auth_time && auth_time_of(claims) != before.auth_time) {
    return refused("auth_time is not the session's");
  }
  const auto* nonce = claims.find("nonce");
  if (nonce != nullptr && provider.use_nonce) {
    const bool is_same = nonce->string() != nullptr && before.nonce &&
                         equal_constant_time(*nonce->string(), *before.nonce);
    if (!is_same) return refused("nonce is not the session's");
  }
  return {};
}

}  // namespace

jose::Expectations signer_expectations(const Provider& provider) {
  jose::Expectations expect;
  expect.issuer = provider.issuer;
  expect.insecure_any_issuer = provider.insecure_any_issuer;
  expect.audiences = {provider.client.id};
  expect.audiences.insert(expect.audiences.end(), provider.extra_audiences.begin(),
                          provider.extra_audiences.end());
  expect.audience_claims = provider.audience_claims;
  expect.algorithms = provider.algorithms;
  expect.leeway = provider.leeway;
  return expect;
}

Result<jose::Expectations> login_expectations(const Provider& provider, const LoginState& state,
                                              const TokenSet& tokens) {
  auto expect = common_expectations(provider, tokens);
  if (!provider.use_nonce) return expect;
  if (state.oidc_nonce.empty()) {
    expect.nonce = "";  // matches no token: an attempt without nonce accepts none
    return expect;
  }
  auto nonce = hashed_nonce(state.oidc_nonce);
  if (!nonce.ok()) return std::move(nonce).error();
  expect.nonce = std::move(nonce).value();
  return expect;
}

Result<jose::VerifiedToken> verify_login_token(const Provider& provider, const jose::KeySet& keys,
                                               const LoginState& state, const TokenSet& tokens,
                                               Instant now) {
  const auto expect = login_expectations(provider, state, tokens);
  if (!expect.ok()) return expect.error();
  return jose::verify(tokens.id_token.reveal(), keys, *expect, now);
}

Result<Remembered> remember(const Secret& id_token, std::string_view subject,
                            std::string_view nonce) {
  Remembered out;
  out.subject = subject;
  if (const auto claims = payload_of(id_token.reveal())) {
    if (const auto* sub = claims->find_string("sub")) out.subject = *sub;
    out.issuer = text_of(*claims, "iss");
    out.auth_time = auth_time_of(*claims);
    out.audiences = audiences_of(*claims);
  }
  if (!nonce.empty()) {
    auto hashed = hashed_nonce(Secret(nonce));
    if (!hashed.ok()) return std::move(hashed).error();
    out.nonce = std::move(hashed).value();
  }
  return out;
}

Result<jose::VerifiedToken> verify_refreshed_token(const Provider& provider,
                                                   const jose::KeySet& keys,
                                                   const Remembered& before, const TokenSet& tokens,
                                                   Instant now) {
  auto token =
      jose::verify(tokens.id_token.reveal(), keys, common_expectations(provider, tokens), now);
  if (!token.ok()) return token;
  auto same = check_same_sign_in(token->claims(), before, provider);
  if (!same.ok()) return std::move(same).error();
  return token;
}

}  // namespace gatelet::oidc
