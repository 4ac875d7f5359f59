#include "http/url.hpp"

#include "http/ascii.hpp"
#include "http/authority.hpp"
#include "http/header.hpp"

namespace gatelet::http {
namespace {

constexpr std::size_t max_url_size = 8 * 1024;
constexpr auto npos = std::string_view::npos;

Error malformed(std::string_view what) { return {Status::malformed, std::string(what)}; }

std::uint16_t default_port(std::string_view scheme) noexcept {
  return scheme == "https" ? 443 : 80;
}

// Why a URL may not hold these bytes; empty when it may.
std::string_view byte_fault(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_control(c) || c == ' ') return "the URL holds a space or a control byte";
    if (!is_ascii(c)) return "the URL holds a byte outside ASCII; percent-encode it";
    if (c == '\\') return "the URL holds a backslash";
    if (c == '#') return "the URL holds a fragment; leave it out";
    if (c == '%' && !escaped_byte(text, i)) return "the URL holds a broken percent escape";
  }
  return {};
}

}  // namespace

std::string Url::origin() const {
  auto out = scheme + "://" + host;
  if (port != default_port(scheme)) out += ":" + std::to_string(port);
  return out;
}

std::string Url::text() const {
  auto out = scheme + "://" + host;
  if (port_written) out += ":" + std::to_string(port);
  out += path;
  if (has_query) out += "?" + query;
  return out;
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > max_url_size) return malformed("the URL is longer than 8 KiB");
  if (const auto fault = byte_fault(text); !fault.empty()) return malformed(fault);
  const auto colon = text.find("://");
  const auto scheme = text.substr(0, colon);
  if (colon == npos ||
      !(equal_ignoring_case(scheme, "https") || equal_ignoring_case(scheme, "http"))) {
    return malformed("expected a URL that begins with https:// or http://");
  }
  auto rest = text.substr(colon + 3);
  const auto authority_text = rest.substr(0, rest.find_first_of("/?"));
  rest.remove_prefix(authority_text.size());
  if (authority_text.find('@') != npos) return malformed("the URL holds a user name; leave it out");
  const auto authority = parse_authority(authority_text);
  if (!authority) return malformed("the URL has no acceptable host or port");

  Url url;
  url.scheme = lower(scheme);
  url.host = lower(authority->host);
  url.port = authority->port.value_or(default_port(url.scheme));
  url.port_written = authority->port.has_value();
  const auto mark = rest.find('?');
  url.path = rest.substr(0, mark);
  if (url.path.empty()) url.path = "/";
  url.has_query = mark != npos;
  if (url.has_query) url.query = rest.substr(mark + 1);
  return url;
}

std::string with_query(std::string_view url, std::string_view query) {
  std::string out(url);
  if (query.empty()) return out;
  if (url.find('?') == npos) {
    out += '?';
  } else if (!url.ends_with('?') && !url.ends_with('&')) {
    out += '&';
  }
  out += query;
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      append_escape(c, out);
    }
  }
  return out;
}

}  // namespace gatelet::http
