#include "config/server_range.hpp"

#include <algorithm>
#include <cstdint>

#include "config/range.hpp"
#include "config/value.hpp"
#include "http/ip.hpp"

namespace gatelet::config {
namespace {

bool is_number(std::string_view text, std::int64_t low, std::int64_t high) noexcept {
  const auto number = parse_integer(text);
  return number && *number >= low && *number <= high && text.front() != '-';
}

bool is_word(std::string_view text, std::string_view besides) noexcept {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           besides.find(c) != std::string_view::npos;
  });
}

// HOST:PORT, the host empty for every address, in brackets for IPv6.
bool is_host_and_port(std::string_view text) noexcept {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_number(text.substr(colon + 1), 0, 65535)) return false;
  const auto host = text.substr(0, colon);
  if (host.starts_with('[')) return http::parse_ip(host).has_value();
  if (host == "fd" || host == "FD") return false;  // fd:3 is a socket, or nothing
  return is_word(host, "-._") && host.find("..") == std::string_view::npos;
}

std::string_view without(std::string_view prefix, std::string_view text) noexcept {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string unix_complaint(std::string_view text) {
  constexpr std::size_t max_size = 107;  // sockaddr_un
  const auto path = text.substr(0, text.find(','));
  if (path.empty() || path.size() > max_size) {
    return shown(text) + " names no socket; write unix:///run/name.sock, of at most 107 bytes";
  }
  auto rest = text.substr(path.size());
  if (rest.empty()) return {};
  constexpr std::string_view mode = ",mode=";
  const auto digits = rest.starts_with(mode) ? rest.substr(mode.size()) : std::string_view{};
  const bool is_octal = !digits.empty() && digits.size() <= 4 &&
                        digits.find_first_not_of("01234567") == std::string_view::npos;
  return is_octal ? "" : shown(text) + " has another addition than ,mode=0660; write this or none";
}

bool is_scheme_with(std::string_view scheme, std::string_view item, std::string_view& rest) {
  if (!item.starts_with(scheme)) return false;
  rest = item.substr(scheme.size());
  return true;
}

}  // namespace

std::string address_complaint(std::string_view text) {
  std::string_view rest;
  if (text == "-" || is_host_and_port(without("http://", text))) return {};
  if (is_scheme_with("unix://", text, rest)) return unix_complaint(rest);
  const bool is_fd = text.size() > 3 && (text[0] == 'f' || text[0] == 'F') &&
                     (text[1] == 'd' || text[1] == 'D') && text[2] == ':';
  if (is_fd && is_number(text.substr(3), 3, 65535)) return {};
  return shown(text) +
         " is no address; write 127.0.0.1:4180, :4180, [::1]:4180, unix:///run/name.sock, fd:3 or "
         "-";
}

std::string tcp_address_complaint(std::string_view text) {
  if (text == "-" || is_host_and_port(without("https://", text))) return {};
  return shown(text) + " is no address; write 127.0.0.1:443, :443, [::1]:443 or -";
}

std::string cipher_suite_complaint(std::string_view item) {
  if (item.starts_with("TLS_") && item.size() <= 64 && is_word(item, "_")) return {};
  return shown(item) + " is no cipher suite; write a name such as " +
         "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
}

std::string upstream_complaint(std::string_view item) {
  std::string_view rest;
  if (is_scheme_with("static://", item, rest)) {
    if (is_number(rest.substr(0, rest.find('/')), 200, 599)) return {};
    return shown(item) + " names no status from 200 to 599; write static://202";
  }
  for (const auto scheme : {"http://", "https://", "file://", "unix://"}) {
    if (is_scheme_with(scheme, item, rest) && !rest.empty() && rest.front() != ':') return {};
  }
  return shown(item) +
         " is no upstream; write http://host:port/path, https://..., file:///folder, "
         "unix:///socket or static://202";
}

}  // namespace gatelet::config
