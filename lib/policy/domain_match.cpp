#include "policy/domain_match.hpp"

#include "http/header.hpp"

namespace gatelet::policy {
namespace {

// An entry's host and port, as oauth2-proxy splits it: what follows the last colon is a port when
// it is "*", digits or nothing.
struct Entry {
  std::string_view host, port;
};

bool is_port_rule(std::string_view text) noexcept {
  return text == "*" || text.find_first_not_of("0123456789") == std::string_view::npos;
}

Entry split(std::string_view entry) noexcept {
  Entry parts{entry, {}};
  const auto colon = entry.rfind(':');
  if (colon != std::string_view::npos && is_port_rule(entry.substr(colon + 1))) {
    parts = {entry.substr(0, colon), entry.substr(colon + 1)};
  }
  if (parts.host.size() >= 2 && parts.host.front() == '[' && parts.host.back() == ']') {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  }
  return parts;
}

}  // namespace

bool is_inside_domain(std::string_view host, std::string_view domain) noexcept {
  if (domain.empty() || host.size() < domain.size()) return false;
  const auto tail = host.substr(host.size() - domain.size());
  if (!http::equal_ignoring_case(tail, domain)) return false;
  // A label boundary: ".example.com" never matches "badexample.com".
  return host.size() == domain.size() ||
         (host[host.size() - domain.size() - 1] == '.' && host.size() > domain.size() + 1);
}

bool matches_entry(std::string_view host, std::string_view port, std::string_view entry) noexcept {
  const auto rule = split(entry);
  if (host.empty() || rule.host.empty()) return false;
  if (rule.port != "*" && rule.port != port) return false;
  if (rule.host.starts_with("*.")) return is_inside_domain(host, rule.host.substr(2));
  if (rule.host.front() == '.') return is_inside_domain(host, rule.host.substr(1));
  return http::equal_ignoring_case(host, rule.host);
}

bool matches_any(std::string_view host, std::string_view port,
                 std::span<const std::string> entries) noexcept {
  for (const auto& entry : entries) {
    if (matches_entry(host, port, entry)) return true;
  }
  return false;
}

}  // namespace gatelet::policy
