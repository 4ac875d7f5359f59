#include "config/resolve_provider.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "config/validate.hpp"
#include "http/url.hpp"
#include "oidc/backend_logout.hpp"

namespace gatelet::config {
namespace {

oidc::Client client_of(const ProviderValues& p) {
  oidc::Client client;
  client.id = *p.client_id;
  client.secret = *p.client_secret;
  const std::string_view method = *p.client_auth_method;
  if (method == "client_secret_basic") client.method = oidc::ClientAuthMethod::client_secret_basic;
  if (method == "client_secret_post") client.method = oidc::ClientAuthMethod::client_secret_post;
  if (method == "none") client.method = oidc::ClientAuthMethod::none;
  return client;
}

oidc::Endpoints endpoints_of(const ProviderValues& p) {
  oidc::Endpoints endpoints;
  endpoints.authorization = *p.login_url;
  endpoints.token = *p.redeem_url;
  endpoints.userinfo = *p.profile_url;
  endpoints.jwks = *p.oidc_jwks_url;
  return endpoints;
}

// Where there are several to choose from, each needs a name.
std::string display_name_of(const Values& values, const ProviderValues& p) {
  if (p.provider_display_name.given || values.providers.size() == 1) {
    return *p.provider_display_name;
  }
  const auto issuer = http::parse_url(*p.oidc_issuer_url);
  return issuer.ok() ? issuer->host : p.name.id;
}

// user_id_claim is an old name of oidc_email_claim in the reference, and counts while that one is
// at its default. Otherwise it says which claim becomes the user.
oidc::ClaimMap claims_of(const Values& values, const ProviderValues& p) {
  oidc::ClaimMap claims;
  claims.email = *p.oidc_email_claim;
  claims.groups = *p.oidc_groups_claim;
  claims.additional = *p.additional_claims;
  if (!values.is_compat) {
    claims.user = *p.user_id_claim;
  } else if (claims.email == "email") {
    claims.email = *p.user_id_claim;
  }
  return claims;
}

std::string scope_of(const ProviderValues& p, const policy::Policy& policy) {
  if (p.scope.given) return *p.scope;
  return policy.allowed_groups.empty() ? "openid email profile" : "openid email profile groups";
}

std::vector<http::Param> login_params_of(const ProviderValues& p) {
  std::vector<http::Param> params;
  if (!p.acr_values->empty()) params.push_back({"acr_values", *p.acr_values});
  if (!p.prompt->empty()) params.push_back({"prompt", *p.prompt});
  const bool is_displaced = !p.approval_prompt.given && !p.prompt->empty();
  if (!p.approval_prompt->empty() && !is_displaced) {
    params.push_back({"approval_prompt", *p.approval_prompt});
  }
  return params;
}

oidc::Pkce pkce_of(const ProviderValues& p) noexcept {
  const auto& method = pkce_method(p);
  if (method == "S256") return oidc::Pkce::s256;
  return method == "plain" ? oidc::Pkce::plain : oidc::Pkce::off;
}

oidc::UserinfoFetch userinfo_of(const ProviderValues& p) noexcept {
  if (*p.skip_claims_from_profile_url || *p.userinfo_fetch == "never") {
    return oidc::UserinfoFetch::never;
  }
  return *p.userinfo_fetch == "always" ? oidc::UserinfoFetch::always : oidc::UserinfoFetch::missing;
}

std::vector<jose::Algorithm> algorithms_of(const ProviderValues& p) {
  std::vector<jose::Algorithm> algorithms;
  for (const auto& name : *p.oidc_enabled_signing_algs) {
    if (const auto algorithm = jose::parse_algorithm(name)) algorithms.push_back(*algorithm);
  }
  return algorithms;
}

HttpTrust trust_of(const Values& values, const ProviderValues& p) {
  HttpTrust trust;
  trust.use_system_store = p.provider_ca_files->empty() || *p.use_system_trust_store;
  trust.insecure_skip_verify = *p.ssl_insecure_skip_verify;
  trust.allow_private = *p.insecure_allow_private_addresses;

  bool names_http = false;
  for (const auto* text : {&*p.oidc_issuer_url, &*p.login_url, &*p.redeem_url, &*p.profile_url,
                           &*p.validate_url, &*p.oidc_jwks_url, &*p.backend_logout_url}) {
    const auto url = http::parse_url(oidc::without_mark(*text));
    if (!url.ok()) continue;
    names_http = names_http || url->scheme == "http";
    auto& hosts = trust.configured_hosts;
    if (std::find(hosts.begin(), hosts.end(), url->host) == hosts.end()) hosts.push_back(url->host);
  }
  // compat: http is accepted where it was configured, and nowhere else.
  const bool is_implied = values.is_compat && !p.insecure_allow_http_provider.given;
  trust.allow_http = *p.insecure_allow_http_provider && (!is_implied || names_http);
  return trust;
}

}  // namespace

ResolvedProvider resolve_provider(const Values& values, const ProviderValues& p,
                                  const policy::Policy& policy) {
  ResolvedProvider out;
  out.name = p.name;
  out.trust = trust_of(values, p);
  out.client_secret_file = *p.client_secret_file;
  out.ca_files = *p.provider_ca_files;
  out.public_key_files = *p.oidc_public_key_files;

  const bool has_email_rule = policy.email.restricts();
  auto& provider = out.provider;
  provider.id = p.name.id;
  provider.display_name = display_name_of(values, p);
  provider.issuer = *p.oidc_issuer_url;
  provider.client = client_of(p);
  provider.endpoints = endpoints_of(p);
  provider.validate_url = *p.validate_url;
  provider.scope = scope_of(p, policy);
  provider.login_params = login_params_of(p);
  if (!p.resource->empty()) provider.resource = {*p.resource};
  provider.pkce = pkce_of(p);
  provider.response_mode = *p.auth_request_response_mode == "form_post"
                               ? oidc::ResponseMode::form_post
                               : oidc::ResponseMode::query;
  provider.send_response_mode = p.auth_request_response_mode.given;
  provider.use_nonce = !*p.insecure_oidc_skip_nonce;
  provider.discover = !*p.skip_oidc_discovery;
  provider.insecure_any_issuer = *p.insecure_oidc_skip_issuer_verification;
  provider.allow_unverified_email = *p.insecure_oidc_allow_unverified_email;
  provider.require_email = values.is_compat || has_email_rule;
  provider.require_verified_flag =
      !values.is_compat && has_email_rule && !provider.allow_unverified_email;
  provider.fetch_end_session = *p.end_session;
  provider.backend_logout_url = *p.backend_logout_url;
  provider.userinfo_fetch = userinfo_of(p);
  provider.user_stands_in_for_email = values.is_compat;
  provider.claims = claims_of(values, p);
  provider.audience_claims = *p.oidc_audience_claims;
  provider.extra_audiences = *p.oidc_extra_audiences;
  provider.enabled_algorithms = algorithms_of(p);
  provider.leeway = *values.engine.clock_skew;
  return out;
}

std::vector<ResolvedProvider> resolve_token_issuers(const Values& values,
                                                    const policy::Policy& policy) {
  std::vector<ResolvedProvider> out;
  const auto& first = values.providers.front();
  for (const auto& entry : *values.engine.extra_jwt_issuers) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos) continue;  // told already

    // Only what concerns reaching an issuer and its audiences is the first provider's.
    ProviderValues described;
    described.oidc_issuer_url.value = entry.substr(0, equals);
    described.client_id.value = entry.substr(equals + 1);
    described.oidc_extra_audiences = first.oidc_extra_audiences;
    described.oidc_audience_claims.value = {"aud"};
    described.oidc_email_claim.value = "email";
    described.oidc_groups_claim.value = "groups";
    described.user_id_claim.value = values.is_compat ? "email" : "sub";
    described.insecure_oidc_allow_unverified_email = first.insecure_oidc_allow_unverified_email;
    described.provider_ca_files = first.provider_ca_files;
    described.use_system_trust_store = first.use_system_trust_store;
    described.ssl_insecure_skip_verify = first.ssl_insecure_skip_verify;
    described.insecure_allow_http_provider = first.insecure_allow_http_provider;
    described.insecure_allow_private_addresses = first.insecure_allow_private_addresses;
    described.name = {"extra_jwt_issuers:" + std::to_string(out.size() + 1), first.name.number};
    auto issuer = resolve_provider(values, described, policy);
    issuer.provider.only_verifies = true;
    out.push_back(std::move(issuer));
  }
  return out;
}

}  // namespace gatelet::config
