#include "config/resolve.hpp"

#include <set>

#include <doctest/doctest.h>

#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;

namespace {

// One option, set to a value that is not its default, beside what it needs; and the members of the
// resolved structs that may differ for it. All others must stay.
struct Effect {
  std::string_view key, value;
  std::string_view changes;
  Pairs beside = {};
};

constexpr std::pair<std::string_view, std::string_view> skip{"skip_oidc_discovery", "true"};
constexpr std::pair<std::string_view, std::string_view> login{"login_url", "https://idp.example/a"};
constexpr std::pair<std::string_view, std::string_view> redeem{"redeem_url",
                                                               "https://idp.example/t"};
constexpr std::pair<std::string_view, std::string_view> jwks{"oidc_jwks_url",
                                                             "https://idp.example/k"};
constexpr std::pair<std::string_view, std::string_view> ca{"provider_ca_files", "ca.pem"};
constexpr std::pair<std::string_view, std::string_view> proxy{"outbound_proxy", "proxy.example"};
constexpr std::pair<std::string_view, std::string_view> redis{"session_store_type", "redis"};
constexpr std::pair<std::string_view, std::string_view> server{"redis_connection_url",
                                                               "redis://redis.example"};
constexpr std::pair<std::string_view, std::string_view> client_certificate{
    "redis_client_certificate_path", "other.pem"};
constexpr std::pair<std::string_view, std::string_view> client_key{"redis_client_key_path",
                                                                   "other.key"};
constexpr std::pair<std::string_view, std::string_view> by_sentinel{"redis_use_sentinel", "true"};
constexpr std::pair<std::string_view, std::string_view> sentinels{"redis_sentinel_connection_urls",
                                                                  "redis://s.example:26379"};
constexpr std::pair<std::string_view, std::string_view> master{"redis_sentinel_master_name",
                                                               "mymaster"};
constexpr std::pair<std::string_view, std::string_view> by_cluster{"redis_use_cluster", "true"};
constexpr std::pair<std::string_view, std::string_view> nodes{"redis_cluster_connection_urls",
                                                              "redis://n.example:7000"};
constexpr std::pair<std::string_view, std::string_view> end{"end_session", "true"};
constexpr std::pair<std::string_view, std::string_view> bearer{"skip_jwt_bearer_tokens", "true"};
constexpr std::pair<std::string_view, std::string_view> password{"basic_auth_password", "pw"};
constexpr std::pair<std::string_view, std::string_view> trusted{"trusted_proxy_ips", "::1"};

const std::vector<Effect>& effects() {
  static const std::vector<Effect> all{
      {"compat",
       "oauth2-proxy",
       "attributes.same_site bearer.falls_through cookie_budget cookie_name default.login_params "
       "default.pkce "
       "default.require_email default.use_nonce default.user_stands_in_for_email "
       "detect_api_by_fetch_metadata email.refuse_unverified expire_with_tokens_on_refresh_only "
       "format free_pass.routes_cover_own_endpoints "
       "headers.encode_group_separators headers.strip_own_cookies headers.strip_own_token "
       "login_state_limit "
       "login_state_per_request login_state_same_site newest_of_duplicates pages.json_own_pages "
       "redirect_stale_callback refresh_before_expiry return_to.accept_http return_to.strict_query "
       "sign_out_by_cross_site_get skip_provider_button strict_response_mode warnings "
       "write_extra_keys",
       {{"provider", "oidc"},
        {"email_domains", "*"},
        {"user_id_claim", "sub"},
        {"oidc_email_claim", "mail"}}},
      {"provider", "oidc", ""},
      {"provider_display_name", "Corp", "default.display_name"},
      {"client_id", "other", "default.client.id"},
      {"client_secret", "other", "default.client.secret"},
      {"client_secret_file", "f", "default.client_secret_file", {{"client_secret", ""}}},
      {"client_auth_method", "client_secret_post", "default.client.method"},
      {"oidc_issuer_url", "https://other.example", "default.issuer default.trust.configured_hosts"},
      {"skip_oidc_discovery", "true", "default.discover", {login, redeem, jwks}},
      {"login_url", "https://idp.example/x", "default.endpoints.authorization"},
      {"redeem_url", "https://idp.example/x", "default.endpoints.token"},
      {"profile_url", "https://idp.example/x", "default.endpoints.userinfo"},
      {"validate_url", "https://idp.example/x", "default.validate_url"},
      {"oidc_jwks_url", "https://idp.example/x", "default.endpoints.jwks"},
      {"oidc_public_key_files", "a,b", "default.public_key_files", {skip, login, redeem}},
      {"oidc_enabled_signing_algs", "ES256,EdDSA", "default.enabled_algorithms"},
      {"oidc_audience_claims", "aud,client_id", "default.audience_claims"},
      {"oidc_extra_audiences", "api", "default.extra_audiences"},
      {"oidc_email_claim", "mail", "default.claims.email"},
      {"oidc_groups_claim", "roles", "default.claims.groups"},
      {"user_id_claim", "upn", "default.claims.user needs_id_token"},
      {"insecure_oidc_allow_unverified_email", "true",
       "default.allow_unverified_email email.refuse_unverified warnings"},
      {"insecure_oidc_skip_issuer_verification", "true", "default.insecure_any_issuer warnings"},
      {"insecure_oidc_skip_nonce", "true", "default.use_nonce warnings"},
      {"scope", "openid", "default.scope"},
      {"prompt", "login", "default.login_params"},
      {"approval_prompt", "auto", "default.login_params"},
      {"acr_values", "x", "default.login_params"},
      {"login_url_parameters",
       R"([{"name":"prompt","default":["login"],"allow":[{"value":"none"}]}])",
       "default.login_params login_params"},
      {"resource", "https://api.example", "default.resource"},
      {"code_challenge_method", "plain", "default.pkce"},
      {"force_code_challenge_method", "plain", "default.pkce"},
      {"auth_request_response_mode", "form_post",
       "default.response_mode default.send_response_mode"},
      {"additional_claims", "department,title", "default.claims.additional"},
      {"userinfo_fetch", "always", "default.userinfo_fetch"},
      {"skip_claims_from_profile_url", "true", "default.userinfo_fetch"},
      {"end_session", "true", "default.fetch_end_session"},
      {"backend_logout_url", "https://logout.example/?t={id_token}",
       "default.backend_logout_url default.trust.configured_hosts"},
      {"provider_ca_files", "ca.pem", "default.ca_files default.trust.use_system_store"},
      {"use_system_trust_store", "true", "default.trust.use_system_store", {ca}},
      {"ssl_insecure_skip_verify", "true", "default.trust.insecure_skip_verify warnings"},
      {"insecure_allow_http_provider", "true", "default.trust.allow_http warnings"},
      {"insecure_allow_private_addresses", "true", "default.trust.allow_private warnings"},
      {"email_domains", "example.com",
       "default.require_email default.require_verified_flag email.domains"},
      {"authenticated_emails_file", "emails",
       "default.require_email default.require_verified_flag email.from_file emails_file"},
      {"allowed_groups", "staff", "allowed_groups default.scope"},
      {"allowed_roles", "admin", "allowed_groups default.scope"},
      {"redirect_url", "https://app.example/cb", "redirect_url"},
      {"relative_redirect_url", "true", "relative_redirect_url"},
      {"whitelist_domains", ".example.com", "return_to.whitelist_domains"},
      {"accept_http_return", "true", "return_to.accept_http"},
      {"post_logout_redirect_url", "https://app.example/bye", "post_logout_redirect_url", {end}},
      {"sign_out_by_cross_site_get", "true", "sign_out_by_cross_site_get"},
      {"proxy_prefix", "/auth", "proxy_prefix"},
      {"ping_path", "/healthz", "ping_path"},
      {"ping_user_agent", "probe", "ping_user_agent"},
      {"ready_path", "/readyz", "ready_path"},
      {"gcp_healthchecks", "true", "gcp_healthchecks"},
      {"allow_query_semicolons", "true", "query_semicolon"},
      {"force_https", "true", "force_https"},
      {"skip_provider_button", "false", "skip_provider_button"},
      {"banner", "Members only", "pages.banner"},
      {"footer", "Example Ltd", "pages.footer"},
      {"custom_sign_in_logo", "logo.svg", "logo_file"},
      {"custom_templates_dir", "/templates", "templates_dir"},
      {"show_debug_on_error", "true", "pages.show_debug_on_error warnings"},
      {"force_json_errors", "true", "pages.force_json_errors"},
      {"request_logging", "false", "logging.requests"},
      {"request_logging_format", "{{.Client}}!", "logging.request_format"},
      {"exclude_logging_paths", "/metrics", "logging.exclude_paths"},
      {"silence_ping_logging", "true", "logging.silence_ping"},
      {"auth_logging", "false", "logging.auth"},
      {"auth_logging_format", "{{.Client}}!", "logging.auth_format"},
      {"standard_logging", "false", "logging.standard"},
      {"standard_logging_format", "{{.Message}}!", "logging.standard_format"},
      {"encode_state", "true", "encode_state"},
      {"cookie_name", "s", "cookie_name"},
      {"cookie_secret", "ponmlkjihgfedcba", "cookie_secret"},
      {"cookie_secret_file", "f", "cookie_secret_file", {{"cookie_secret", ""}}},
      {"cookie_secrets_previous", "ponmlkjihgfedcba", "cookie_secrets_previous"},
      {"cookie_domains", "example.com", "cookie_domains", {{"cookie_name", "s"}}},
      {"cookie_path", "/app", "attributes.path", {{"cookie_name", "s"}}},
      {"cookie_rules",
       ".a.example domain=a.example samesite=none path=/x httponly=false,b.example",
       "cookie_rules",
       {{"cookie_name", "s"}}},
      {"cookie_secure",
       "false",
       "attributes.secure policy.cookie_secure return_to.accept_http",
       {{"cookie_name", "s"}}},
      {"cookie_httponly", "false", "attributes.http_only"},
      {"cookie_samesite", "strict", "attributes.same_site"},
      {"cookie_partitioned", "true", "attributes.partitioned"},
      {"cookie_expire", "12h", "cookie_expire"},
      {"cookie_refresh", "1h", "cookie_refresh"},
      {"session_max_lifetime", "10h", "max_lifetime"},
      {"session_idle_timeout", "30m", "idle_timeout"},
      {"refresh_before_expiry", "1m", "refresh_before_expiry"},
      {"session_ends_with_tokens", "true", "session_ends_with_tokens"},
      {"session_store_type", "memory", "is_stored store.kind store.memory_limit -deny_list"},
      {"session_store_beside", "memory",
       "has_store_beside store.kind store.memory_limit -deny_list"},
      {"session_fallback_to_cookie",
       "true",
       "falls_back_to_cookie",
       {{"session_store_type", "memory"}}},
      {"session_memory_limit", "10", "store.memory_limit", {{"session_store_type", "memory"}}},
      {"redis_connection_url", "redis://other.example", "store.redis.host", {redis, server}},
      {"redis_username", "me", "store.redis.user", {redis, server, {"redis_password", "pw"}}},
      {"redis_password", "pw", "store.redis.password", {redis, server}},
      {"redis_ca_path", "ca.pem", "store.redis.is_tls store.redis_ca_file", {redis, server}},
      {"redis_client_certificate_path",
       "client.pem",
       "store.redis_client_certificate_file",
       {redis, server, client_certificate, client_key}},
      {"redis_client_key_path",
       "client.key",
       "store.redis_client_key_file",
       {redis, server, client_certificate, client_key}},
      {"redis_insecure_skip_tls_verify",
       "true",
       "store.redis.is_tls store.redis_insecure_skip_verify warnings",
       {redis, server}},
      {"redis_connection_idle_timeout", "60", "store.redis_idle_limit", {redis, server}},
      {"redis_use_sentinel",
       "true",
       "store.redis.host store.redis_sentinel_master_name store.redis_topology",
       {redis, server, sentinels, master}},
      {"redis_sentinel_connection_urls",
       "redis://other.example",
       "store.redis.host",
       {redis, by_sentinel, sentinels, master}},
      {"redis_sentinel_master_name",
       "other",
       "store.redis_sentinel_master_name",
       {redis, by_sentinel, sentinels, master}},
      {"redis_sentinel_password",
       "pw",
       "store.redis_sentinel_password",
       {redis, by_sentinel, sentinels, master}},
      {"redis_use_cluster",
       "true",
       "store.redis.host store.redis_topology",
       {redis, server, nodes}},
      {"redis_cluster_connection_urls",
       "redis://other.example",
       "store.redis.host",
       {redis, by_cluster, nodes}},
      {"session_cache_max_staleness", "1s", "cache_max_staleness"},
      {"store_timeout", "1s", "store.timeout"},
      {"session_format", "oauth2-proxy", "format"},
      {"accept_other_session_format", "true", "accept_other_format"},
      {"session_cookie_minimal", "true", "minimal"},
      {"session_drop_tokens", "access_token", "kept_tokens"},
      {"session_limit", "2 MiB", "record_limit"},
      {"cookie_budget", "4 KiB", "cookie_budget"},
      {"session_cache_size", "1 MiB", "session_cache_size"},
      {"cookie_csrf_per_request", "false", "login_state_per_request"},
      {"cookie_csrf_per_request_limit", "3", "login_state_limit"},
      {"cookie_csrf_expire", "5m", "login_state_expire"},
      {"cookie_csrf_samesite", "none", "login_state_same_site"},
      {"pass_user_headers", "false", "headers.request"},
      {"header_preset", "authentik", "headers.own_prefix headers.request"},
      {"pass_access_token", "true", "access_token_goes_last headers.request"},
      {"pass_authorization_header", "true", "headers.request"},
      {"set_authorization_header", "true", "headers.response"},
      {"set_xauthrequest", "true", "headers.response"},
      {"pass_basic_auth", "false", "headers.request", {password}},
      {"set_basic_auth", "true", "headers.response", {password}},
      {"basic_auth_password", "pw", "headers.request"},
      {"basic_auth_password_file", "pw.txt", "basic_auth_password_file headers.request"},
      {"signature_key_file", "key.txt", "signature_key_file"},
      {"prefer_email_to_user", "true", "headers.request password.email_is_user"},
      {"signature_key", "sha256:k", "headers.is_signed"},
      {"inject_request_headers", R"([{"name":"X-U"}])", "headers.request"},
      {"inject_response_headers", R"([{"name":"X-U"}])", "headers.request headers.response"},
      {"skip_auth_strip_headers", "true", ""},
      {"strip_own_cookies", "false", "headers.strip_own_cookies"},
      {"request_id_header", "X-Trace", "request_id_header"},
      {"reverse_proxy", "true", "forwarded.reverse_proxy", {trusted}},
      {"trusted_proxy_ips", "10.0.0.0/8,::1", "forwarded.num_trusted_proxies"},
      {"real_client_ip_header", "X-Forwarded-For", "forwarded.real_client_ip_header"},
      {"skip_auth_preflight", "true", "free_pass.preflight"},
      {"skip_auth_routes", "GET=^/a,!=^/b", "free_pass.has_routes"},
      {"skip_auth_regex", "^/a", "free_pass.has_routes"},
      {"optional_auth_routes", "^/a", "free_pass.has_optional_routes"},
      {"api_routes", "^/api", "has_api_routes"},
      {"trusted_ips", "192.0.2.0/24,::1", "free_pass.num_trusted_ips"},
      {"skip_jwt_bearer_tokens", "true", "bearer.enabled"},
      {"extra_jwt_issuers",
       "https://a.example=x,https://b.example=y=z",
       "extra_jwt_issuers",
       {bearer}},
      {"bearer_token_login_fallback", "false", "bearer.login_fallback"},
      {"bearer_falls_through", "true", "bearer.falls_through"},
      {"htpasswd_file", "users",
       "htpasswd_file password.enabled password.shows_form skip_provider_button"},
      {"htpasswd_user_groups", "staff", "password.groups"},
      {"display_htpasswd_form",
       "false",
       "password.shows_form skip_provider_button",
       {{"htpasswd_file", "users"}}},
      {"clock_skew", "5s", "default.leeway"},
      {"http_timeout", "3s", "http_timeout"},
      {"http_connections", "8", "http_connections"},
      {"outbound_proxy", "http://proxy.example:3128",
       "default.trust.proxy.http default.trust.proxy.https notices"},
      {"outbound_no_proxy", "direct.example", "default.trust.proxy.https", {proxy}},
      {"max_operations", "16", "max_operations"},
      {"driver", "caller", "own_thread"},
      {"http_address", ":4180", "notices"},
      {"https_address", ":8443", "notices"},
      {"tls_cert_file", "/c.pem", "notices"},
      {"tls_key_file", "/k.pem", "notices"},
      {"tls_min_version", "TLS1.3", "notices"},
      {"tls_cipher_suites", "TLS_AES_128_GCM_SHA256", "notices"},
      {"metrics_address", ":9100", "notices"},
      {"metrics_secure_address", ":9101", "notices"},
      {"metrics_tls_cert_file", "/c.pem", "notices"},
      {"metrics_tls_key_file", "/k.pem", "notices"},
      {"logging_filename", "/l", "notices"},
      {"logging_max_size", "1", "notices"},
      {"logging_max_age", "1", "notices"},
      {"logging_max_backups", "1", "notices"},
      {"logging_compress", "true", "notices"},
      {"logging_local_time", "false", "notices"},
      {"errors_to_info_log", "true", "notices"},
      {"upstreams", "static://202", "notices"},
      {"upstream_timeout", "1s", "notices"},
      {"flush_interval", "2s", "notices"},
      {"pass_host_header", "false", "notices"},
      {"proxy_websockets", "false", "notices"},
      {"disable_keep_alives", "true", "notices"},
      {"ssl_upstream_insecure_skip_verify", "true", "notices"},
  };
  return all;
}

}  // namespace

