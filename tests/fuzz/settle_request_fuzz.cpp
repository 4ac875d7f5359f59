// Settling a request of lines "method", "scheme", "host", "target", "peer", then fields: whoever is
// not trusted settles nothing by a header; what is settled is what the other readers expect.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/forwarded.hpp"
#include "http/ip.hpp"
#include "http/path.hpp"
#include "policy/request_facts.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  RequestView request;
  request.method = take_line(text);
  request.scheme = take_line(text);
  request.host = take_line(text);
  request.target = take_line(text);
  request.peer = take_line(text);
  std::vector<HeaderView> headers;
  while (!text.empty() && headers.size() < 64) {
    const auto line = take_line(text);
    const auto colon = std::min(line.find(':'), line.size());
    headers.push_back({line.substr(0, colon), line.substr(std::min(colon + 1, line.size()))});
  }
  request.headers = headers;

  policy::Policy closed;
  policy::Policy open;
  open.forwarded.reverse_proxy = true;
  open.forwarded.trusted_proxies = {*http::parse_ip_range("10.0.0.0/8")};

  const auto plain = policy::settle_request(request, closed);
  const auto proxied = policy::settle_request(request, open);
  if (!plain.ok()) {
    require(!proxied.ok());
    require(plain.error().status == Status::bad_request);
    return 0;
  }
  require(!plain->via_trusted_proxy);
  require(plain->method == request.method && plain->scheme == request.scheme);
  require(plain->host == request.host && plain->target == request.target);
  require(plain->own_path == plain->path && plain->own_query == plain->query);
  require(plain->path.starts_with('/'));
  require(plain->target.find_first_of(std::string_view("\0\r\n #", 5)) == std::string_view::npos);
  if (!proxied.ok()) return 0;

  require(proxied->own_path == plain->path && proxied->own_query == plain->query);
  require(proxied->scheme == "http" || proxied->scheme == "https");
  require(http::is_host(proxied->host) && http::is_target(proxied->target));
  const auto peer = http::parse_ip(request.peer);
  if (!peer || !peer->is_v4() || peer->bytes[12] != 10) {
    require(!proxied->via_trusted_proxy && proxied->path == plain->path &&
            proxied->host == plain->host && proxied->method == plain->method &&
            proxied->scheme == plain->scheme);
  }
  return 0;
}
