#include "http/authority.hpp"

#include <algorithm>
#include <charconv>

#include "http/ascii.hpp"
#include "http/ip.hpp"

namespace gatelet::http {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::size_t max_host_size = 253;  // RFC 1035 section 2.3.4, in text form

// WHATWG URL section 3.5, "ends in a number": what browsers and resolvers take for an IPv4 address.
bool is_numeric_label(std::string_view label) noexcept {
  if (std::all_of(label.begin(), label.end(), is_digit)) return true;
  if (label.size() < 2 || label[0] != '0' || to_lower(label[1]) != 'x') return false;
  return std::all_of(label.begin() + 2, label.end(), [](char c) { return hex_value(c) >= 0; });
}

bool is_host_name(std::string_view host) noexcept {
  if (host.empty() || host.size() > max_host_size) return false;
  if (host.front() == '.' || host.back() == '.' || host.find("..") != npos) return false;
  const auto may_stand = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
  if (!std::all_of(host.begin(), host.end(), may_stand)) return false;
  const auto dot = host.rfind('.');
  const auto last = dot == npos ? host : host.substr(dot + 1);
  return !is_numeric_label(last) || parse_ip(host).has_value();
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  if (text.empty() || text.front() < '1' || text.front() > '9') return std::nullopt;
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return port;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) noexcept {
  const bool is_bracketed = text.starts_with('[');
  const auto host_size = is_bracketed ? text.find(']') : text.find(':');
  Authority authority;
  authority.host = text.substr(0, is_bracketed && host_size != npos ? host_size + 1 : host_size);
  const bool is_good =
      is_bracketed ? parse_ip(authority.host).has_value() : is_host_name(authority.host);
  if (!is_good) return std::nullopt;

  const auto rest = text.substr(authority.host.size());
  if (rest.empty()) return authority;
  if (rest.front() != ':') return std::nullopt;
  authority.port = parse_port(rest.substr(1));
  if (!authority.port) return std::nullopt;
  return authority;
}

}  // namespace gatelet::http
