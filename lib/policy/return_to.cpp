#include "policy/return_to.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "http/header.hpp"
#include "http/ip.hpp"
#include "http/query.hpp"
#include "policy/domain_match.hpp"
#include "policy/own_endpoints.hpp"

// The rules follow what browsers make of a Location (WHATWG URL): they drop tabs and line ends,
// take
// "\" for "/" and read "//" as the start of a host. Whatever could be read so is refused, not
// mended.

namespace gatelet::policy {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::size_t max_size = 8 * 1024;

// The code point at the front of `text`, taken off it; nullopt when that is not UTF-8 (RFC 3629: no
// overlong form, no surrogate, nothing above U+10FFFF).
std::optional<std::uint32_t> take_code_point(std::string_view& text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = byte(0);
  if (first < 0x80) return text.remove_prefix(1), first;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return std::nullopt;
  std::uint32_t point = first & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    point = point << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<std::uint32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (point < least[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
    return std::nullopt;
  }
  text.remove_prefix(size);
  return point;
}

// Control, white space, zero width or a direction mark: nothing a person would see in a link.
bool is_invisible(std::uint32_t c) noexcept {
  return c <= 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x61c || c == 0x1680 || c == 0x180e ||
         (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
         (c >= 0x205f && c <= 0x206f) || c == 0x3000 || c == 0xfeff;
}

// Characters that look like a slash at the place where a host would begin.
bool is_slash_lookalike(std::uint32_t c) noexcept {
  return c == 0x3031 || c == 0x3035 || c == 0x309d || c == 0x30fc || c == 0xff70;
}

bool is_clean(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto c = take_code_point(text);
    if (!c || is_invisible(*c) || *c == '\\') return false;
  }
  return true;
}

bool is_ascii(std::string_view text) noexcept {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that the escape at `at` stands for; -1 when it is broken.
int escaped_byte(std::string_view text, std::size_t at) noexcept {
  if (text.size() - at < 3) return -1;
  const int high = hex_value(text[at + 1]), low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool has_broken_escape(std::string_view text) noexcept {
  for (auto at = text.find('%'); at != npos; at = text.find('%', at + 1)) {
    if (escaped_byte(text, at) < 0) return true;
  }
  return false;
}

// Escapes that a server or a careless script turns into what the raw text may not hold.
bool has_dangerous_escape(std::string_view path) noexcept {
  for (auto at = path.find('%'); at != npos; at = path.find('%', at + 1)) {
    const int byte = escaped_byte(path, at);
    if (byte < 0x20 || byte == 0x7f || byte == '/' || byte == '\\' || byte == '.') return true;
  }
  return false;
}

bool has_dot_segment(std::string_view path) noexcept {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(segment.size());
  }
  return false;
}

// Two slashes with nothing or one or two dots between them.
bool has_slash_pair(std::string_view text) noexcept {
  return text.find("//") != npos || text.find("/./") != npos || text.find("/../") != npos;
}

bool begins_like_scheme(std::string_view segment) noexcept {
  constexpr std::array<std::string_view, 7> schemes = {
      "javascript:", "vbscript:", "data:", "http:", "https:", "ftp:", "file:"};
  for (const auto scheme : schemes) {
    if (http::equal_ignoring_case(segment.substr(0, scheme.size()), scheme)) return true;
  }
  return false;
}

bool is_safe_path(std::string_view text, const ReturnPolicy& policy) noexcept {
  const auto path = text.substr(0, text.find_first_of("?#"));
  auto second = path.substr(1);
  if (!second.empty()) {
    const auto c = take_code_point(second);
    if (c == std::uint32_t{'/'} || (c && is_slash_lookalike(*c))) return false;
  }
  return !has_slash_pair(policy.strict_query ? text : path) && !has_dot_segment(path) &&
         !has_dangerous_escape(path) && !begins_like_scheme(path.substr(1));
}

bool is_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || text.front() == '0') return false;
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= 65535;
}

bool is_host_name(std::string_view text) noexcept {
  if (text.empty() || text.front() == '.') return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '.') return false;
  }
  return true;
}

bool is_safe_url(std::string_view text, const ReturnPolicy& policy) noexcept {
  if (!is_ascii(text)) return false;
  if (text.starts_with("https://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("http://") && policy.accept_http) {
    text.remove_prefix(7);
  } else {
    return false;
  }

  const auto authority = text.substr(0, text.find_first_of("/?#"));
  auto rest = text.substr(authority.size());
  std::string_view host = authority, port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == npos) return false;
    host = authority.substr(1, end - 1);
    if (!http::parse_ip(host)) return false;
    port = authority.substr(end + 1);
  } else {
    host = authority.substr(0, authority.find(':'));
    if (!is_host_name(host)) return false;
    port = authority.substr(host.size());
  }
  if (!port.empty()) {
    if (port.front() != ':' || !is_port(port.substr(1))) return false;
    port.remove_prefix(1);
  }

  const auto query = rest.find('?'), fragment = rest.find('#');
  if (has_broken_escape(rest.substr(0, std::min(query, fragment)))) return false;
  if (fragment != npos && has_broken_escape(rest.substr(fragment))) return false;
  return matches_any(host, port, policy.whitelist_domains);
}

// Of what to_ascii makes of it.
std::size_t size_in_ascii(std::string_view text) noexcept {
  std::size_t size = text.size();
  for (const char c : text) size += static_cast<unsigned char>(c) < 0x80 ? 0 : 2;
  return size;
}

// What is not ASCII as percent escapes: a Location is ASCII.
std::string to_ascii(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out.push_back(c);
    } else {
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return out;
}

}  // namespace

bool is_safe_return(std::string_view target, const ReturnPolicy& policy) {
  if (target.empty() || size_in_ascii(target) > max_size || !is_clean(target)) return false;
  return target.front() == '/' ? is_safe_path(target, policy) : is_safe_url(target, policy);
}

SafeReturn choose_return(std::initializer_list<std::string_view> candidates,
                         const ReturnPolicy& policy) {
  for (const auto candidate : candidates) {
    if (is_safe_return(candidate, policy)) return SafeReturn(to_ascii(candidate));
  }
  return SafeReturn("/");
}

SafeReturn wished_return(const Policy& policy, const RequestFacts& facts, std::string_view wish) {
  std::string parameter;
  const bool at_own = match_endpoint(policy, facts.own_path, true).endpoint != Endpoint::none;
  if (at_own) {
    auto value = http::query_value(facts.own_query, "rd", policy.query_semicolon);
    if (value.ok() && *value) parameter = std::move(**value);
  }

  const auto* field = http::find_header(facts.headers, "X-Auth-Request-Redirect");
  const auto header = field == nullptr ? std::string_view{} : field->value;

  // Back to an endpoint of ours would be a loop, or a sign-out nobody asked for.
  std::string_view own = facts.target;
  if (match_endpoint(policy, facts.path, true).endpoint != Endpoint::none) own = "/";
  std::string forwarded;
  if (facts.via_trusted_proxy && facts.request != nullptr &&
      !http::equal_ignoring_case(facts.host, facts.request->host)) {
    forwarded.append(facts.scheme).append("://").append(facts.host).append(own);
  }
  return choose_return({wish, parameter, header, forwarded, own}, policy.return_to);
}

}  // namespace gatelet::policy
