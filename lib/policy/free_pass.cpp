#include "policy/free_pass.hpp"

#include "http/forwarded.hpp"
#include "http/header.hpp"

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

bool has_free_pass(const Policy& policy, const RequestFacts& facts) noexcept {
  const auto& free = policy.free_pass;
  if (free.preflight && facts.method == "OPTIONS") return true;
  if (free.trusted_ips.empty()) return false;
  const auto client = client_ip(policy, facts);
  return client && http::contains(free.trusted_ips, *client);
}

}  // namespace gatelet::policy
