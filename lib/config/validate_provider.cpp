#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "config/range.hpp"
#include "config/validate.hpp"
#include "http/url.hpp"
#include "oidc/backend_logout.hpp"

namespace gatelet::config {
namespace {

// Types of the reference that later versions of this library know.
constexpr std::string_view later_types[] = {
    "adfs",     "azure",     "entra-id",  "bitbucket", "cidaas",   "digitalocean",
    "facebook", "github",    "gitlab",    "google",    "keycloak", "keycloak-oidc",
    "linkedin", "login.gov", "nextcloud", "sourcehut"};

// Problems of one provider.
class Notes {
 public:
  Notes(const ProviderValues& provider, Problems& problems)
      : provider_(provider), problems_(problems) {}
  void add(Row row, const std::string& text, Status status = Status::invalid_value) {
    problems_.add(provider_.name, row, text, status);
  }
  // Nothing is said to be missing where something was refused.
  void add_missing(Row row, const std::string& text) {
    if (!problems_.has(row, provider_.name.number)) add(row, "missing; " + text);
  }

 private:
  const ProviderValues& provider_;
  Problems& problems_;
};

bool check_type(const Values& values, const ProviderValues& p, Notes& notes) {
  if (*p.provider == "oidc") return true;
  const bool is_later = std::find(std::begin(later_types), std::end(later_types), *p.provider) !=
                        std::end(later_types);
  if (!p.provider.given && values.is_compat) {
    notes.add(Row::provider,
              "missing, and \"google\", compat's default, is not available in this version; write "
              "\"oidc\"",
              Status::not_built);
  } else if (is_later) {
    notes.add(Row::provider,
              shown(*p.provider) +
                  " is not available in this version; write \"oidc\" where the "
                  "provider speaks OpenID Connect",
              Status::not_built);
  } else {
    notes.add(Row::provider, shown(*p.provider) + " is no provider type; write \"oidc\"");
  }
  return false;
}

void check_client(const ProviderValues& p, Notes& notes) {
  if (!p.client_id.given) {
    notes.add_missing(Row::client_id, "write the client id the provider gave this application");
  }
  const bool has_secret = p.client_secret.given || p.client_secret_file.given;
  if (p.client_secret.given && p.client_secret_file.given) {
    notes.add(Row::client_secret_file, "does not go with client_secret; leave one of them out");
  }
  if (*p.client_auth_method != "none") {
    if (has_secret) return;
    return notes.add_missing(Row::client_secret,
                             "write it, or client_secret_file, or client_auth_method = \"none\" "
                             "for a client that has no secret");
  }
  if (has_secret) {
    notes.add(Row::client_auth_method,
              "\"none\" does not go with a client secret; leave one of them out");
  }
  // RFC 9700 section 2.1.1: public clients must use PKCE.
  if (pkce_method(p).empty()) {
    notes.add(Row::client_auth_method, "\"none\" needs code_challenge_method = \"S256\"");
  }
}

void check_pkce(const ProviderValues& p, Notes& notes) {
  if (!p.code_challenge_method.given || !p.force_code_challenge_method.given) return;
  if (*p.code_challenge_method == *p.force_code_challenge_method) return;
  notes.add(Row::force_code_challenge_method,
            "contradicts code_challenge_method; leave one of them out");
}

void check_urls(const ProviderValues& p, Notes& notes) {
  const auto check = [&](Row row, const Chosen<std::string>& url) {
    if (*p.insecure_allow_http_provider || !url->starts_with("http:")) return;
    notes.add(row, shown(*url) +
                       " is plain http; write https, or insecure_allow_http_provider = true for "
                       "a test");
  };
  check(Row::oidc_issuer_url, p.oidc_issuer_url);
  check(Row::login_url, p.login_url);
  check(Row::redeem_url, p.redeem_url);
  check(Row::profile_url, p.profile_url);
  check(Row::validate_url, p.validate_url);
  check(Row::oidc_jwks_url, p.oidc_jwks_url);
  check(Row::backend_logout_url, p.backend_logout_url);
  const auto& logout = p.backend_logout_url;
  if (logout.given && !http::parse_url(oidc::without_mark(*logout)).ok()) {
    notes.add(
        Row::backend_logout_url,
        shown(*logout) + " is no http or https URL; write https://host/path?token={id_token}");
  }
}

void check_discovery(const ProviderValues& p, Notes& notes) {
  if (!p.oidc_issuer_url.given) {
    notes.add_missing(Row::oidc_issuer_url, "write the provider's issuer, https://login.example");
  }
  if (!*p.skip_oidc_discovery) {
    if (p.oidc_public_key_files.given) {
      notes.add(Row::oidc_public_key_files, "has no effect without skip_oidc_discovery = true");
    }
    return;
  }
  constexpr std::string_view because = "write it, since skip_oidc_discovery is on";
  if (!p.login_url.given) notes.add_missing(Row::login_url, std::string(because));
  if (!p.redeem_url.given) notes.add_missing(Row::redeem_url, std::string(because));
  if (p.oidc_jwks_url.given && p.oidc_public_key_files.given) {
    notes.add(Row::oidc_public_key_files, "does not go with oidc_jwks_url; leave one of them out");
  }
  if (!p.oidc_jwks_url.given && !p.oidc_public_key_files.given) {
    notes.add_missing(Row::oidc_jwks_url,
                      "write it, or oidc_public_key_files, since skip_oidc_discovery is on");
  }
  if (*p.end_session) {
    notes.add(Row::end_session, "needs the provider's metadata; leave skip_oidc_discovery out");
  }
}

void check_requests(const Values& values, const ProviderValues& p, Notes& notes) {
  if (*p.auth_request_response_mode == "form_post" && !*values.engine.cookie_secure) {
    notes.add(Row::auth_request_response_mode,
              "\"form_post\" needs cookie_secure = true; the attempt's cookie comes from another "
              "site");
  }
  if (*p.skip_claims_from_profile_url && *p.userinfo_fetch == "always") {
    notes.add(Row::skip_claims_from_profile_url,
              "contradicts userinfo_fetch = \"always\"; leave one of them out");
  }
  const auto padded = " " + *p.scope + " ";
  if (p.scope.given && !values.is_compat && padded.find(" openid ") == std::string::npos) {
    notes.add(Row::scope,
              shown(*p.scope) + " lacks \"openid\", without which there is no ID token");
  }
}

}  // namespace

const std::string& pkce_method(const ProviderValues& p) noexcept {
  return p.force_code_challenge_method.given ? *p.force_code_challenge_method
                                             : *p.code_challenge_method;
}

void validate_provider(const Values& values, const ProviderValues& p, Problems& problems) {
  Notes notes(p, problems);
  if (!check_type(values, p, notes)) return;
  check_client(p, notes);
  check_pkce(p, notes);
  check_urls(p, notes);
  check_discovery(p, notes);
  check_requests(values, p, notes);
}

}  // namespace gatelet::config
