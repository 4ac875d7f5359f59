#include "configured.hpp"

#include <utility>

namespace gatelet::test {
namespace {

class Members {
 public:
  void add(const std::string& name, const std::string& value) { all[name] = value; }
  void add(const std::string& name, bool value) { all[name] = value ? "true" : "false"; }
  void add(const std::string& name, Duration value) { all[name] = std::to_string(value.count()); }
  void add(const std::string& name, const std::vector<std::string>& items) {
    auto& text = all[name];
    for (const auto& item : items) text += item + "|";
  }
  template <class Number>
  void add_number(const std::string& name, Number value) {
    all[name] = std::to_string(static_cast<long long>(value));
  }

  std::map<std::string, std::string> all;
};

std::string rules_text(const std::vector<policy::HeaderRule>& rules) {
  std::string out;
  for (const auto& rule : rules) {
    out += rule.name + (rule.exact_name ? " (exact)" : "") +
           (rule.keeps_client_value ? " (kept)" : "") + "=";
    for (const auto& value : rule.values) {
      out += value.prefix + value.claim;
      if (value.text) out += "'" + std::string(value.text->reveal()) + "'";
      if (value.password) out += ":" + std::string(value.password->reveal());
      out += ",";
    }
    out += "|";
  }
  return out;
}

// A line as a format makes it of one value everywhere.
std::string line_text(const std::shared_ptr<const http::Template>& format, std::size_t num_fields) {
  const std::vector<http::TemplateValue> values(num_fields, "x");
  return format ? format->render(values) : "none";
}

void add_policy(const policy::Policy& p, Members& out) {
  out.add("proxy_prefix", p.proxy_prefix);
  out.add("redirect_url", p.redirect_url);
  out.add("relative_redirect_url", p.relative_redirect_url);
  out.add("policy.cookie_secure", p.cookie_secure);
  out.add("skip_provider_button", p.skip_provider_button);
  out.add("detect_api_by_fetch_metadata", p.detect_api_by_fetch_metadata);
  out.add("sign_out_by_cross_site_get", p.sign_out_by_cross_site_get);
  out.add("strict_response_mode", p.strict_response_mode);
  out.add("redirect_stale_callback", p.redirect_stale_callback);
  out.add("request_id_header", p.request_id_header);
  out.add("post_logout_redirect_url", p.post_logout_redirect_url);
  out.add("ping_path", p.ping_path);
  out.add("ping_user_agent", p.ping_user_agent);
  out.add("ready_path", p.ready_path);
  out.add("gcp_healthchecks", p.gcp_healthchecks);
  out.add_number("query_semicolon", p.query_semicolon);
  out.add("force_https", p.force_https);
  out.add("allowed_groups", p.allowed_groups);
  auto& login = out.all["login_params"];
  for (const auto& of : p.login_params) {
    login += of.provider_id + ":";
    for (const auto& rule : of.rules) {
      login += rule.name + (rule.patterns ? "~" : "=");
      for (const auto& value : rule.values) login += value + ",";
      login += "|";
    }
  }
  out.add("return_to.whitelist_domains", p.return_to.whitelist_domains);
  out.add("return_to.accept_http", p.return_to.accept_http);
  out.add("return_to.strict_query", p.return_to.strict_query);
  out.add("email.domains", p.email.domains);
  out.add("email.from_file", p.email.from_file);
  out.add("email.nobody", p.email.nobody);
  out.add("email.refuse_unverified", p.email.refuse_unverified);
  out.add("forwarded.reverse_proxy", p.forwarded.reverse_proxy);
  out.add_number("forwarded.num_trusted_proxies", p.forwarded.trusted_proxies.size());
  out.add("forwarded.real_client_ip_header", p.forwarded.real_client_ip_header);
  out.add("free_pass.preflight", p.free_pass.preflight);
  out.add("free_pass.has_routes", p.free_pass.routes != nullptr);
  out.add("free_pass.has_optional_routes", p.free_pass.optional_routes != nullptr);
  out.add("free_pass.routes_cover_own_endpoints", p.free_pass.routes_cover_own_endpoints);
  out.add("password.enabled", p.password.enabled);
  out.add("password.groups", p.password.groups);
  out.add("password.shows_form", p.password.shows_form);
  out.add("password.email_is_user", p.password.email_is_user);
  out.add("bearer.enabled", p.bearer.enabled);
  out.add("bearer.login_fallback", p.bearer.login_fallback);
  out.add("bearer.falls_through", p.bearer.falls_through);
  out.add("has_api_routes", p.api_routes != nullptr);
  out.add_number("free_pass.num_trusted_ips", p.free_pass.trusted_ips.size());
  out.add("headers.request", rules_text(p.headers.rules.request));
  out.add("headers.response", rules_text(p.headers.rules.response));
  out.add("headers.encode_group_separators", p.headers.encode_group_separators);
  out.add("headers.strip_own_cookies", p.headers.strip_own_cookies);
  out.add("headers.strip_own_token", p.headers.strip_own_token);
  out.add("headers.own_prefix", p.headers.own_prefix);
  out.add("headers.is_signed", p.headers.signer != nullptr);
  out.add("pages.banner", p.pages.banner);
  out.add("pages.footer", p.pages.footer);
  out.add("pages.force_json_errors", p.pages.force_json_errors);
  out.add("pages.json_own_pages", p.pages.json_own_pages);
  out.add("pages.show_debug_on_error", p.pages.show_debug_on_error);
  out.add("logging.requests", p.logging.requests);
  out.add("logging.auth", p.logging.auth);
  out.add("logging.standard", p.logging.standard);
  out.add("logging.exclude_paths", p.logging.exclude_paths);
  out.add("logging.silence_ping", p.logging.silence_ping);
  out.add("logging.request_format", line_text(p.logging.request_format, 13));
  out.add("logging.auth_format", line_text(p.logging.auth_format, 10));
  out.add("logging.standard_format", line_text(p.logging.standard_format, 3));
}

void add_session(const session::SessionSettings& s, Members& out) {
  out.add("cookie_name", s.cookie_name);
  out.add("is_stored", s.is_stored);
  out.add("has_store_beside", s.has_store_beside);
  out.add("falls_back_to_cookie", s.falls_back_to_cookie);
  out.add_number("cookie_budget", s.cookie_budget);
  out.add("access_token_goes_last", s.access_token_goes_last);
  out.add("needs_id_token", s.needs_id_token);
  out.add("cache_max_staleness", s.cache_max_staleness);
  out.add("cookie_domains", s.cookie_domains);
  out.add("attributes.path", s.attributes.path);
  for (const auto& rule : s.cookie_rules) {
    std::string text;
    http::write_set_cookie(rule.host, {}, rule.attributes, {}, text);
    out.add("cookie_rules", text);
  }
  out.add("attributes.secure", s.attributes.secure);
  out.add("attributes.http_only", s.attributes.http_only);
  out.add_number("attributes.same_site", s.attributes.same_site);
  out.add("attributes.partitioned", s.attributes.partitioned);
  out.add("cookie_expire", Duration(s.cookie_expire));
  out.add("cookie_refresh", Duration(s.cookie_refresh));
  out.add("max_lifetime", Duration(s.max_lifetime));
  out.add("idle_timeout", Duration(s.idle_timeout));
  out.add("refresh_before_expiry", s.refresh_before_expiry);
  out.add("session_ends_with_tokens", s.session_ends_with_tokens);
  out.add("expire_with_tokens_on_refresh_only", s.expire_with_tokens_on_refresh_only);
  out.add_number("format", s.format);
  out.add("accept_other_format", s.accept_other_format);
  out.add("minimal", s.minimal);
  out.add("kept_tokens", std::string(s.kept_tokens.access ? "access " : "") +
                             (s.kept_tokens.id ? "id " : "") +
                             (s.kept_tokens.refresh ? "refresh" : ""));
  out.add("write_extra_keys", s.write_extra_keys);
  out.add("newest_of_duplicates", s.newest_of_duplicates);
  out.add_number("record_limit", s.record_limit);
  out.add("login_state_expire", Duration(s.login_state_expire));
  out.add("login_state_per_request", s.login_state_per_request);
  out.add_number("login_state_limit", s.login_state_limit);
  out.add_number("login_state_same_site", s.login_state_same_site);
  out.add("encode_state", s.encode_state);
}

void add_provider(const config::ResolvedProvider& from, Members& out) {
  const auto& p = from.provider;
  const auto prefix = p.id + ".";
  const auto name = [&](const std::string& member) { return prefix + member; };
  out.add(name("display_name"), p.display_name);
  out.add(name("issuer"), p.issuer);
  out.add(name("client.id"), p.client.id);
  out.add(name("client.secret"), std::string(p.client.secret.reveal()));
  out.add_number(name("client.method"), p.client.method);
  out.add(name("endpoints.authorization"), p.endpoints.authorization);
  out.add(name("endpoints.token"), p.endpoints.token);
  out.add(name("endpoints.userinfo"), p.endpoints.userinfo);
  out.add(name("endpoints.jwks"), p.endpoints.jwks);
  out.add(name("validate_url"), p.validate_url);
  out.add(name("scope"), p.scope);
  auto& params = out.all[name("login_params")];
  for (const auto& param : p.login_params) params += param.name + "=" + param.value + "|";
  out.add(name("resource"), p.resource);
  out.add_number(name("pkce"), p.pkce);
  out.add_number(name("response_mode"), p.response_mode);
  out.add(name("send_response_mode"), p.send_response_mode);
  out.add(name("use_nonce"), p.use_nonce);
  out.add(name("discover"), p.discover);
  out.add(name("insecure_any_issuer"), p.insecure_any_issuer);
  out.add(name("allow_unverified_email"), p.allow_unverified_email);
  out.add(name("require_email"), p.require_email);
  out.add(name("require_verified_flag"), p.require_verified_flag);
  out.add(name("fetch_end_session"), p.fetch_end_session);
  out.add(name("backend_logout_url"), p.backend_logout_url);
  out.add(name("user_stands_in_for_email"), p.user_stands_in_for_email);
  out.add_number(name("userinfo_fetch"), p.userinfo_fetch);
  out.add(name("claims.user"), p.claims.user);
  out.add(name("claims.email"), p.claims.email);
  out.add(name("claims.groups"), p.claims.groups);
  out.add(name("claims.additional"), p.claims.additional);
  out.add(name("audience_claims"), p.audience_claims);
  out.add(name("extra_audiences"), p.extra_audiences);
  auto& algorithms = out.all[name("enabled_algorithms")];
  for (const auto a : p.enabled_algorithms)
    algorithms += std::string(jose::algorithm_name(a)) + "|";
  out.add(name("leeway"), p.leeway);
  out.add(name("trust.use_system_store"), from.trust.use_system_store);
  out.add(name("trust.insecure_skip_verify"), from.trust.insecure_skip_verify);
  out.add(name("trust.allow_http"), from.trust.allow_http);
  out.add(name("trust.allow_private"), from.trust.allow_private);
  out.add(name("trust.configured_hosts"), from.trust.configured_hosts);
  const auto& proxy = from.trust.proxy;
  const auto https = http::parse_url("https://direct.example/").value();
  const auto http = http::parse_url("http://other.example/").value();
  for (const auto* url : {&https, &http}) {
    const auto* server = proxy.server_for(*url);
    out.add(name("trust.proxy." + url->scheme), server ? server->url() : std::string());
  }
  out.add(name("client_secret_file"), from.client_secret_file);
  out.add(name("ca_files"), from.ca_files);
  out.add(name("public_key_files"), from.public_key_files);
}

Settings with(Settings settings, const Pairs& more) {
  for (const auto& [key, value] : more) (void)settings.set(key, value).ok();
  return settings;
}

}  // namespace

Settings complete(const Pairs& more) {
  return with({{"oidc_issuer_url", "https://idp.example"},
               {"client_id", "app"},
               {"client_secret", "s3cret-canary"},
               {"cookie_secret", "abcdefghijklmnop"}},
              more);
}

Settings complete_compat(const Pairs& more) {
  return with(complete({{"compat", "oauth2-proxy"}, {"provider", "oidc"}, {"email_domains", "*"}}),
              more);
}

std::vector<std::string> problems(const Settings& settings) {
  std::vector<std::string> texts;
  for (const auto& error : settings.check()) texts.push_back(error.text);
  return texts;
}

std::string problem(const Settings& settings) {
  const auto all = problems(settings);
  if (all.size() == 1) return all.front();
  std::string text = std::to_string(all.size()) + " problems";
  for (const auto& one : all) text += "\n" + one;
  return text;
}

std::map<std::string, std::string> members(const Settings& settings) {
  const auto resolved = config::resolve(settings);
  Members out;
  add_policy(resolved.policy, out);
  add_session(resolved.session, out);
  for (const auto& provider : resolved.providers) add_provider(provider, out);
  auto& issuers = out.all["extra_jwt_issuers"];
  for (const auto& issuer : resolved.token_issuers) {
    issuers += issuer.provider.issuer + " for " + issuer.provider.client.id + "|";
  }
  out.add("cookie_secret", std::string(resolved.cookie_secret.reveal()));
  auto& previous = out.all["cookie_secrets_previous"];
  for (const auto& secret : resolved.cookie_secrets_previous)
    previous += std::string(secret.reveal()) + "|";
  out.add("logo_file", resolved.logo_file);
  out.add("emails_file", resolved.emails_file);
  out.add("htpasswd_file", resolved.htpasswd_file);
  out.add("basic_auth_password_file", resolved.basic_auth_password_file);
  out.add("signature_key_file", resolved.signature_key_file);
  out.add("templates_dir", resolved.templates_dir);
  out.add("cookie_secret_file", resolved.cookie_secret_file);
  auto& files = out.all["header_files"];
  for (const auto& file : resolved.header_files) files += file.path + "|";
  out.add_number("session_cache_size", resolved.session_cache_size);
  const auto& store = resolved.store;
  out.add_number("store.kind", store.kind);
  out.add("store.timeout", store.timeout);
  out.add_number("store.memory_limit", store.memory_limit);
  out.add_number("store.redis_topology", store.redis_topology);
  out.add("store.redis_sentinel_master_name", store.redis_sentinel_master_name);
  out.add("store.redis_sentinel_password", std::string(store.redis_sentinel_password.reveal()));
  auto& hosts = out.all["store.redis.host"];
  for (const auto& url : store.redis) hosts += url.host + "|";
  const auto url = store.redis.empty() ? http::RedisUrl() : store.redis.front();
  out.add("store.redis.user", std::string(url.user.reveal()));
  out.add("store.redis.password", std::string(url.password.reveal()));
  out.add("store.redis.is_tls", url.is_tls);
  out.add("store.redis_ca_file", store.redis_ca_file);
  out.add("store.redis_client_certificate_file", store.redis_client_certificate_file);
  out.add("store.redis_client_key_file", store.redis_client_key_file);
  out.add("store.redis_insecure_skip_verify", store.redis_insecure_skip_verify);
  out.add("store.redis_idle_limit", store.redis_idle_limit);
  out.add("own_thread", resolved.own_thread);
  out.add_number("max_operations", resolved.max_operations);
  out.add("http_timeout", resolved.http_timeout);
  out.add_number("http_connections", resolved.http_connections);
  out.add("warnings", resolved.warnings);
  for (const auto& notice : resolved.notices) {
    out.add(notice.code == "deny-list-in-process" ? "deny_list" : "notices", notice.text);
  }
  return std::move(out.all);
}

std::string difference(const Settings& a, const Settings& b) {
  auto before = members(a);
  auto after = members(b);
  std::string names;
  for (auto& [name, value] : after) {
    if (before[name] != value) names += (names.empty() ? "" : " ") + name;
    before.erase(name);
  }
  for (const auto& [name, value] : before) names += (names.empty() ? "-" : " -") + name;
  return names;
}

}  // namespace gatelet::test