TEST_SUITE("config/resolve") {
  TEST_CASE("options: every row has a case here, and none stands twice") {
    std::set<std::string_view> seen;
    for (const auto& effect : effects()) CHECK(seen.insert(effect.key).second);
    for (const auto& option : config::options()) {
      CAPTURE(option.key);
      CHECK(seen.count(option.key) == 1);
    }
    CHECK(seen.size() == config::options().size());
  }

  TEST_CASE("LO-08: every option changes exactly its own behaviour") {
    for (const auto& effect : effects()) {
      CAPTURE(effect.key);
      const auto before = complete(effect.beside);
      auto after = before;
      REQUIRE(after.set(effect.key, effect.value).ok());
      CHECK(problems(after).empty());
      CHECK(difference(before, after) == effect.changes);
    }
  }

  TEST_CASE("LO-08: the same options of a further provider change that provider") {
    const Pairs corp{{"providers.corp.oidc_issuer_url", "https://corp.example"},
                     {"providers.corp.client_id", "app"},
                     {"providers.corp.client_secret", "s"}};
    const auto before = complete(corp);
    for (const auto& option : config::options()) {
      if (option.type != config::Type::boolean || option.scope != config::Scope::provider) continue;
      CAPTURE(option.key);
      auto after = before;
      REQUIRE(after.set("providers.corp." + std::string(option.key), "true").ok());
      const auto changed = difference(before, after);
      CHECK(changed.find("default.") == std::string::npos);
    }
    auto after = before;
    REQUIRE(after.set("providers.corp.insecure_oidc_skip_nonce", "true").ok());
    CHECK(difference(before, after) == "corp.use_nonce warnings");
  }

  TEST_CASE("compat: the reference's defaults, where a later row of the table sets them") {
    auto all = members(complete_compat());
    CHECK(all["cookie_name"] == "_oauth2_proxy");
    CHECK(all["login_state_limit"] == "0");
    CHECK(all["login_state_same_site"] == std::to_string(static_cast<int>(http::SameSite::unset)));
    CHECK(all["default.claims.email"] == "email");
    CHECK(all["default.claims.user"] == "sub");
    CHECK(all["default.login_params"] == "approval_prompt=force|");
    CHECK(all["refresh_before_expiry"] == "0");
    CHECK(all["default.require_verified_flag"] == "false");
  }

  TEST_CASE("compat: each difference can be chosen by its name, in both directions") {
    const auto compat = members(complete_compat({{"cookie_csrf_per_request", "true"},
                                                 {"accept_http_return", "false"},
                                                 {"strip_own_cookies", "true"},
                                                 {"session_format", "native"},
                                                 {"sign_out_by_cross_site_get", "false"}}));
    CHECK(compat.at("login_state_per_request") == "true");
    CHECK(compat.at("return_to.accept_http") == "false");
    CHECK(compat.at("headers.strip_own_cookies") == "true");
    CHECK(compat.at("format") == members(complete()).at("format"));
    CHECK(members(complete({{"session_format", "oauth2-proxy"}})).at("format") ==
          members(complete_compat()).at("format"));
    CHECK(compat.at("sign_out_by_cross_site_get") == "false");
  }

  TEST_CASE("compat: pass_basic_auth turns the user headers on as well, as in the reference") {
    const Pairs off{{"pass_user_headers", "false"}};
    CHECK(members(complete_compat(off)).at("headers.request").find("X-Forwarded-User=user") !=
          std::string::npos);
    CHECK(members(complete(off)).at("headers.request").empty());
    CHECK(members(complete_compat({{"pass_user_headers", "false"}, {"pass_basic_auth", "false"}}))
              .at("headers.request")
              .empty());
  }

  TEST_CASE("session_ends_with_tokens: chosen in compat, it holds at every request") {
    CHECK(members(complete_compat()).at("expire_with_tokens_on_refresh_only") == "true");
    for (const auto value : {"true", "false"}) {
      const auto all = members(complete_compat({{"session_ends_with_tokens", value}}));
      CHECK(all.at("expire_with_tokens_on_refresh_only") == "false");
      CHECK(all.at("session_ends_with_tokens") == value);
    }
  }

  TEST_CASE("cookie_name: pinned to the host where the attributes allow it") {
    CHECK(members(complete()).at("cookie_name") == "__Host-gatelet");
    for (const auto& [key, value] : Pairs{{"cookie_secure", "false"},
                                          {"cookie_path", "/app"},
                                          {"cookie_domains", "example.com"}}) {
      CHECK(members(complete({{key, value}})).at("cookie_name") == "_gatelet");
    }
  }

  TEST_CASE("cookie_csrf_samesite: not set, it is lax; compat and frames take the session's") {
    const auto text = [](http::SameSite s) { return std::to_string(static_cast<int>(s)); };
    const Pairs strict{{"cookie_samesite", "strict"}};
    CHECK(members(complete(strict)).at("login_state_same_site") == text(http::SameSite::lax));
    CHECK(members(complete_compat(strict)).at("login_state_same_site") ==
          text(http::SameSite::strict));
    // F-255: a sign-in inside a frame of another site has its cookies there.
    Pairs framed{{"cookie_samesite", "none"}, {"cookie_partitioned", "true"}};
    CHECK(members(complete(framed)).at("login_state_same_site") == text(http::SameSite::none));
    framed.emplace_back("cookie_csrf_samesite", "lax");
    CHECK(members(complete(framed)).at("login_state_same_site") == text(http::SameSite::lax));
  }

  TEST_CASE("skip_provider_button: with several providers there is a page to choose on") {
    const Pairs corp{{"providers.corp.client_id", "app"}};
    CHECK(members(complete()).at("skip_provider_button") == "true");
    CHECK(members(complete(corp)).at("skip_provider_button") == "false");
    auto chosen = corp;
    chosen.emplace_back("skip_provider_button", "true");
    CHECK(members(complete(chosen)).at("skip_provider_button") == "true");
  }

  TEST_CASE("write_extra_keys: compat writes them only where a session must name its provider") {
    CHECK(members(complete_compat()).at("write_extra_keys") == "false");
    CHECK(members(complete_compat({{"providers.corp.client_id", "app"}})).at("write_extra_keys") ==
          "true");
  }

  TEST_CASE("email rules: unverified addresses match no rule, unless a provider's are accepted") {
    CHECK(members(complete()).at("email.refuse_unverified") == "true");
    CHECK(members(complete({{"providers.corp.insecure_oidc_allow_unverified_email", "true"}}))
              .at("email.refuse_unverified") == "false");
    CHECK(members(complete_compat()).at("email.refuse_unverified") == "false");
  }

  TEST_CASE("cookie_secret_file: is not read where cookie_secret is set") {
    CHECK(members(complete({{"cookie_secret_file", "f"}})).at("cookie_secret_file") == "");
    CHECK(members(complete({{"cookie_secret_file", "f"}, {"cookie_secret", ""}}))
              .at("cookie_secret_file") == "f");
  }

  TEST_CASE("resolve: a canary secret stands in no problem and no warning") {
    const auto settings = complete({{"client_id", ""},
                                    {"client_auth_method", "none"},
                                    {"cookie_secret", "cookie-canary"},
                                    {"oidc_issuer_url", "http://user:url-canary@idp.example/"},
                                    {"insecure_oidc_skip_nonce", "true"}});
    const auto resolved = config::resolve(settings);
    std::string all;
    for (const auto& error : resolved.problems.in_order()) all += error.text + "\n";
    for (const auto& warning : resolved.warnings) all += warning + "\n";
    CHECK(resolved.problems.in_order().size() == 4);
    CHECK(all.find("canary") == std::string::npos);
  }
}
