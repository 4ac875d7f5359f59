// The provider of test-standard.md's fixture: issuer https://idp.example, client "c" with secret
// "s", metadata known.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "oidc/provider.hpp"

namespace gatelet::support {

// What tests often want otherwise; the rest of a Provider they set themselves.
struct ProviderFields {
  std::string issuer = "https://idp.example";
  std::string authorization_endpoint = "https://idp.example/authorize";
  std::string token_endpoint = "https://idp.example/token";
  std::string userinfo_endpoint = "https://idp.example/userinfo";
  std::string jwks_uri = "https://idp.example/jwks";
  std::string end_session_endpoint = "https://idp.example/logout";
  std::string revocation_endpoint = {};
  std::string client_id = "c";
  std::string client_secret = "s";
  oidc::ClientAuthMethod auth_method = oidc::ClientAuthMethod::client_secret_basic;
};

inline oidc::Provider provider(ProviderFields fields = {}) {
  oidc::Provider out;
  out.issuer = std::move(fields.issuer);
  out.client.id = std::move(fields.client_id);
  out.client.secret = Secret(fields.client_secret);
  out.client.method = fields.auth_method;
  out.endpoints.authorization = std::move(fields.authorization_endpoint);
  out.endpoints.token = std::move(fields.token_endpoint);
  out.endpoints.userinfo = std::move(fields.userinfo_endpoint);
  out.endpoints.jwks = std::move(fields.jwks_uri);
  out.endpoints.end_session = std::move(fields.end_session_endpoint);
  out.endpoints.revocation = std::move(fields.revocation_endpoint);
  out.algorithms = {jose::Algorithm::rs256};
  out.trust = std::make_shared<const HttpTrust>();
  return out;
}

}  // namespace gatelet::support
