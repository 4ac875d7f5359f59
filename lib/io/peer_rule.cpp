#include "io/peer_rule.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "http/header.hpp"

namespace gatelet::io {
namespace {

std::optional<http::IpAddress> read_address(const sockaddr& address) noexcept {
  http::IpAddress ip;
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    ip.bytes[10] = ip.bytes[11] = 0xff;
    std::memcpy(&ip.bytes[12], &v4.sin_addr, 4);
    return ip;
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(ip.bytes.data(), &v6.sin6_addr, 16);
    return ip;
  }
  return std::nullopt;
}

}  // namespace

Result<PeerRule> PeerRule::of(const HttpCall& call) {
  auto url = http::parse_url(call.url);
  if (!url.ok()) return Error{Status::provider_bad_answer, "the URL to call is not well-formed"};
  if (url->scheme != "https" && !(call.trust && call.trust->allow_http)) {
    return Error{Status::provider_bad_answer, "the URL to call is not https"};
  }
  bool may_be_private = false;
  std::shared_ptr<const http::ProxyServer> proxy;
  if (call.trust) {
    proxy = {call.trust, call.trust->proxy.server_for(*url)};
    const auto& hosts = call.trust->configured_hosts;
    may_be_private = call.trust->allow_private ||
                     std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
                       return http::equal_ignoring_case(host, url->host);
                     });
  }
  const auto address = proxy ? http::parse_ip(url->host) : std::nullopt;
  if (address && !may_be_private && http::is_private(*address)) {
    return Error{Status::provider_unreachable,
                 "the provider cannot be reached: its address is private, and the configuration "
                 "does not name it"};
  }
  return PeerRule(std::move(url).value(), std::move(proxy), may_be_private);
}

bool PeerRule::may_reach(const http::IpAddress& address) const noexcept {
  return proxy_ != nullptr || may_be_private_ || !http::is_private(address);
}

bool PeerRule::may_reach(const sockaddr& address) const noexcept {
  const auto ip = read_address(address);
  return ip && may_reach(*ip);
}

}  // namespace gatelet::io
