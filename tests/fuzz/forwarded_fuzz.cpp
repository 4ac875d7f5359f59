// Addresses, ranges and X-Forwarded-* values: parse_ip agrees with the system's inet_pton, ranges
// with a bit-by-bit comparison, and every forwarded value is one that its reader may return.
#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/forwarded.hpp"
#include "http/header.hpp"
#include "http/ip.hpp"
#include "http/path.hpp"
#include "require.hpp"

using namespace gatelet;
using namespace gatelet::http;

namespace {

std::optional<IpAddress> system_ip(std::string text) {
  if (text.find('\0') != std::string::npos) return std::nullopt;
  const bool is_bracketed = text.size() > 1 && text.front() == '[' && text.back() == ']';
  if (is_bracketed) text = text.substr(1, text.size() - 2);
  IpAddress address;
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
  address = {};
  address.bytes[10] = address.bytes[11] = 0xff;
  if (!is_bracketed && inet_pton(AF_INET, text.c_str(), address.bytes.data() + 12) == 1) {
    return address;
  }
  return std::nullopt;
}

bool bit(const IpAddress& address, std::size_t i) {
  return (address.bytes[i / 8] >> (7 - i % 8) & 1) != 0;
}

bool slow_contains(const IpRange& range, const IpAddress& address) {
  if (range.first.is_v4() && range.prefix_bits >= 96 && !address.is_v4()) return false;
  if (address.is_v4() && range.prefix_bits < 96) return false;
  for (std::size_t i = 0; i < range.prefix_bits; ++i) {
    if (bit(range.first, i) != bit(address, i)) return false;
  }
  return true;
}

void check_address(std::string_view text) {
  const auto address = parse_ip(text);
  require(address == system_ip(std::string(text)));
  const auto range = parse_ip_range(text);
  if (address) {
    require(range && range->contains(*address) && range->prefix_bits == 128);
    (void)is_private(*address);
  }
  if (!range) return;
  require(range->contains(range->first) || (range->first.is_v4() && range->prefix_bits < 96));
  for (std::size_t i = 0; i < 128; ++i) {
    require(i < range->prefix_bits || !bit(range->first, i));
    auto other = range->first;
    other.bytes[i / 8] = static_cast<std::uint8_t>(other.bytes[i / 8] ^ (0x80u >> (i % 8)));
    require(range->contains(other) == slow_contains(*range, other));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  check_address(text);

  std::vector<HeaderView> headers;
  for (std::size_t i = 0; i < 16; ++i) {
    const auto line = text.substr(0, text.find('\n'));
    check_address(line);
    for (const auto* name : {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
                             "X-Forwarded-Uri", "X-Forwarded-Method"}) {
      headers.push_back({name, line});
    }
    if (line.size() == text.size()) break;
    text.remove_prefix(line.size() + 1);
  }

  const auto proto = forwarded_proto(headers);
  require(!proto || *proto == "http" || *proto == "https");
  const auto host = forwarded_host(headers);
  require(!host || is_host(*host));
  if (host) {
    require(host->find_first_of("@/\\?#, \t%") == std::string_view::npos);
    require(std::all_of(host->begin(), host->end(), [](char c) { return c > ' ' && c < 0x7f; }));
  }
  const auto uri = forwarded_uri(headers);
  require(!uri || parse_target(*uri).ok());
  const auto method = forwarded_method(headers);
  require(!method || is_token(*method));

  // The client is the last one of the addresses that is not private, and never a private one.
  const auto client = forwarded_client(headers, is_private);
  std::optional<IpAddress> expected;
  bool is_odd = false;
  for (const auto& header : headers) {
    if (header.name != "X-Forwarded-For") continue;
    for_each_element(header.value, [&](std::string_view item) {
      const auto address = parse_ip(item);
      if (address && is_private(*address)) return;
      expected = address;
      is_odd = !address;
    });
  }
  require(client == (is_odd ? std::nullopt : expected));
  return 0;
}
