#include "support/fake_provider.hpp"

#include <utility>

#include "base/base64url.hpp"
#include "crypto/hash.hpp"
#include "http/url.hpp"
#include "oidc/discovery.hpp"

namespace gatelet::support {
namespace {

constexpr std::string_view client_secret = "client-secret-canary";

HttpReply json_answer(int status, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.fields.push_back({"Content-Type", "application/json"});
  reply.body = std::move(body);
  return reply;
}

HttpReply refusal(std::string_view code) {
  JsonText body;
  body.set_string("error", code).set_string("error_description", "description-canary");
  return json_answer(400, body.str());
}

std::string value_of(const http::Params& form, std::string_view name) {
  const auto* value = http::find(form, name);
  return value == nullptr ? std::string() : *value;
}

std::string sha256_text(std::string_view text) {
  return base64url::encode(crypto::hash(crypto::Digest::sha256, text).value());
}

}  // namespace

FakeProvider::FakeProvider() : key_(test_key(MintKey::Kind::rsa_2048)) {
  settings.issuer = "https://idp.example";
  settings.client.id = "c";
  settings.client.secret = Secret(client_secret);
  settings.display_name = "Example";
}

std::shared_ptr<const oidc::Provider> FakeProvider::configured() const {
  return std::make_shared<const oidc::Provider>(settings);
}

std::shared_ptr<const oidc::ProviderState> FakeProvider::unknown() const {
  oidc::ProviderState state;
  state.provider = configured();
  return std::make_shared<const oidc::ProviderState>(std::move(state));
}

std::shared_ptr<const oidc::ProviderState> FakeProvider::known(Instant at) const {
  oidc::ProviderState state;
  const auto document = oidc::read_discovery_reply(metadata());
  state.provider = std::make_shared<const oidc::Provider>(
      oidc::apply_metadata(settings, document.value()).value());
  state.keys = oidc::read_jwks_reply(json_answer(200, key_set_json(key_))).value();
  state.has_metadata = state.has_keys = true;
  state.metadata_at = state.keys_at = at;
  return std::make_shared<const oidc::ProviderState>(std::move(state));
}

HttpReply FakeProvider::metadata() const {
  JsonText document;
  document.set_string("issuer", settings.issuer);
  document.set_string("authorization_endpoint", settings.issuer + "/authorize");
  document.set_string("token_endpoint", settings.issuer + "/token");
  document.set_string("userinfo_endpoint", settings.issuer + "/userinfo");
  document.set_string("jwks_uri", settings.issuer + "/jwks");
  document.set_string("end_session_endpoint", settings.issuer + "/end_session");
  document.set("id_token_signing_alg_values_supported", R"(["RS256","ES256"])");
  document.set("authorization_response_iss_parameter_supported", "true");
  if (edit_metadata) edit_metadata(document);
  return json_answer(200, document.str());
}

std::string FakeProvider::approve(std::string_view authorization_url, Instant) {
  last_authorization.clear();
  const auto url = http::parse_url(authorization_url).value();
  const auto parameters = http::parse_form(url.query).value();
  for (const auto& [name, value] : parameters) last_authorization[name] = value;
  auto& asked = last_authorization;
  const auto code = "code-canary-" + std::to_string(++serial_);
  codes_[code] = {asked["redirect_uri"], asked["code_challenge"], asked["nonce"], false};
  http::Form form;
  form.add("code", code);
  form.add("state", asked["state"]);
  form.add("iss", settings.issuer);
  return form.text();
}

HttpReply FakeProvider::answer(const HttpCall& call, Instant now) {
  const auto path = http::parse_url(call.url).value().path;
  if (path == "/.well-known/openid-configuration") return ++num_discoveries, metadata();
  if (path == "/jwks") return ++num_jwks, json_answer(200, key_set_json(key_));
  if (path == "/token") return token(call, now);
  if (path == "/userinfo") return ++num_userinfo, userinfo(call);
  return json_answer(404, "{}");
}

std::string FakeProvider::bearer_token(Instant now,
                                       const std::function<void(JsonText&)>& edit) const {
  auto claims = id_claims(now);
  claims.set_string("iss", settings.issuer).set_string("aud", settings.client.id);
  if (edit) edit(claims);
  return mint(key_, claims);
}

void FakeProvider::rotate_key(std::string kid) {
  key_ = test_key(MintKey::Kind::p256).named(std::move(kid));
}

bool FakeProvider::is_our_client(const HttpCall& call, const http::Params& form) const {
  if (settings.client.method == oidc::ClientAuthMethod::client_secret_post) {
    return value_of(form, "client_id") == "c" && value_of(form, "client_secret") == client_secret;
  }
  return call.header("Authorization") == "Basic YzpjbGllbnQtc2VjcmV0LWNhbmFyeQ==";
}

HttpReply FakeProvider::token(const HttpCall& call, Instant now) {
  last_token_request = call;
  const auto form = http::parse_form(call.body).value();
  const bool is_refresh = value_of(form, "grant_type") == "refresh_token";
  ++(is_refresh ? num_refreshes : num_token_requests);
  if (call.method != "POST" || !is_our_client(call, form)) return refusal("invalid_client");
  return is_refresh ? refresh(form, now) : redeem(form, now);
}

HttpReply FakeProvider::redeem(const http::Params& form, Instant now) {
  const auto found = codes_.find(value_of(form, "code"));
  if (found == codes_.end()) return refusal("invalid_grant");
  auto& grant = found->second;
  if (std::exchange(grant.used, true)) return ++num_reused, refusal("invalid_grant");
  if (value_of(form, "redirect_uri") != grant.redirect_uri) return refusal("invalid_grant");
  const auto verifier = value_of(form, "code_verifier");
  if (!grant.challenge.empty() && sha256_text(verifier) != grant.challenge) {
    return refusal("invalid_grant");
  }
  return tokens(grant.nonce, true, now);
}

HttpReply FakeProvider::refresh(const http::Params& form, Instant now) {
  const auto found = refresh_tokens_.find(value_of(form, "refresh_token"));
  if (found == refresh_tokens_.end()) return refusal("invalid_grant");
  if (found->second) return ++num_reused, refusal("invalid_grant");
  found->second = rotate_refresh_tokens;
  return tokens({}, refresh_with_id_token, now);
}

HttpReply FakeProvider::tokens(std::string_view nonce, bool with_id_token, Instant now) {
  const auto number = std::to_string(++serial_);
  access_token_ = "access-canary-" + number;
  JsonText body;
  body.set_string("access_token", access_token_).set_string("token_type", "Bearer");
  body.set_number("expires_in", 3600);
  if (give_refresh_token && (rotate_refresh_tokens || !nonce.empty())) {
    const auto token = "refresh-canary-" + number;
    refresh_tokens_[token] = false;
    body.set_string("refresh_token", token);
  }
  if (with_id_token) {
    auto claims = id_claims(now, nonce);
    claims.set_string("iss", settings.issuer).set_string("jti", "id-token-canary-" + number);
    claims.set_string("at_hash", half_hash(key_.default_algorithm(), access_token_));
    claims.set_string("preferred_username", "Alice").set("groups", R"(["staff","admins"])");
    if (edit_id_token) edit_id_token(claims);
    auto token = mint(key_, claims);
    if (replace_id_token) token = replace_id_token(std::move(token));
    body.set_string("id_token", token);
  }
  if (edit_token_reply) edit_token_reply(body);
  return json_answer(200, body.str());
}

HttpReply FakeProvider::userinfo(const HttpCall& call) {
  if (call.header("Authorization") != "Bearer " + access_token_) return json_answer(401, "{}");
  JsonText claims;
  claims.set_string("sub", "alice").set_string("email", "alice@example.com");
  claims.set("email_verified", "true").set("groups", R"(["from-userinfo"])");
  if (edit_userinfo) edit_userinfo(claims);
  return json_answer(200, claims.str());
}

}  // namespace gatelet::support
