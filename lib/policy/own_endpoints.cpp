#include "policy/own_endpoints.hpp"

#include <array>
#include <utility>

#include "http/form.hpp"
#include "http/header.hpp"
#include "policy/domain_match.hpp"

namespace gatelet::policy {
namespace {

constexpr std::array<std::pair<std::string_view, Endpoint>, 7> endpoints{{
    {"sign_in", Endpoint::sign_in},
    {"start", Endpoint::start},
    {"callback", Endpoint::callback},
    {"sign_out", Endpoint::sign_out},
    {"signed_out", Endpoint::signed_out},
    {"userinfo", Endpoint::userinfo},
    {"auth", Endpoint::auth},
}};

std::string_view prefix_of(const Policy& policy) noexcept {
  std::string_view prefix = policy.proxy_prefix;
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return prefix;
}

bool is_health_path(const Policy& policy, std::string_view path) noexcept {
  if (!policy.ping_path.empty() && path == policy.ping_path) return true;
  return policy.gcp_healthchecks && (path == "/liveness_check" || path == "/readiness_check");
}

bool asks_health(const Policy& policy, const RequestFacts& facts) noexcept {
  if (policy.ping_user_agent.empty()) return true;
  const auto* agent = http::find_header(facts.headers, "User-Agent");
  return agent != nullptr && agent->value == policy.ping_user_agent;
}

struct HostPort {
  std::string_view host, port;
};

HostPort split_host(std::string_view text) noexcept {
  const auto bracket = text.find(']');
  const auto colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  auto host = text.substr(0, colon);
  if (bracket != std::string_view::npos) host = text.substr(1, bracket - 1);
  return {host, colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1)};
}

}  // namespace

EndpointMatch match_endpoint(const Policy& policy, std::string_view path,
                             bool several_providers) noexcept {
  if (path == "/robots.txt") return {Endpoint::robots, {}};
  if (is_health_path(policy, path)) return {Endpoint::ping, {}};
  if (!policy.ready_path.empty() && path == policy.ready_path) return {Endpoint::ready, {}};

  const auto prefix = prefix_of(policy);
  if (!path.starts_with(prefix) || path.size() <= prefix.size() || path[prefix.size()] != '/') {
    return {};
  }
  path.remove_prefix(prefix.size() + 1);
  for (const auto& [name, endpoint] : endpoints) {
    if (path == name) return {endpoint, {}};
  }

  constexpr std::string_view callback = "callback/";
  if (!several_providers || !path.starts_with(callback)) return {};
  path.remove_prefix(callback.size());
  if (path.empty() || path.find('/') != std::string_view::npos) return {};
  return {Endpoint::callback, path};
}

EndpointMatch match_request(const Policy& policy, const RequestFacts& facts,
                            bool several_providers) noexcept {
  const auto match = match_endpoint(policy, facts.own_path, several_providers);
  if (match.endpoint == Endpoint::ping && !asks_health(policy, facts)) return {};
  return match;
}

std::string endpoint_path(const Policy& policy, std::string_view name) {
  return std::string(prefix_of(policy)).append("/").append(name);
}

std::string start_url(const Policy& policy, std::string_view provider_id,
                      std::string_view return_to) {
  http::Form form;
  if (!return_to.empty()) form.add("rd", return_to);
  if (!provider_id.empty()) form.add("provider", provider_id);
  auto url = endpoint_path(policy, "start");
  if (!form.text().empty()) url.append("?").append(form.text());
  return url;
}

std::string redirect_uri(const Policy& policy, const RequestFacts& facts,
                         std::string_view provider_id, bool several_providers) {
  std::string uri = policy.redirect_url;
  if (uri.empty()) {
    if (!policy.relative_redirect_url) {
      uri.append(policy.cookie_secure ? std::string_view("https") : facts.scheme);
      uri.append("://").append(facts.host);
    }
    uri.append(endpoint_path(policy, "callback"));
  }
  if (several_providers) uri.append("/").append(provider_id);
  return uri;
}

bool is_expected_host(const Policy& policy, const RequestFacts& facts,
                      std::span<const std::string> cookie_domains) noexcept {
  const auto& whitelist = policy.return_to.whitelist_domains;
  if (!policy.redirect_url.empty() || (cookie_domains.empty() && whitelist.empty())) return true;

  const auto [host, port] = split_host(facts.host);
  for (std::string_view domain : cookie_domains) {
    if (domain.starts_with('.')) domain.remove_prefix(1);
    if (is_inside_domain(host, domain)) return true;
  }
  return matches_any(host, port, whitelist);
}

}  // namespace gatelet::policy
