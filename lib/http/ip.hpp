// IP addresses and CIDR ranges, read strictly: no octal, no zone, no short forms.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gatelet::http {

// An address in 16 bytes; IPv4 is kept mapped (::ffff:a.b.c.d), so both spellings of one address
// are equal.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool is_v4() const noexcept;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// "203.0.113.7", "2001:db8::1", "[2001:db8::1]"; nothing else: no port, no zone, no leading zeros.
std::optional<IpAddress> parse_ip(std::string_view text) noexcept;

// As it is usually written (RFC 5952): "203.0.113.7", "2001:db8::1".
std::string ip_text(const IpAddress&);

struct IpRange {
  IpAddress first;
  std::uint8_t prefix_bits = 128;  // counted in the 16-byte form
  // An IPv4 address is never in an IPv6 range: "::/0" is not everybody.
  bool contains(const IpAddress&) const noexcept;
  friend bool operator==(const IpRange&, const IpRange&) = default;
};

// Whether one of the ranges contains the address.
bool contains(std::span<const IpRange>, const IpAddress&) noexcept;

// "10.0.0.0/8", "2001:db8::/32", or a lone address. Bits behind the prefix are taken as zero.
std::optional<IpRange> parse_ip_range(std::string_view text) noexcept;

// This machine, by a URL's host: localhost, a name below it (RFC 6761 section 6.3), or a loopback
// address.
bool is_this_machine(std::string_view host) noexcept;

// Not on the public internet: loopback, private, link-local, shared (100.64/10), unique-local,
// unspecified, multicast, documentation and other special-purpose space (RFC 6890 and its
// registries), every IPv6 address outside 2000::/3, and 6to4 and NAT64 forms of such an IPv4
// address.
bool is_private(const IpAddress&) noexcept;

}  // namespace gatelet::http
