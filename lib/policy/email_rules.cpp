#include "policy/email_rules.hpp"

#include <algorithm>

#include "http/header.hpp"
#include "policy/domain_match.hpp"

namespace gatelet::policy {
namespace {

bool domain_allowed(std::string_view domain, std::string_view rule) noexcept {
  if (rule == "*") return true;
  if (rule.starts_with("*.")) rule.remove_prefix(1);
  if (!rule.starts_with(".")) return !rule.empty() && http::equal_ignoring_case(domain, rule);
  rule.remove_prefix(1);
  return domain.size() > rule.size() && is_inside_domain(domain, rule);  // not the domain itself
}

}  // namespace

bool EmailRules::restricts() const noexcept {
  const bool has_rule = from_file || nobody || !domains.empty();
  return has_rule && std::find(domains.begin(), domains.end(), "*") == domains.end();
}

std::string_view domain_of(std::string_view email) noexcept {
  // Exactly one "@": after the last of several stands what the sender likes to be taken for.
  const auto at = email.find('@');
  if (at == 0 || at == std::string_view::npos) return {};
  const auto domain = email.substr(at + 1);
  for (const char c : email) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) return {};
  }
  return domain.find('@') == std::string_view::npos ? domain : std::string_view{};
}

bool email_allowed(const EmailRules& rules, std::string_view email) noexcept {
  if (!rules.restricts()) return true;
  const auto domain = domain_of(email);
  if (domain.empty()) return false;
  return (rules.addresses && rules.addresses->contains(email)) ||
         std::any_of(rules.domains.begin(), rules.domains.end(),
                     [&](const std::string& rule) { return domain_allowed(domain, rule); });
}

}  // namespace gatelet::policy
