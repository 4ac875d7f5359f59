#include "config/range.hpp"

#include <algorithm>

#include "config/server_range.hpp"
#include "config/value.hpp"
#include "http/cookie.hpp"
#include "http/header.hpp"
#include "http/ip.hpp"
#include "http/url.hpp"
#include "jose/key_set.hpp"

namespace gatelet::config {
namespace {

using Form = Range::Form;

constexpr std::size_t max_cookie_name_size = 256;

bool is_printable(std::string_view text, bool with_blank) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return (c > ' ' && c <= '~') || (with_blank && c == ' '); });
}

bool has_control_byte(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

// Labels of letters, digits, "-" and "_", divided by single dots.
bool is_host_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > 253 || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

std::string_view without_subdomain_mark(std::string_view text) noexcept {
  if (text.starts_with("*.")) return text.substr(2);
  if (text.starts_with('.')) return text.substr(1);
  return text;
}

bool is_port(std::string_view text) noexcept {
  const auto port = parse_integer(text);
  return text == "*" || (port && *port >= 1 && *port <= 65535);
}

// One entry of whitelist_domains.
bool is_host_entry(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || !http::parse_ip(text.substr(0, end + 1))) return false;
    const auto rest = text.substr(end + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
  return is_host_name(without_subdomain_mark(text.substr(0, colon)));
}

std::string choices_text(std::string_view choices) {
  std::string text;
  while (!choices.empty()) {
    const auto bar = choices.find('|');
    const auto is_last = bar == std::string_view::npos;
    if (!text.empty()) text += is_last ? " or " : ", ";
    text += '"' + std::string(choices.substr(0, bar)) + '"';
    choices = is_last ? std::string_view{} : choices.substr(bar + 1);
  }
  return text;
}

bool is_choice(std::string_view choices, std::string_view text) noexcept {
  for (;;) {
    const auto bar = choices.find('|');
    if (choices.substr(0, bar) == text) return true;
    if (bar == std::string_view::npos) return false;
    choices.remove_prefix(bar + 1);
  }
}

std::string url_complaint(const std::string& text, bool is_issuer) {
  const auto url = http::parse_url(text);
  if (!url.ok()) {
    return shown(text) + " is no absolute URL; write https://host/path, without user and fragment";
  }
  if (is_issuer && url->has_query) return shown(text) + " has a query; an issuer has none";
  return {};
}

bool has_dot_segment(const std::string& path) {
  const auto closed = path + "/";
  return closed.find("/./") != std::string::npos || closed.find("/../") != std::string::npos;
}

std::string path_complaint(const Range& range, const std::string& text) {
  if (!text.starts_with('/')) return shown(text) + " is no path; write one that begins with /";
  const bool is_prefix = range.form == Form::prefix;
  if (is_prefix && (text.size() == 1 || text.ends_with('/'))) {
    return shown(text) + " cannot be a prefix; write a path such as /oauth2, without / at its end";
  }
  const auto odd = range.form == Form::cookie_path ? ";" : "?#%\\;";
  if (!is_printable(text, false) || text.find_first_of(odd) != std::string::npos) {
    return shown(text) + " has a character that cannot stand here; write a plain path";
  }
  if (text.find("//") != std::string::npos || has_dot_segment(text)) {
    return shown(text) + " has empty or dot segments; write the path without them";
  }
  return {};
}

std::string token_issuer_complaint(const std::string& item) {
  const auto equals = item.find('=');
  if (equals == std::string::npos || equals + 1 == item.size()) {
    return shown(item) + " names no audience; write https://issuer.example=audience";
  }
  return url_complaint(item.substr(0, equals), true);
}

std::string item_complaint(const Range& range, const std::string& item) {
  if (has_control_byte(item)) return shown(item) + " has a control character; leave it out";
  switch (range.form) {
    case Form::algorithms:
      if (jose::parse_algorithm(item)) return {};
      return shown(item) +
             " is no accepted algorithm; write RS256, RS384, RS512, PS256, PS384, PS512, ES256, "
             "ES384, ES512 or EdDSA";
    case Form::email_rules:
      if (item == "*" || is_host_name(without_subdomain_mark(item))) return {};
      return shown(item) + " is no domain; write example.com, .example.com or *";
    case Form::hosts:
      if (is_host_entry(item)) return {};
      return shown(item) +
             " is no host; write example.com, .example.com, example.com:8443 or "
             "example.com:*";
    case Form::domains:
      if (is_host_name(item.starts_with('.') ? item.substr(1) : item)) return {};
      return shown(item) + " is no domain; write example.com or .example.com";
    case Form::token_issuers: return token_issuer_complaint(item);
    case Form::cipher_suites: return cipher_suite_complaint(item);
    case Form::upstreams: return upstream_complaint(item);
    case Form::ip_ranges:
      if (http::parse_ip_range(item)) return {};
      return shown(item) +
             " is no address or network; write 203.0.113.7, 10.0.0.0/8 or "
             "2001:db8::/32";
    case Form::one_of:
      if (is_choice(range.low, item)) return {};
      return shown(item) + " is unknown; write " + choices_text(range.low);
    case Form::any:
    case Form::between:
    case Form::seconds:
    case Form::url:
    case Form::issuer:
    case Form::path:
    case Form::prefix:
    case Form::cookie_path:
    case Form::cookie_name:
    case Form::header_name:
    case Form::scope:
    case Form::words:
    case Form::address:
    case Form::tcp_address: return {};
  }
  return {};
}

template <class Number, class Parse>
std::string bounds_complaint(const Range& range, Number value, Parse parse) {
  if (range.form == Form::any) return {};
  if (value >= *parse(range.low) && value <= *parse(range.high)) return {};
  return "is out of range; write a value from " + std::string(range.low) + " to " +
         std::string(range.high);
}

}  // namespace

