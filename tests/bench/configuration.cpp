#include "bench/configuration.hpp"

namespace gatelet::bench {
namespace {

constexpr int num_providers = 10, num_routes = 200, num_headers = 50;

std::string list(int size, const std::string& before, const std::string& after) {
  std::string out = "[";
  for (int i = 0; i < size; ++i) {
    out += (i == 0 ? "\"" : ", \"") + before + std::to_string(i) + after + '"';
  }
  return out + "]";
}

std::string toml_headers(const std::string& key) {
  std::string out;
  for (int i = 0; i < num_headers; ++i) {
    out += "[[" + key + "]]\nname = \"X-Field-" + std::to_string(i) +
           "\"\npreserveRequestValue = false\nvalues = [{claimSource = {claim = \"claim" +
           std::to_string(i) + "\", prefix = \"p:\"}}, {secretSource = {value = \"text\"}}]\n";
  }
  return out;
}

std::string toml_provider(int number) {
  const auto n = std::to_string(number);
  return "[providers.p" + n + "]\nprovider = \"oidc\"\nprovider_display_name = \"Provider " + n +
         "\"\nclient_id = \"client" + n + "\"\nclient_secret = \"secret" + n +
         "\"\noidc_issuer_url = \"https://idp" + n + ".example\"\nlogin_url = \"https://idp" + n +
         ".example/authorize\"\nredeem_url = \"https://idp" + n +
         ".example/token\"\nprofile_url = \"https://idp" + n +
         ".example/userinfo\"\nvalidate_url = \"https://idp" + n +
         ".example/validate\"\noidc_jwks_url = \"https://idp" + n +
         ".example/keys\"\nskip_oidc_discovery = true\nscope = \"openid email profile groups\"\n"
         "code_challenge_method = \"S256\"\nauth_request_response_mode = \"query\"\n"
         "oidc_email_claim = \"email\"\noidc_groups_claim = \"groups\"\nuser_id_claim = \"sub\"\n"
         "insecure_oidc_skip_nonce = false\nresource = \"https://api.example\"\n"
         "oidc_enabled_signing_algs = [\"RS256\", \"ES256\"]\noidc_extra_audiences = " +
         list(20, "aud", "") + "\nadditional_claims = " + list(num_headers, "claim", "") +
         "\nlogin_url_parameters = [{name = \"prompt\", default = [\"login\"], allow = [{value = "
         "\"none\"}]}, {name = \"login_hint\", allow = [{pattern = '^[^@]*@example\\.com$'}]}]\n";
}

std::string yaml_headers(const std::string& key) {
  std::string out = key + ":\n";
  for (int i = 0; i < num_headers; ++i) {
    out += "  - name: X-Field-" + std::to_string(i) +
           "\n    preserveRequestValue: false\n    values:\n      - claimSource:\n          claim: "
           "claim" +
           std::to_string(i) +
           "\n          prefix: \"p:\"\n      - secretSource:\n          value: text\n";
  }
  return out;
}

std::string yaml_provider(int number) {
  const auto n = std::to_string(number);
  const auto url = "https://idp" + n + ".example";
  return "  - id: p" + n + "\n    provider: oidc\n    name: Provider " + n +
         "\n    clientID: client" + n + "\n    clientSecret: secret" + n +
         "\n    loginURL: " + url + "/authorize\n    redeemURL: " + url +
         "/token\n    profileURL: " + url + "/userinfo\n    validateURL: " + url +
         "/validate\n    scope: openid email profile groups\n    code_challenge_method: S256\n"
         "    authRequestResponseMode: query\n    resource: https://api.example\n"
         "    allowedGroups: " +
         list(100, "group", "") + "\n    additionalClaims: " + list(num_headers, "claim", "") +
         "\n    oidcConfig:\n      issuerURL: " + url + "\n      jwksURL: " + url +
         "/keys\n      skipDiscovery: true\n      emailClaim: email\n      groupsClaim: groups\n"
         "      userIDClaim: sub\n      insecureSkipNonce: false\n      enabledSigningAlgs: "
         "[RS256, "
         "ES256]\n      extraAudiences: " +
         list(20, "aud", "") +
         "\n    loginURLParameters:\n      - name: prompt\n        default: [login]\n        "
         "allow:\n"
         "          - value: none\n      - name: login_hint\n        allow:\n          - pattern: "
         "'^[^@]*@example\\.com$'\n";
}

}  // namespace

std::string core_toml() {
  return "cookie_secret = \"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\"\n"
         "email_domains = " +
         list(100, "d", ".example") + "\nwhitelist_domains = " + list(100, ".w", ".example") +
         "\nskip_auth_routes = " + list(num_routes, "GET=^/static", "/.*[.]css$") +
         "\nskip_auth_regex = " + list(50, "^/public", "/") +
         "\napi_routes = " + list(50, "^/api", "/") +
         "\ntrusted_proxy_ips = [\"10.0.0.0/8\", \"127.0.0.1\", \"::1\"]\nreverse_proxy = true\n"
         "trusted_ips = [\"192.0.2.0/24\"]\nreal_client_ip_header = \"X-Forwarded-For\"\n"
         "redirect_url = \"https://app.example/oauth2/callback\"\nproxy_prefix = \"/oauth2\"\n"
         "ping_path = \"/ping\"\nping_user_agent = \"probe\"\nready_path = \"/ready\"\n"
         "gcp_healthchecks = true\nskip_provider_button = false\nbanner = \"Members\"\n"
         "footer = \"Example\"\nforce_json_errors = false\nencode_state = true\n"
         "cookie_name = \"__Host-app\"\ncookie_path = \"/\"\ncookie_samesite = \"lax\"\n"
         "cookie_expire = \"12h\"\ncookie_refresh = \"1h\"\nrefresh_before_expiry = \"1m\"\n"
         "session_limit = \"2 MiB\"\nsession_cache_size = \"1 MiB\"\n"
         "cookie_csrf_per_request_limit = 5\ncookie_csrf_expire = \"5m\"\nforce_https = true\n"
         "strip_own_cookies = true\nrequest_id_header = \"X-Request-Id\"\n"
         "skip_auth_preflight = true\nskip_jwt_bearer_tokens = true\nextra_jwt_issuers = "
         "[\"https://one.example=a\", \"https://two.example=b\"]\nclock_skew = \"30s\"\n"
         "http_timeout = \"5s\"\nhttp_connections = 64\nmax_operations = 1024\n";
}

std::string largest_toml() {
  auto out = core_toml() + "allowed_groups = " + list(100, "group", "") + "\n" +
             toml_headers("inject_request_headers") + toml_headers("inject_response_headers");
  for (int i = 0; i < num_providers; ++i) out += toml_provider(i);
  return out;
}

std::string largest_yaml() {
  auto out = yaml_headers("injectRequestHeaders") + yaml_headers("injectResponseHeaders") +
             "server:\n  bindAddress: 127.0.0.1:4180\nproviders:\n";
  for (int i = 0; i < num_providers; ++i) out += yaml_provider(i);
  return out;
}

}  // namespace gatelet::bench
