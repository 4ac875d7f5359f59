#include "config/resolve.hpp"

#include <utility>

#include "config/cookie_rule.hpp"
#include "config/effective_entries.hpp"
#include "config/resolve_headers.hpp"
#include "config/resolve_logging.hpp"
#include "config/resolve_login_params.hpp"
#include "config/resolve_outbound_proxy.hpp"
#include "config/resolve_provider.hpp"
#include "config/resolve_routes.hpp"
#include "config/resolve_tokens.hpp"
#include "config/validate.hpp"
#include "config/values.hpp"

namespace gatelet::config {
namespace {

std::chrono::seconds to_seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration);
}

// What the browser can be made to guarantee: the prefix pins the cookie to host, path and https.
std::string cookie_name(const EngineValues& engine) {
  if (!engine.cookie_name->empty()) return *engine.cookie_name;
  const bool can_be_pinned = *engine.cookie_secure && *engine.cookie_path == "/" &&
                             engine.cookie_domains->empty() && engine.cookie_rules->empty();
  return can_be_pinned ? "__Host-gatelet" : "_gatelet";
}

http::SameSite login_state_same_site(const Values& values) noexcept {
  const auto& engine = values.engine;
  if (engine.cookie_csrf_samesite.given) return same_site_named(*engine.cookie_csrf_samesite);
  // Where a frame of another site shows the application, it is signed in to there too.
  const bool as_the_session = values.is_compat || *engine.cookie_partitioned;
  return as_the_session ? same_site_named(*engine.cookie_samesite) : http::SameSite::lax;
}

session::SessionSettings session_settings(const Values& values) {
  const auto& engine = values.engine;
  const bool is_several = values.providers.size() > 1;
  session::SessionSettings out;
  out.cookie_name = cookie_name(engine);
  out.is_stored = *engine.session_store_type != "cookie";
  out.has_store_beside = !out.is_stored && engine.session_store_beside.given;
  out.falls_back_to_cookie = out.is_stored && *engine.session_fallback_to_cookie;
  out.cookie_budget = *engine.cookie_budget;
  out.cache_max_staleness = *engine.session_cache_max_staleness;
  out.cookie_domains = *engine.cookie_domains;
  out.attributes.path = *engine.cookie_path;
  out.attributes.secure = *engine.cookie_secure;
  out.attributes.http_only = *engine.cookie_httponly;
  out.attributes.same_site = same_site_named(*engine.cookie_samesite);
  out.attributes.partitioned = *engine.cookie_partitioned;
  for (const auto& entry : *engine.cookie_rules) {
    auto rule = parse_cookie_rule(entry, out.attributes);  // judged already
    if (rule.ok()) out.cookie_rules.push_back(std::move(rule).value());
  }
  out.cookie_expire = to_seconds(*engine.cookie_expire);
  out.cookie_refresh = to_seconds(*engine.cookie_refresh);
  out.max_lifetime = to_seconds(*engine.session_max_lifetime);
  out.idle_timeout = to_seconds(*engine.session_idle_timeout);
  out.refresh_before_expiry = *engine.refresh_before_expiry;
  out.session_ends_with_tokens = *engine.session_ends_with_tokens;
  out.expire_with_tokens_on_refresh_only =
      values.is_compat && !engine.session_ends_with_tokens.given;
  out.format = *engine.session_format == "native" ? session::CookieFormat::native
                                                  : session::CookieFormat::oauth2_proxy;
  out.accept_other_format = *engine.accept_other_session_format;
  out.minimal = *engine.session_cookie_minimal;
  out.write_extra_keys = !values.is_compat || is_several;  // a session must name its provider
  out.newest_of_duplicates = !values.is_compat;
  out.record_limit = *engine.session_limit;
  out.login_state_expire = to_seconds(*engine.cookie_csrf_expire);
  out.login_state_per_request = *engine.cookie_csrf_per_request;
  out.login_state_limit = static_cast<unsigned>(*engine.cookie_csrf_per_request_limit);
  out.login_state_same_site = login_state_same_site(values);
  out.encode_state = *engine.encode_state;
  return out;
}

std::vector<http::IpRange> ip_ranges(const std::vector<std::string>& texts) {
  std::vector<http::IpRange> out;
  for (const auto& text : texts) {
    if (const auto range = http::parse_ip_range(text)) out.push_back(*range);
  }
  return out;
}

policy::ForwardedPolicy forwarded_policy(const EngineValues& engine) {
  policy::ForwardedPolicy out;
  out.reverse_proxy = *engine.reverse_proxy;
  out.trusted_proxies = ip_ranges(*engine.trusted_proxy_ips);
  out.real_client_ip_header = *engine.real_client_ip_header;
  return out;
}

policy::EmailRules email_rules(const Values& values) {
  policy::EmailRules out;
  out.domains = *values.engine.email_domains;
  out.from_file = values.engine.authenticated_emails_file.given;
  out.nobody = values.is_compat && out.domains.empty() && !out.from_file;
  out.refuse_unverified = !values.is_compat;
  for (const auto& provider : values.providers) {
    if (*provider.insecure_oidc_allow_unverified_email) out.refuse_unverified = false;
  }
  return out;
}

policy::PasswordPolicy password_policy(const EngineValues& engine) {
  policy::PasswordPolicy out;
  out.enabled = engine.htpasswd_file.given;
  out.groups = *engine.htpasswd_user_groups;
  out.shows_form = out.enabled && *engine.display_htpasswd_form;
  out.email_is_user = *engine.prefer_email_to_user;
  return out;
}

