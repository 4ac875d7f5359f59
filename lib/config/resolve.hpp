// From settings to the plain structs the rest of the library works with.
//
// Here ends the profile: what differs between "default" and "oauth2-proxy" is a named member of
// these structs from here on, and nothing below asks which profile is on. No file is read: the
// files that settings name stand in the result, for engine/assemble.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <gatelet/settings.hpp>

#include "base/instant.hpp"
#include "base/secret.hpp"
#include "config/problems.hpp"
#include "config/resolve_headers.hpp"
#include "config/resolve_store.hpp"
#include "config/warnings.hpp"
#include "http/call.hpp"
#include "oidc/provider.hpp"
#include "policy/policy.hpp"
#include "session/cookie_session.hpp"

namespace gatelet::config {

struct ResolvedProvider {
  ProviderName name;
  oidc::Provider provider;  // without trust, and without the secret where a file holds it
  HttpTrust trust;          // without the certificates of ca_files
  std::string client_secret_file;
  std::vector<std::string> ca_files;
  std::vector<std::string> public_key_files;
};

struct Resolved {
  policy::Policy policy;
  session::SessionSettings session;
  Secret cookie_secret;
  std::vector<Secret> cookie_secrets_previous;
  std::string logo_file;                    // empty: none
  std::string templates_dir;                // empty: none
  std::string emails_file;                  // empty: none
  std::string htpasswd_file;                // empty: none
  std::string basic_auth_password_file;     // empty where basic_auth_password is set
  std::string signature_key_file;           // empty where signature_key is set
  std::vector<HeaderFile> header_files;     // what the rules of policy.headers lack
  std::string cookie_secret_file;           // empty where cookie_secret is set
  std::vector<ResolvedProvider> providers;  // never empty; the first is the default choice

  std::vector<ResolvedProvider> token_issuers;  // of extra_jwt_issuers

  std::size_t session_cache_size = 0;
  ResolvedStore store;
  bool own_thread = true;
  std::size_t max_operations = 0;
  Duration http_timeout{};
  std::size_t http_connections = 0;

  std::vector<std::string> warnings;  // one for each insecure setting that is on
  std::vector<Notice> notices;        // what is no danger, and good to know
  Problems problems;                  // when there are any, the rest is not to be used
};

Resolved resolve(const Settings& settings);

}  // namespace gatelet::config
