#include "http/outbound_proxy.hpp"

#include <algorithm>
#include <utility>

#include "http/ascii.hpp"
#include "http/authority.hpp"
#include "http/header.hpp"
#include "http/path.hpp"

namespace gatelet::http {
namespace {

constexpr auto npos = std::string_view::npos;

Error no_proxy() {
  return {Status::malformed,
          "names no proxy; write http://host:port, with https or socks5 in place of http where the "
          "proxy speaks that, and user:password@ before the host where it asks for them"};
}

struct Scheme {
  std::string_view written, name;
  std::uint16_t port;
};

constexpr Scheme schemes[] = {
    {"http", "http", 80},
    {"https", "https", 443},
    {"socks5", "socks5h", 1080},  // Go leaves the names to the proxy in both
    {"socks5h", "socks5h", 1080},
};

// nullopt: a broken escape, or a byte that no such field can hold.
std::optional<Secret> userinfo_part(std::string_view text) {
  for (auto at = text.find('%'); at != npos; at = text.find('%', at + 1)) {
    if (!escaped_byte(text, at)) return std::nullopt;
  }
  auto plain = percent_decoded(text);
  const bool is_sound = std::none_of(plain.begin(), plain.end(), is_control);
  auto part = is_sound ? std::optional(Secret(plain)) : std::nullopt;
  wipe(plain);
  return part;
}

bool ends_with_label(std::string_view host, std::string_view domain) noexcept {
  return host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.';
}

bool fits(const std::optional<std::uint16_t>& port, const Url& url) noexcept {
  return !port || *port == url.port;
}

}  // namespace

std::string ProxyServer::url() const { return scheme + "://" + host + ":" + std::to_string(port); }

Result<ProxyServer> parse_proxy(std::string_view text) {
  const auto mark = text.find("://");
  const auto written = mark == npos ? std::string_view("http") : text.substr(0, mark);
  const auto* scheme = std::find_if(std::begin(schemes), std::end(schemes), [&](const Scheme& one) {
    return equal_ignoring_case(one.written, written);
  });
  if (scheme == std::end(schemes)) return no_proxy();
  auto rest = mark == npos ? text : text.substr(mark + 3);
  if (rest.ends_with('/')) rest.remove_suffix(1);

  ProxyServer server;
  if (const auto at = rest.rfind('@'); at != npos) {
    const auto userinfo = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const auto colon = userinfo.find(':');
    auto user = userinfo_part(userinfo.substr(0, colon));
    auto password = userinfo_part(colon == npos ? std::string_view() : userinfo.substr(colon + 1));
    if (!user || !password || user->empty()) return no_proxy();
    server.user = std::move(*user);
    server.password = std::move(*password);
  }
  const auto authority = parse_authority(rest);
  if (!authority) return no_proxy();
  server.scheme = scheme->name;
  server.host = lower(authority->host);
  server.port = authority->port.value_or(scheme->port);
  return server;
}

bool DirectHosts::add(std::string_view entry) {
  entry = trim(entry);
  if (entry == "*") return is_everybody_ = true;
  if (const auto range = parse_ip_range(entry)) {
    networks_.push_back({*range, std::nullopt});
    return true;
  }
  const bool is_only_below = entry.starts_with("*.") || entry.starts_with('.');
  if (is_only_below) entry.remove_prefix(entry.find('.') + 1);
  const auto authority = parse_authority(entry);
  if (!authority) return false;
  const auto range = parse_ip_range(authority->host);
  if (range && is_only_below) return false;
  if (range) {
    networks_.push_back({*range, authority->port});
  } else {
    domains_.push_back({lower(authority->host), !is_only_below, authority->port});
  }
  return true;
}

bool DirectHosts::cover(const Url& url) const noexcept {
  if (is_everybody_ || is_this_machine(url.host)) return true;
  if (const auto address = parse_ip(url.host)) {
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
      return fits(network.port, url) && network.range.contains(*address);
    });
  }
  return std::any_of(domains_.begin(), domains_.end(), [&](const Domain& domain) {
    return fits(domain.port, url) && (ends_with_label(url.host, domain.name) ||
                                      (domain.covers_itself && url.host == domain.name));
  });
}

const ProxyServer* OutboundProxy::server_for(const Url& url) const noexcept {
  const auto& server = url.scheme == "https" ? for_https : for_http;
  return server && !direct.cover(url) ? &*server : nullptr;
}

}  // namespace gatelet::http
