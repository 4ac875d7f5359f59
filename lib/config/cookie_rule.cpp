#include "config/cookie_rule.hpp"

#include <string>
#include <utility>

#include "config/range.hpp"
#include "policy/domain_match.hpp"

namespace gatelet::config {
namespace {

using http::SameSite;

std::string_view take_word(std::string_view& text) noexcept {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

Error refusal(std::string said) { return {Status::invalid_value, std::move(said)}; }

std::string_view without_dot(std::string_view host) noexcept {
  if (host.starts_with('.')) host.remove_prefix(1);
  return host;
}

bool is_host(std::string_view host) {
  const Range domains{Range::Form::domains, {}, {}};
  return !host.empty() && complaint(domains, std::vector<std::string>{std::string(host)}).empty();
}

Result<void> set_domain(session::CookieRule& rule, std::string_view value) {
  const auto domain = without_dot(value);
  if (!is_host(domain) || !policy::is_inside_domain(without_dot(rule.host), domain)) {
    return refusal("domain " + shown(value) + " is no parent of " + shown(rule.host) +
                   "; browsers would drop the cookie");
  }
  rule.attributes.domain = domain;
  return {};
}

Result<void> set_path(session::CookieRule& rule, std::string_view value) {
  const Range path{Range::Form::cookie_path, {}, {}};
  const auto said = complaint(path, std::string(value));
  if (!said.empty()) return refusal("path " + said);
  rule.attributes.path = value;
  return {};
}

Result<void> set_same_site(session::CookieRule& rule, std::string_view value) {
  const auto same_site = same_site_named(value);
  if (same_site == SameSite::unset) {
    return refusal("samesite " + shown(value) + " is unknown; write lax, strict or none");
  }
  if (same_site == SameSite::none && !rule.attributes.secure) {
    return refusal("samesite none needs cookie_secure = true; browsers drop it else");
  }
  rule.attributes.same_site = same_site;
  return {};
}

Result<void> set_flag(bool& flag, std::string_view name, std::string_view value) {
  if (value != "true" && value != "false") {
    return refusal(std::string(name) + " " + shown(value) + " is unknown; write true or false");
  }
  flag = value == "true";
  return {};
}

Result<void> set_partitioned(session::CookieRule& rule, std::string_view value) {
  auto& attributes = rule.attributes;
  auto done = set_flag(attributes.partitioned, "partitioned", value);
  if (done.ok() && attributes.partitioned && !attributes.secure) {
    return refusal("partitioned needs cookie_secure = true; browsers drop it else");
  }
  return done;
}

Result<void> set_attribute(session::CookieRule& rule, std::string_view word) {
  const auto equals = word.find('=');
  const auto name = word.substr(0, equals);
  const auto value = equals == std::string_view::npos ? "" : word.substr(equals + 1);
  if (name == "domain") return set_domain(rule, value);
  if (name == "path") return set_path(rule, value);
  if (name == "samesite") return set_same_site(rule, value);
  if (name == "httponly") return set_flag(rule.attributes.http_only, name, value);
  if (name == "partitioned") return set_partitioned(rule, value);
  return refusal(shown(word) +
                 " is unknown; write domain=, path=, samesite=, httponly= or partitioned=");
}

}  // namespace

http::SameSite same_site_named(std::string_view name) noexcept {
  if (name == "lax") return SameSite::lax;
  if (name == "strict") return SameSite::strict;
  if (name == "none") return SameSite::none;
  return SameSite::unset;
}

Result<session::CookieRule> parse_cookie_rule(std::string_view text,
                                              const http::CookieAttributes& base) {
  session::CookieRule rule{std::string(take_word(text)), base};
  rule.attributes.domain.clear();
  if (!is_host(rule.host)) {
    return refusal(shown(rule.host) + " is no host; write app.example.com, or .example.com");
  }
  for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
    auto done = set_attribute(rule, word);
    if (!done.ok()) return std::move(done).error();
  }
  return rule;
}

}  // namespace gatelet::config
