// parse_proxy and DirectHosts: what is accepted reads back equal, and no host is judged two ways.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/outbound_proxy.hpp"
#include "require.hpp"

using namespace gatelet;
using namespace gatelet::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (const auto server = parse_proxy(text); server.ok()) {
    require(server->port != 0 && !server->host.empty());
    require(!server->user.empty() || server->password.empty());
    for (const char c : server->user.reveal()) require(c >= 0x20 || c < 0);
    const auto again = parse_proxy(server->url());
    require(again.ok() && again->host == server->host && again->port == server->port);
    require(again->scheme == server->scheme && again->user.empty());
  }

  // An entry that is a lone name or address covers the URL of itself.
  DirectHosts hosts;
  const bool was_added = hosts.add(text);
  require(was_added || hosts == DirectHosts());
  const auto url = parse_url("https://" + std::string(text) + "/");
  if (was_added && url.ok() && url->path == "/" && !url->has_query) require(hosts.cover(*url));
  require(hosts.cover(parse_url("https://localhost/").value()));
  return 0;
}