policy::Policy policy_of(const Values& values) {
  const auto& engine = values.engine;
  policy::Policy out;
  out.proxy_prefix = *engine.proxy_prefix;
  out.redirect_url = *engine.redirect_url;
  out.relative_redirect_url = *engine.relative_redirect_url;
  out.cookie_secure = *engine.cookie_secure;
  out.password = password_policy(engine);
  const bool is_one_way = values.providers.size() == 1 && !out.password.shows_form;
  out.skip_provider_button =
      *engine.skip_provider_button && (engine.skip_provider_button.given || is_one_way);
  out.detect_api_by_fetch_metadata = !values.is_compat;
  out.sign_out_by_cross_site_get = *engine.sign_out_by_cross_site_get;
  out.strict_response_mode = !values.is_compat;
  out.redirect_stale_callback = !values.is_compat;
  out.request_id_header = *engine.request_id_header;
  out.post_logout_redirect_url = *engine.post_logout_redirect_url;
  out.ping_path = *engine.ping_path;
  out.ping_user_agent = *engine.ping_user_agent;
  out.ready_path = *engine.ready_path;
  out.gcp_healthchecks = *engine.gcp_healthchecks;
  out.query_semicolon =
      *engine.allow_query_semicolons ? http::Semicolon::separates : http::Semicolon::refused;
  out.force_https = *engine.force_https;
  out.free_pass.preflight = *engine.skip_auth_preflight;
  out.free_pass.trusted_ips = ip_ranges(*engine.trusted_ips);
  out.free_pass.routes_cover_own_endpoints = values.is_compat;
  out.bearer.enabled = *engine.skip_jwt_bearer_tokens;
  out.bearer.login_fallback = *engine.bearer_token_login_fallback;
  out.bearer.falls_through = *engine.bearer_falls_through;
  out.allowed_groups = *engine.allowed_groups;
  for (const auto& role : *engine.allowed_roles) out.allowed_groups.push_back("role:" + role);
  out.return_to.whitelist_domains = *engine.whitelist_domains;
  out.return_to.accept_http = *engine.accept_http_return || !*engine.cookie_secure;
  out.return_to.strict_query = values.is_compat;
  out.email = email_rules(values);
  out.forwarded = forwarded_policy(engine);
  out.pages.banner = *engine.banner;
  out.pages.footer = *engine.footer;
  out.pages.force_json_errors = *engine.force_json_errors;
  out.pages.json_own_pages = !values.is_compat;
  out.pages.show_debug_on_error = *engine.show_debug_on_error;
  return out;
}

}  // namespace

Resolved resolve(const Settings& settings) {
  Resolved out;
  for (const auto& refused : settings.refused()) out.problems.add_first(refused);
  const auto entries = effective_entries(settings.entries(), out.problems);
  const auto values = read_values(entries, out.problems);
  validate(values, out.problems);

  const auto& engine = values.engine;
  out.policy = policy_of(values);
  out.policy.headers = resolve_headers(settings, values, out.header_files, out.problems);
  resolve_routes(values, out.policy, out.problems);
  resolve_logging(values, out.policy.logging, out.problems);
  out.session = session_settings(values);
  out.cookie_secret = *engine.cookie_secret;
  out.cookie_secrets_previous = engine.cookie_secrets_previous->items;
  if (*engine.custom_sign_in_logo != "-") out.logo_file = *engine.custom_sign_in_logo;
  out.templates_dir = *engine.custom_templates_dir;
  out.emails_file = *engine.authenticated_emails_file;
  out.htpasswd_file = *engine.htpasswd_file;
  if (!engine.basic_auth_password.given) {
    out.basic_auth_password_file = *engine.basic_auth_password_file;
  }
  if (!engine.signature_key.given) out.signature_key_file = *engine.signature_key_file;
  if (!engine.cookie_secret.given) out.cookie_secret_file = *engine.cookie_secret_file;
  for (const auto& provider : values.providers) {
    out.providers.push_back(resolve_provider(values, provider, out.policy));
    if (!provider.login_url_parameters.given) continue;
    auto login = resolve_login_params(provider, out.problems);
    out.providers.back().provider.login_params = std::move(login.defaults);
    if (!login.rules.rules.empty()) out.policy.login_params.push_back(std::move(login.rules));
  }
  resolve_tokens(engine, out.policy.headers.rules, out.providers, out.session, out.problems);
  if (out.policy.bearer.enabled) out.token_issuers = resolve_token_issuers(values, out.policy);
  out.session_cache_size = *engine.session_cache_size;
  out.store = resolve_store(engine, out.problems);
  out.session.record_limit = std::min(out.session.record_limit, out.store.largest_record);
  out.own_thread = *engine.driver == "thread";
  out.max_operations = static_cast<std::size_t>(*engine.max_operations);
  out.http_timeout = *engine.http_timeout;
  out.http_connections = static_cast<std::size_t>(*engine.http_connections);
  out.warnings = insecure_settings(values);
  out.notices = notices(settings.entries());
  if (out.store.kind == ResolvedStore::Kind::cookie) {
    out.notices.push_back(
        {"deny-list-in-process",
         "sessions are in cookies without a store: revoke_sessions() ends them in "
         "this process only, and until it ends"});
  }
  const auto proxy = resolve_outbound_proxy(settings, engine, out.problems, out.notices);
  for (auto* providers : {&out.providers, &out.token_issuers}) {
    for (auto& provider : *providers) provider.trust.proxy = proxy;
  }
  return out;
}

}  // namespace gatelet::config
