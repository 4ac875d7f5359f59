// The rules of one engine, as settings: what policy/ decides by. Filled by config/, immutable
// in a snapshot.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/form.hpp"
#include "http/ip.hpp"
#include "http/template.hpp"
#include "policy/email_list.hpp"
#include "policy/header_rules.hpp"
#include "policy/htpasswd.hpp"
#include "policy/login_params.hpp"
#include "policy/regex_set.hpp"
#include "policy/request_signer.hpp"
#include "policy/skip_routes.hpp"

namespace gatelet::policy {

class PageTemplates;

// Where a browser may be sent back to (policy/return_to.hpp).
struct ReturnPolicy {
  std::vector<std::string>
      whitelist_domains;      // ".example.com", "*.example.com", "host:port", "host:*"
  bool accept_http = false;   // http targets too (compat, or cookies that are not secure)
  bool strict_query = false;  // compat: the rules for paths hold in the query as well
};

struct EmailRules {
  std::vector<std::string>
      domains;  // "*", "example.com", ".example.com", "*.example.com"; empty and no emails: no rule
  bool from_file = false;  // authenticated_emails_file is set
  bool nobody = false;     // compat: users of htpasswd_file alone are let in, and no address
  std::shared_ptr<const EmailList> addresses;  // what stands in it; null before it is read
  bool refuse_unverified = false;   // a session whose address the provider calls unverified is no
                                    // match (login already judged it by the provider's settings)
  bool restricts() const noexcept;  // any rule but "*"
};

struct ForwardedPolicy {
  bool reverse_proxy = false;
  std::vector<http::IpRange> trusted_proxies;
  std::string real_client_ip_header = "X-Real-IP";
};

// What passes without a session (policy/free_pass.hpp).
struct FreePassPolicy {
  bool preflight = false;  // every OPTIONS request
  std::vector<http::IpRange> trusted_ips;
  std::shared_ptr<const SkipRoutes> routes;           // null: none
  std::shared_ptr<const SkipRoutes> optional_routes;  // where no credential passes, and no bad one
  bool routes_cover_own_endpoints = false;  // compat: skip_auth_routes may name PREFIX/auth
};

// Users of htpasswd_file (policy/htpasswd.hpp).
struct PasswordPolicy {
  bool enabled = false;                   // htpasswd_file is set
  std::shared_ptr<const Htpasswd> users;  // what stands in it; null before it is read
  std::vector<std::string> groups;        // of everybody in the file
  bool shows_form = false;                // on the sign-in page
  bool email_is_user = false;             // with HTTP Basic the name is the e-mail address as well
};

// Tokens that programs present (policy/bearer_credential.hpp).
struct BearerPolicy {
  bool enabled = false;
  bool login_fallback = true;  // off: 403 for a token that is not accepted
  bool falls_through = false;  // compat: the cookie counts where the token is not accepted
};

struct HeaderPolicy {
  HeaderRules rules = header_rules({});
  std::string own_prefix;  // of names that only we may set besides; empty: none
  bool encode_group_separators =
      true;                       // a "," or "%" inside a group is percent-encoded; compat: off
  bool strip_own_cookies = true;  // Cookie is rewritten without the engine's own cookies
  bool strip_own_token = true;    // the application does not see the token a session came as;
                                  // compat: it does
  std::shared_ptr<const RequestSigner> signer;  // of signature_key; null: nothing is signed
};

struct PagesPolicy {
  bool force_json_errors = false;
  std::string banner;          // on the sign-in page in place of our words; "-": nothing there
  std::string footer;          // below every page; empty or "-": nothing
  std::string logo;            // on the sign-in page, as a data: URL; empty: none
  bool json_own_pages = true;  // default profile: force_json_errors covers callback and sign-in too
  bool show_debug_on_error = false;
  std::shared_ptr<const PageTemplates> templates;  // of custom_templates_dir; null: none
};

// Which lines are written, and how (policy/log_lines.hpp).
struct LoggingPolicy {
  bool requests = true, auth = true, standard = true;
  std::shared_ptr<const http::Template> request_format, auth_format, standard_format;  // null: none
  std::vector<std::string> exclude_paths;  // of requests
  bool silence_ping = false;               // health checks are not told either
};

struct Policy {
  bool force_https = false;
  std::string proxy_prefix = "/oauth2";
  std::string redirect_url;  // configured redirect_uri; empty: derived from the request
  bool relative_redirect_url = false;
  bool cookie_secure = true;  // derived redirect_uri is https
  bool skip_provider_button = true;
  bool detect_api_by_fetch_metadata =
      true;  // default profile: Sec-Fetch-*, X-Requested-With, WebSocket upgrades
  bool sign_out_by_cross_site_get = false;  // compat
  bool strict_response_mode = true;         // callback parameters only in the shape asked for
  bool redirect_stale_callback =
      true;  // a stale callback of a signed-in browser goes on to its return path
  std::string request_id_header = "X-Request-Id";
  std::string post_logout_redirect_url;
  std::string ping_path = "/ping";
  std::string ping_user_agent;  // who alone gets the health check's answer; empty: everybody
  std::string ready_path = "/ready";
  bool gcp_healthchecks = false;  // /liveness_check and /readiness_check as well
  http::Semicolon query_semicolon = http::Semicolon::refused;
  std::vector<std::string> allowed_groups;
  std::shared_ptr<const RegexSet> api_routes;  // targets that programs ask for; null: none
  std::vector<LoginParamRules> login_params;   // of the providers that have any
  ReturnPolicy return_to;
  EmailRules email;
  ForwardedPolicy forwarded;
  FreePassPolicy free_pass;
  PasswordPolicy password;
  BearerPolicy bearer;
  HeaderPolicy headers;
  PagesPolicy pages;
  LoggingPolicy logging;
};

}  // namespace gatelet::policy