std::string shown(std::string_view value) {
  if (value.find("://") != std::string_view::npos && value.find('@') != std::string_view::npos) {
    return "the value (not shown: it has an @)";
  }
  return quoted(value);
}

std::string complaint(const Range& range, const std::string& text) {
  if (has_control_byte(text)) return shown(text) + " has a control character; leave it out";
  switch (range.form) {
    case Form::one_of:
      if (is_choice(range.low, text)) return {};
      return shown(text) + " is unknown; write " + choices_text(range.low);
    case Form::url: return url_complaint(text, false);
    case Form::issuer: return url_complaint(text, true);
    case Form::path:
    case Form::prefix:
    case Form::cookie_path: return path_complaint(range, text);
    case Form::cookie_name:
      if (text.size() > max_cookie_name_size) {
        return "has " + std::to_string(text.size()) + " bytes; write at most 256";
      }
      if (http::is_cookie_name(text)) return {};
      return shown(text) + " is no cookie name; write letters, digits, \"_\" and \"-\"";
    case Form::header_name:
      if (http::is_token(text)) return {};
      return shown(text) + " is no header name; write letters, digits and \"-\"";
    case Form::scope:
      if (is_printable(text, true) && text.find_first_of("\"\\") == std::string::npos) return {};
      return shown(text) + " is no scope; write names divided by blanks";
    case Form::address: return address_complaint(text);
    case Form::tcp_address: return tcp_address_complaint(text);
    case Form::any:
    case Form::between:
    case Form::seconds:
    case Form::words:
    case Form::algorithms:
    case Form::email_rules:
    case Form::hosts:
    case Form::domains:
    case Form::ip_ranges:
    case Form::token_issuers:
    case Form::cipher_suites:
    case Form::upstreams: return {};
  }
  return {};
}

std::string complaint(const Range& range, std::int64_t number) {
  return bounds_complaint(range, number, parse_integer);
}

std::string complaint(const Range& range, std::uint64_t size) {
  return bounds_complaint(range, size, parse_size);
}

std::string complaint(const Range& range, Duration duration) {
  auto text = bounds_complaint(range, duration, parse_duration);
  if (!text.empty() || range.form != Form::seconds) return text;
  if (duration % std::chrono::seconds(1) == Duration{}) return {};
  return "has a fraction of a second; write whole seconds";
}

std::string complaint(const Range& range, const std::vector<std::string>& items) {
  for (const auto& item : items) {
    if (item.empty()) return "has an empty entry; leave it out";
    auto text = item_complaint(range, item);
    if (!text.empty()) return text;
  }
  return {};
}

}  // namespace gatelet::config
