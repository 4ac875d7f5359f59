// A Provider is one identity provider as gatelet uses it: what the operator configured and, once
// known, what its metadata adds. Data only; the exchanges are the other files of this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/secret.hpp"
#include "http/call.hpp"
#include "jose/key_set.hpp"

namespace gatelet::oidc {

// How the client proves itself at the token endpoint: exactly one method, never probed.
enum class ClientAuthMethod : std::uint8_t {
  by_metadata,
  client_secret_basic,
  client_secret_post,
  none
};

struct Client {
  std::string id;
  Secret secret;
  ClientAuthMethod method = ClientAuthMethod::by_metadata;  // resolved by apply_metadata
  friend bool operator==(const Client&, const Client&) noexcept = default;
};

enum class Pkce : std::uint8_t { off, s256, plain };
enum class ResponseMode : std::uint8_t { query, form_post };
enum class UserinfoFetch : std::uint8_t { missing, always, never };

struct Endpoints {
  std::string authorization, token, userinfo, jwks, end_session, revocation, introspection;
  friend bool operator==(const Endpoints&, const Endpoints&) noexcept = default;
};

// Which claim becomes what (providers.md 1.6).
struct ClaimMap {
  std::string user = "sub";
  std::string email = "email";
  std::string groups = "groups";
  std::string preferred_username = "preferred_username";
  std::vector<std::string> additional;
  friend bool operator==(const ClaimMap&, const ClaimMap&) noexcept = default;
};

struct Provider {
  std::string id = "default";
  std::string display_name;
  std::string issuer;
  Client client;
  Endpoints endpoints;       // configured ones; discovery replaces those it knows
  std::string validate_url;  // never discovered
  std::string scope = "openid email profile";
  std::vector<http::Param>
      login_params;  // prompt, acr_values, approval_prompt ... added to the authorization request
  std::vector<std::string> resource;
  Pkce pkce = Pkce::s256;
  ResponseMode response_mode = ResponseMode::query;
  bool send_response_mode = false;  // auth_request_response_mode was configured
  bool use_nonce = true;            // off: insecure_oidc_skip_nonce
  bool discover = true;             // off: skip_oidc_discovery
  bool insecure_any_issuer = false;
  bool allow_unverified_email = false;
  bool require_email = false;  // compat, or where an email rule restricts
  bool require_verified_flag =
      false;  // default profile with email rules: an absent email_verified refuses
  bool fetch_end_session = false;  // end_session: sign out at the provider too
  std::string backend_logout_url;  // called at sign-out; {id_token} in it is filled in
  UserinfoFetch userinfo_fetch = UserinfoFetch::missing;
  bool only_verifies = false;  // of extra_jwt_issuers: nobody signs in there, its keys are wanted
  bool user_stands_in_for_email = false;  // compat: of a bearer token without an address
  ClaimMap claims;
  std::vector<std::string> audience_claims = {"aud"};
  std::vector<std::string> extra_audiences;
  std::vector<jose::Algorithm> enabled_algorithms;  // empty: what metadata names, else RS256
  Duration leeway = std::chrono::seconds(60);
  std::shared_ptr<const HttpTrust> trust;

  // From metadata (oidc/discovery.hpp, apply_metadata):
  std::vector<jose::Algorithm> algorithms;    // accepted for ID tokens
  bool announces_issuer_in_response = false;  // RFC 9207

  // Member by member; `trust` as the same object.
  friend bool operator==(const Provider&, const Provider&) noexcept = default;
};

// What is known of a provider at one moment; immutable once published in a snapshot.
struct ProviderState {
  std::shared_ptr<const Provider> provider;  // as configured while metadata is absent
  bool has_metadata = false;                 // endpoints and algorithms are settled
  bool has_keys = false;
  jose::KeySet keys;
  Instant metadata_at{}, keys_at{};  // when they were fetched
};

}  // namespace gatelet::oidc
