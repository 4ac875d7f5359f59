// Metadata (OpenID Connect Discovery 1.0, RFC 9207) and the JWK set (RFC 7517).
#include "provider.hpp"

namespace dev_idp {
namespace {

using nlohmann::json;

json metadata(Provider& provider) {
  const auto& base = provider.base_url;
  json document{
      {"issuer", provider.issuer},
      {"authorization_endpoint", base + "/authorize"},
      {"token_endpoint", base + "/token"},
      {"userinfo_endpoint", base + "/userinfo"},
      {"jwks_uri", base + "/jwks"},
      {"end_session_endpoint", base + "/end_session"},
      {"response_types_supported", {"code"}},
      {"response_modes_supported", {"query", "form_post"}},
      {"grant_types_supported", {"authorization_code", "refresh_token"}},
      {"subject_types_supported", {"public"}},
      {"id_token_signing_alg_values_supported", {provider.options.algorithm}},
      {"token_endpoint_auth_methods_supported", provider.options.auth_methods},
      {"code_challenge_methods_supported", {"S256"}},
      {"scopes_supported", {"openid", "email", "profile", "offline_access"}},
      {"claims_supported",
       {"sub", "email", "email_verified", "name", "preferred_username", "groups"}},
      {"authorization_response_iss_parameter_supported", true},
  };
  if (provider.faults.take("discovery-wrong-issuer"))
    document["issuer"] = "https://elsewhere.example";
  if (provider.faults.take("discovery-no-issuer")) document.erase("issuer");
  if (provider.faults.take("discovery-no-token-endpoint")) document.erase("token_endpoint");
  return document;
}

}  // namespace

void add_discovery(httplib::Server& server, Provider& provider) {
  server.Get(route(provider, "/\\.well-known/openid-configuration"),
             endpoint(provider, "discovery", [&](const auto&, auto& response) {
               answer_json(response, 200, metadata(provider));
             }));
  server.Get(route(provider, "/jwks"), endpoint(provider, "jwks", [&](const auto&, auto& response) {
               const bool is_empty = provider.faults.take("jwks-no-keys");
               answer_json(response, 200,
                           is_empty ? json{{"keys", json::array()}} : provider.keys.published());
             }));
}

}  // namespace dev_idp
