// The way to a provider: the proxy its calls go through, and the hosts that are reached without
// one. Both are written, and read, as Go's HTTP client reads HTTPS_PROXY and NO_PROXY.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "http/ip.hpp"
#include "http/url.hpp"

namespace gatelet::http {

struct ProxyServer {
  std::string scheme;  // "http", "https", "socks5h": SOCKS, which then looks up the names
  std::string host;    // lower case; an IPv6 literal keeps its brackets
  std::uint16_t port;
  Secret user, password;  // empty: the proxy asks for none

  std::string url() const;  // "http://host:port": without user and password
  friend bool operator==(const ProxyServer&, const ProxyServer&) noexcept = default;
};

// Reads "http://user:password@host:port"; https, socks5 and socks5h may stand in place of http, and
// without a scheme it is http. User and password are percent-encoded. The port is the scheme's
// (1080 for SOCKS) when none is written.
//   Failure: Status::malformed for anything else, paths too. The text shows nothing of the value,
//   which may hold a password.
Result<ProxyServer> parse_proxy(std::string_view text);

// Which hosts are reached without the proxy, as NO_PROXY lists them.
class DirectHosts {
 public:
  // One entry: "example.com" (also what is below it), ".example.com" or "*.example.com" (only
  // that), an address, each also with ":port"; a network, "10.0.0.0/8"; "*" for every host.
  // False, and nothing changes, for what is none of these.
  bool add(std::string_view entry);

  // Also without any entry true for localhost, what is below it, and loopback addresses.
  bool cover(const Url& url) const noexcept;

  friend bool operator==(const DirectHosts&, const DirectHosts&) noexcept = default;

 private:
  struct Domain {
    std::string name;
    bool covers_itself;
    std::optional<std::uint16_t> port;
    friend bool operator==(const Domain&, const Domain&) noexcept = default;
  };
  struct Network {
    IpRange range;
    std::optional<std::uint16_t> port;
    friend bool operator==(const Network&, const Network&) noexcept = default;
  };

  bool is_everybody_ = false;
  std::vector<Domain> domains_;
  std::vector<Network> networks_;
};

struct OutboundProxy {
  std::optional<ProxyServer> for_https, for_http;  // by the scheme of the URL that is called
  DirectHosts direct;

  // Null: the host is reached without a proxy.
  const ProxyServer* server_for(const Url& url) const noexcept;

  friend bool operator==(const OutboundProxy&, const OutboundProxy&) noexcept = default;
};

}  // namespace gatelet::http
