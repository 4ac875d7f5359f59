#include "oidc/discovery.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "http/form.hpp"
#include "http/url.hpp"
#include "json/reader.hpp"
#include "oidc/client_auth.hpp"
#include "oidc/error_reply.hpp"

namespace gatelet::oidc {
namespace {

Error unusable(std::string text) {
  return prefixed("discovery", {Status::provider_bad_answer, std::move(text)});
}

HttpCall get_json(const Provider& provider, std::string url, std::string_view accept) {
  auto call = HttpCall::get(std::move(url));
  call.add_header("Accept", accept);
  call.max_reply_size = max_metadata_size;
  call.trust = provider.trust;
  return call;
}

// Members of the document. null says no more than silence does.
const json::Value* member(const json::Value& document, std::string_view name) noexcept {
  const auto* value = document.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Result<void> read_text(const json::Value& document, std::string_view name, std::string& out) {
  const auto* value = member(document, name);
  if (value == nullptr) return {};
  if (value->string() == nullptr) return unusable(std::string(name) + " is no text");
  out = *value->string();
  return {};
}

Result<void> read_list(const json::Value& document, std::string_view name,
                       std::optional<std::vector<std::string>>& out) {
  const auto* value = member(document, name);
  if (value == nullptr) return {};
  if (value->array() == nullptr) return unusable(std::string(name) + " is no list");
  out.emplace();
  for (const auto& element : *value->array()) {
    if (element.string() == nullptr) return unusable(std::string(name) + " holds more than texts");
    out->push_back(*element.string());
  }
  return {};
}

Result<void> read_flag(const json::Value& document, std::string_view name, bool& out) {
  const auto* value = member(document, name);
  if (value == nullptr) return {};
  if (value->boolean() == nullptr)
    return unusable(std::string(name) + " is neither true nor false");
  out = *value->boolean();
  return {};
}

// An endpoint, its member in metadata, and the option that sets it by hand.
struct EndpointRow {
  std::string Endpoints::*place;
  std::string_view member;
  std::string_view option;  // empty: only metadata names it
};
constexpr EndpointRow endpoint_rows[] = {
    {&Endpoints::authorization, "authorization_endpoint", "login_url"},
    {&Endpoints::token, "token_endpoint", "redeem_url"},
    {&Endpoints::jwks, "jwks_uri", "oidc_jwks_url"},
    {&Endpoints::userinfo, "userinfo_endpoint", "profile_url"},
    {&Endpoints::end_session, "end_session_endpoint", ""},
    {&Endpoints::revocation, "revocation_endpoint", ""},
    {&Endpoints::introspection, "introspection_endpoint", ""},
};

// Https, unless the operator allowed plain http for this provider. The query must be one that
// authorize.cpp and end_session.cpp can add to.
bool is_acceptable(const std::string& text, const Provider& provider) {
  const auto url = http::parse_url(text);
  if (!url.ok()) return false;
  const bool http_allowed = provider.trust != nullptr && provider.trust->allow_http;
  return (url->scheme == "https" || http_allowed) && http::parse_form(url->query).ok();
}

constexpr std::string_view not_acceptable =
    " is not an acceptable https URL; plain http needs insecure_allow_http_provider";

std::vector<jose::Algorithm> enabled_or_default(const Provider& provider) {
  if (!provider.enabled_algorithms.empty()) return provider.enabled_algorithms;
  return {jose::Algorithm::rs256};  // OpenID Connect Core section 2: what every provider has
}

// `none` and the HS family have no Algorithm, so that announcing them adds nothing.
std::vector<jose::Algorithm> usable_algorithms(const Provider& provider,
                                               const std::vector<std::string>& announced) {
  const auto& enabled = provider.enabled_algorithms;
  std::vector<jose::Algorithm> out;
  for (const auto& name : announced) {
    const auto algorithm = jose::parse_algorithm(name);
    if (!algorithm || std::find(out.begin(), out.end(), *algorithm) != out.end()) continue;
    if (enabled.empty() || std::find(enabled.begin(), enabled.end(), *algorithm) != enabled.end())
      out.push_back(*algorithm);
  }
  return out;
}

}  // namespace

HttpCall discovery_request(const Provider& provider) {
  std::string_view issuer = provider.issuer;
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return get_json(provider, std::string(issuer) + "/.well-known/openid-configuration",
                  "application/json");
}

Result<Metadata> read_discovery_reply(const HttpReply& reply) {
  if (reply.status != 200) return refusal("discovery", reply);
  json::Limits limits;
  limits.max_size = max_metadata_size;
  const auto document = json::parse_object(reply.body, limits);
  if (!document.ok()) return unusable("the document cannot be read: " + document.error().text);

  Metadata out;
  auto read = read_text(*document, "issuer", out.issuer);
  for (const auto& row : endpoint_rows) {
    if (read.ok()) read = read_text(*document, row.member, out.endpoints.*row.place);
  }
  if (read.ok())
    read = read_list(*document, "token_endpoint_auth_methods_supported", out.auth_methods);
  if (read.ok())
    read = read_list(*document, "id_token_signing_alg_values_supported", out.algorithms);
  if (read.ok()) {
    read = read_flag(*document, "authorization_response_iss_parameter_supported",
                     out.announces_issuer_in_response);
  }
  if (!read.ok()) return std::move(read).error();
  return out;
}

Result<Provider> apply_metadata(const Provider& provider, const Metadata& metadata) {
  // Discovery 1.0 section 4.3: exactly the issuer that was asked.
  if (!provider.insecure_any_issuer && metadata.issuer != provider.issuer) {
    return unusable("the document's issuer is not " + provider.issuer +
                    "; oidc_issuer_url must equal it byte for byte");
  }

  Provider out = provider;
  for (const auto& row : endpoint_rows) {
    auto& endpoint = out.endpoints.*row.place;
    const auto& announced = metadata.endpoints.*row.place;
    if (!announced.empty()) endpoint = announced;
    const bool is_for_sign_in =
        row.place == &Endpoints::authorization || row.place == &Endpoints::token;
    const bool is_needed =
        row.place == &Endpoints::jwks || (is_for_sign_in && !provider.only_verifies);
    if (endpoint.empty() && is_needed) return unusable(std::string(row.member) + " is missing");
    if (!endpoint.empty() && !is_acceptable(endpoint, provider)) {
      return unusable(std::string(row.member) + std::string(not_acceptable));
    }
  }

  const bool algorithms_known = metadata.algorithms && !metadata.algorithms->empty();
  out.algorithms = algorithms_known ? usable_algorithms(provider, *metadata.algorithms)
                                    : enabled_or_default(provider);
  if (out.algorithms.empty()) {
    return unusable(
        "no algorithm for ID tokens is both announced and enabled; see oidc_enabled_signing_algs");
  }

  if (provider.only_verifies) return out;
  auto method = choose_auth_method(provider.client, metadata.auth_methods);
  if (!method.ok()) return prefixed("discovery", std::move(method).error());
  out.client.method = *method;
  out.announces_issuer_in_response = metadata.announces_issuer_in_response;
  return out;
}

Result<Provider> provider_without_discovery(const Provider& provider) {
  Provider out = provider;
  for (const auto& row : endpoint_rows) {
    const auto& endpoint = out.endpoints.*row.place;
    const bool is_needed = row.place == &Endpoints::authorization || row.place == &Endpoints::token;
    const auto name = std::string(row.option.empty() ? row.member : row.option);
    if (endpoint.empty() && is_needed) {
      return Error{Status::invalid_configuration,
                   name + " is missing; it is needed with skip_oidc_discovery"};
    }
    if (!endpoint.empty() && !is_acceptable(endpoint, provider)) {
      return Error{Status::invalid_configuration, name + std::string(not_acceptable)};
    }
  }
  out.algorithms = enabled_or_default(provider);
  auto method = choose_auth_method(provider.client, std::nullopt);
  if (!method.ok()) return std::move(method).error();
  out.client.method = *method;
  return out;
}

HttpCall jwks_request(const Provider& provider) {
  return get_json(provider, provider.endpoints.jwks, "application/jwk-set+json, application/json");
}

Result<jose::KeySet> read_jwks_reply(const HttpReply& reply) {
  if (reply.status != 200) return refusal("key set", reply);
  auto keys = jose::parse_key_set(reply.body);
  if (!keys.ok()) return prefixed("key set", std::move(keys).error());
  if (keys->empty()) {
    return Error{Status::provider_bad_answer, "key set: it holds no key that can be used"};
  }
  return keys;
}

}  // namespace gatelet::oidc
