// Where a browser goes when it follows a Location: the part of the WHATWG URL parser that decides
// the origin. A second opinion for tests of redirects, written from the standard and sharing no
// code with the library.
#pragma once

#include <array>
#include <cctype>
#include <string>
#include <string_view>

namespace gatelet::support {

struct BrowserOrigin {
  std::string scheme, host, port;  // port empty: the scheme's default
  bool valid = false;              // false: the browser goes nowhere
  friend bool operator==(const BrowserOrigin&, const BrowserOrigin&) = default;
};

inline bool is_browser_slash(char c) { return c == '/' || c == '\\'; }

inline bool is_special(const std::string& scheme) {
  for (const auto* known : {"http", "https", "ws", "wss", "ftp", "file"}) {
    if (scheme == known) return true;
  }
  return false;
}

// From after the slashes: userinfo up to the last "@", host, port.
inline BrowserOrigin browser_authority(std::string scheme, std::string_view rest) {
  auto authority = rest.substr(0, rest.find_first_of("/\\?#"));
  const auto at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);

  BrowserOrigin origin;
  origin.scheme = std::move(scheme);
  for (const char c : authority.substr(0, colon)) {
    origin.host.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  if (colon != std::string_view::npos) origin.port = authority.substr(colon + 1);
  while (origin.port.size() > 1 && origin.port.front() == '0') origin.port.erase(0, 1);
  if (origin.port == (origin.scheme == "https" ? "443" : "80")) origin.port.clear();
  origin.valid = !origin.host.empty();
  return origin;
}

// `location` resolved against a page of `base`.
inline BrowserOrigin browser_origin(std::string_view location, const BrowserOrigin& base) {
  while (!location.empty() && static_cast<unsigned char>(location.front()) <= 0x20) {
    location.remove_prefix(1);
  }
  std::string text;
  for (const char c : location) {
    if (c != '\t' && c != '\n' && c != '\r') text.push_back(c);
  }

  std::size_t i = 0;
  std::string scheme;
  if (!text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0) {
    while (i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 ||
                               text[i] == '+' || text[i] == '-' || text[i] == '.')) {
      scheme.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(text[i++]))));
    }
  }
  const bool has_scheme = i > 0 && i < text.size() && text[i] == ':';
  std::string_view rest = text;
  if (has_scheme) {
    rest.remove_prefix(i + 1);
    if (!is_special(scheme)) return {scheme, "", "", true};  // javascript:, data: and the like
    const bool authority =
        rest.size() >= 2 && is_browser_slash(rest[0]) && is_browser_slash(rest[1]);
    if (scheme == base.scheme && !authority) return base;
  } else {
    if (rest.size() < 2 || !is_browser_slash(rest[0]) || !is_browser_slash(rest[1])) return base;
    scheme = base.scheme;
  }
  while (!rest.empty() && is_browser_slash(rest.front())) rest.remove_prefix(1);
  return browser_authority(scheme, rest);
}

}  // namespace gatelet::support
