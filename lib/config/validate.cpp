#include "config/validate.hpp"

#include <algorithm>

#include "config/range.hpp"
#include "http/ip.hpp"
#include "http/url.hpp"
#include "policy/request_signer.hpp"

namespace gatelet::config {
namespace {

void check_redirect_url(const Values& values, Problems& problems) {
  const auto& engine = values.engine;
  if (!engine.redirect_url.given) return;
  if (*engine.relative_redirect_url) {
    problems.add(Row::relative_redirect_url,
                 "has no effect beside redirect_url; leave one of them out");
  }
  const auto url = http::parse_url(*engine.redirect_url);
  if (values.is_compat || !url.ok()) return;
  // A browser does not bring secure cookies to plain http, so no sign-in could end there.
  if (url->scheme == "http" && *engine.cookie_secure && !http::is_this_machine(url->host)) {
    problems.add(Row::redirect_url, shown(*engine.redirect_url) +
                                        " is plain http, but cookies are secure; write https, or "
                                        "cookie_secure = false");
  }
}

void check_proxies(const EngineValues& engine, Problems& problems) {
  if (!*engine.reverse_proxy || engine.trusted_proxy_ips.given) return;
  if (problems.has(Row::trusted_proxy_ips)) return;
  problems.add(Row::trusted_proxy_ips,
               "missing, and reverse_proxy is on; write the addresses of your proxies, such as "
               "trusted_proxy_ips = [\"127.0.0.1\", \"10.0.0.0/8\"]");
}

void check_emails(const Values& values, Problems& problems) {
  const auto& engine = values.engine;
  const bool has_rule = engine.email_domains.given || engine.authenticated_emails_file.given ||
                        engine.htpasswd_file.given;
  if (!values.is_compat || has_rule) return;
  if (problems.has(Row::email_domains)) return;
  problems.add(Row::email_domains,
               "missing; write the domains to let in, or \"*\" for every address");
}

void check_post_logout(const Values& values, Problems& problems) {
  if (!values.engine.post_logout_redirect_url.given) return;
  const bool has_use = std::any_of(values.providers.begin(), values.providers.end(),
                                   [](const ProviderValues& p) { return *p.end_session; });
  if (has_use) return;
  problems.add(Row::post_logout_redirect_url, "has no effect without end_session = true");
}

void check_logo(const EngineValues& engine, Problems& problems) {
  if (engine.custom_sign_in_logo->find("://") == std::string::npos) return;
  problems.add(Row::custom_sign_in_logo,
               "is an address; a page here loads nothing from elsewhere: write the path of a file");
}

void check_headers(const Values& values, Problems& problems) {
  const auto& engine = values.engine;
  const bool has_password =
      engine.basic_auth_password.given || engine.basic_auth_password_file.given;
  if (*engine.set_basic_auth && !has_password) {
    problems.add(Row::basic_auth_password, "missing, and set_basic_auth is on; write a password");
  }
  if (engine.signature_key.given) {
    const auto signer = policy::RequestSigner::make(*engine.signature_key);
    if (!signer.ok()) problems.add(Row::signature_key, signer.error().text);
  }
  if (!*engine.skip_auth_strip_headers) {
    problems.add(Row::skip_auth_strip_headers,
                 "cannot be off: a client could name itself; leave it out");
  }
  // The reference writes both into one field, which nobody can read.
  const bool is_twice_up =
      *engine.pass_basic_auth && has_password && *engine.pass_authorization_header;
  const bool is_twice_down = *engine.set_basic_auth && *engine.set_authorization_header;
  if (values.is_compat || (!is_twice_up && !is_twice_down)) return;
  problems.add(
      is_twice_up ? Row::pass_authorization_header : Row::set_authorization_header,
      "Authorization can hold HTTP Basic or a token; leave this or basic_auth_password out");
}

// Session control names people by who vouched for them: session/subject.hpp.
void check_provider_ids(const Values& values, Problems& problems) {
  if (!values.engine.htpasswd_file.given) return;
  const bool is_taken =
      std::any_of(values.providers.begin(), values.providers.end(),
                  [](const ProviderValues& p) { return p.name.id == "htpasswd"; });
  if (!is_taken) return;
  problems.add(Row::htpasswd_file,
               "does not go with a provider of the id \"htpasswd\": their people could not be told "
               "apart; give the provider another id");
}

}  // namespace

void validate_access(const Values& values, Problems& problems) {
  check_emails(values, problems);
  check_redirect_url(values, problems);
  check_proxies(values.engine, problems);
  check_post_logout(values, problems);
  check_headers(values, problems);
  check_logo(values.engine, problems);
  check_provider_ids(values, problems);
}

void validate(const Values& values, Problems& problems) {
  for (const auto& provider : values.providers) validate_provider(values, provider, problems);
  validate_access(values, problems);
  validate_cookies(values, problems);
}

}  // namespace gatelet::config
