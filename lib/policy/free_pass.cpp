#include "policy/free_pass.hpp"

#include "http/forwarded.hpp"
#include "http/header.hpp"
#include "policy/own_endpoints.hpp"

namespace gatelet::policy {

std::optional<http::IpAddress> client_ip(const Policy& policy, const RequestFacts& facts) noexcept {
  if (!facts.via_trusted_proxy) return http::parse_ip(facts.peer);
  const auto& forwarded = policy.forwarded;
  if (!http::equal_ignoring_case(forwarded.real_client_ip_header, "X-Forwarded-For")) {
    return http::forwarded_address(facts.headers, forwarded.real_client_ip_header);
  }
  return http::forwarded_client(facts.headers, [&](const http::IpAddress& address) {
    return http::contains(forwarded.trusted_proxies, address);
  });
}

namespace {

bool is_route(const SkipRoutes* routes, const Policy& policy, const RequestFacts& facts) {
  if (routes == nullptr) return false;
  // A host that asks PREFIX/auth must say for which path: else a rule such as "!=^/private" would
  // match the endpoint itself, and let everything pass.
  const bool is_own = match_endpoint(policy, facts.path, true).endpoint != Endpoint::none;
  if (is_own && !policy.free_pass.routes_cover_own_endpoints) return false;
  return routes->matches(facts.method, facts.path);
}

}  // namespace

bool has_free_pass(const Policy& policy, const RequestFacts& facts) {
  const auto& free = policy.free_pass;
  if (free.preflight && facts.method == "OPTIONS") return true;
  if (is_route(free.routes.get(), policy, facts)) return true;
  if (free.trusted_ips.empty()) return false;
  const auto client = client_ip(policy, facts);
  return client && http::contains(free.trusted_ips, *client);
}

bool is_optional_route(const Policy& policy, const RequestFacts& facts) {
  return is_route(policy.free_pass.optional_routes.get(), policy, facts);
}

}  // namespace gatelet::policy
