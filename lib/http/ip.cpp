#include "http/ip.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#include "http/ascii.hpp"

namespace gatelet::http {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::uint8_t mapped_bits = 96;  // the prefix of ::ffff:0:0/96

constexpr IpAddress v4(unsigned a, unsigned b, unsigned c, unsigned d) noexcept {
  IpAddress address;
  address.bytes[10] = address.bytes[11] = 0xff;
  address.bytes[12] = static_cast<std::uint8_t>(a);
  address.bytes[13] = static_cast<std::uint8_t>(b);
  address.bytes[14] = static_cast<std::uint8_t>(c);
  address.bytes[15] = static_cast<std::uint8_t>(d);
  return address;
}

constexpr IpAddress v6(unsigned g0, unsigned g1 = 0, unsigned g2 = 0, unsigned g3 = 0) noexcept {
  IpAddress address;
  std::size_t i = 0;
  for (const unsigned group : {g0, g1, g2, g3}) {
    address.bytes[i++] = static_cast<std::uint8_t>(group >> 8);
    address.bytes[i++] = static_cast<std::uint8_t>(group & 0xff);
  }
  return address;
}

// A whole decimal number up to `most`, without leading zeros.
std::optional<std::uint8_t> parse_small(std::string_view text, unsigned most) noexcept {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  if (!std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  if (value > most) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

// Four octets into out[0..3].
bool parse_v4(std::string_view text, std::uint8_t* out) noexcept {
  for (int i = 0; i < 4; ++i) {
    const auto end = i < 3 ? text.find('.') : text.size();
    if (end == npos) return false;
    const auto octet = parse_small(text.substr(0, end), 255);
    if (!octet) return false;
    out[i] = *octet;
    text.remove_prefix(i < 3 ? end + 1 : end);
  }
  return true;
}

// Groups separated by single colons, perhaps ending in a dotted IPv4 address; the number of bytes
// they fill, at most 16, or npos.
std::size_t parse_groups(std::string_view text, std::array<std::uint8_t, 16>& out) noexcept {
  if (text.empty()) return 0;
  std::size_t size = 0;
  for (;;) {
    const auto end = text.find(':');
    const auto group = text.substr(0, end);
    if (end == npos && group.find('.') != npos) {
      if (size + 4 > out.size() || !parse_v4(group, out.data() + size)) return npos;
      return size + 4;
    }
    if (group.empty() || group.size() > 4 || size + 2 > out.size()) return npos;
    unsigned value = 0;
    for (const char c : group) {
      const int digit = hex_value(c);
      if (digit < 0) return npos;
      value = value * 16 + static_cast<unsigned>(digit);
    }
    out[size++] = static_cast<std::uint8_t>(value >> 8);
    out[size++] = static_cast<std::uint8_t>(value & 0xff);
    if (end == npos) return size;
    text.remove_prefix(end + 1);
  }
}

// RFC 4291 section 2.2.
std::optional<IpAddress> parse_v6(std::string_view text) noexcept {
  std::array<std::uint8_t, 16> head{};
  std::array<std::uint8_t, 16> tail{};
  const auto gap = text.find("::");
  const auto head_size = parse_groups(text.substr(0, gap), head);
  if (head_size == npos) return std::nullopt;
  if (gap == npos) return head_size == 16 ? std::optional(IpAddress{head}) : std::nullopt;
  // A dotted IPv4 part stands at the end only.
  if (text.substr(0, gap).find('.') != npos) return std::nullopt;
  const auto tail_size = parse_groups(text.substr(gap + 2), tail);
  if (tail_size == npos || head_size + tail_size > 14) return std::nullopt;
  std::copy_n(tail.begin(), tail_size, head.end() - static_cast<std::ptrdiff_t>(tail_size));
  return IpAddress{head};
}

bool has_prefix(const IpAddress& address, const IpAddress& prefix, unsigned bits) noexcept {
  const std::size_t whole = bits / 8;
  if (!std::equal(prefix.bytes.begin(), prefix.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const auto differ = static_cast<unsigned>(address.bytes[whole] ^ prefix.bytes[whole]);
  return differ >> (8 - bits % 8) == 0;
}

// IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast, and reserved space.
constexpr IpRange private_v4[] = {
    {v4(0, 0, 0, 0), 96 + 8},      {v4(10, 0, 0, 0), 96 + 8},     {v4(100, 64, 0, 0), 96 + 10},
    {v4(127, 0, 0, 0), 96 + 8},    {v4(169, 254, 0, 0), 96 + 16}, {v4(172, 16, 0, 0), 96 + 12},
    {v4(192, 0, 0, 0), 96 + 24},   {v4(192, 0, 2, 0), 96 + 24},   {v4(192, 88, 99, 0), 96 + 24},
    {v4(192, 168, 0, 0), 96 + 16}, {v4(198, 18, 0, 0), 96 + 15},  {v4(198, 51, 100, 0), 96 + 24},
    {v4(203, 0, 113, 0), 96 + 24}, {v4(224, 0, 0, 0), 96 + 4},    {v4(240, 0, 0, 0), 96 + 4},
};

// The same of IPv6, inside 2000::/3: protocol assignments with Teredo and ORCHID, documentation.
constexpr IpRange private_v6[] = {
    {v6(0x2001), 23},
    {v6(0x2001, 0xdb8), 32},
    {v6(0x3fff), 20},
};

constexpr IpRange global_unicast = {v6(0x2000), 3};
constexpr IpRange nat64 = {v6(0x64, 0xff9b), 96};  // RFC 6052
constexpr IpRange six_to_four = {v6(0x2002), 16};  // RFC 3056

// The IPv4 address in four bytes of `address`.
IpAddress embedded(const IpAddress& address, std::size_t at) noexcept {
  return v4(address.bytes[at], address.bytes[at + 1], address.bytes[at + 2], address.bytes[at + 3]);
}

}  // namespace

bool IpAddress::is_v4() const noexcept { return has_prefix(*this, v4(0, 0, 0, 0), mapped_bits); }

std::optional<IpAddress> parse_ip(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) return std::nullopt;
    return parse_v6(text.substr(1, text.size() - 2));
  }
  if (text.find(':') != npos) return parse_v6(text);
  IpAddress address = v4(0, 0, 0, 0);
  if (!parse_v4(text, address.bytes.data() + 12)) return std::nullopt;
  return address;
}

std::string ip_text(const IpAddress& address) {
  const auto& bytes = address.bytes;
  std::string out;
  if (address.is_v4()) {
    for (std::size_t i = 12; i < 16; ++i) {
      if (i > 12) out += '.';
      out += std::to_string(bytes[i]);
    }
    return out;
  }
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = bytes[2 * i] * 256u + bytes[2 * i + 1];
  // RFC 5952 section 4.2: the first of the longest runs of zeros, if longer than one, is "::".
  std::size_t run_at = 8, run_size = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t size = 0;
    while (i + size < 8 && groups[i + size] == 0) ++size;
    if (size > run_size) run_at = i, run_size = size;
  }
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == run_at) {
      out += "::";
      i += run_size - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) out += ':';
    char text[4];
    out.append(text, std::to_chars(text, text + 4, groups[i], 16).ptr);
  }
  return out;
}

bool IpRange::contains(const IpAddress& address) const noexcept {
  if (address.is_v4() && prefix_bits < mapped_bits) return false;
  return has_prefix(address, first, prefix_bits);
}

bool contains(std::span<const IpRange> ranges, const IpAddress& address) noexcept {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const IpRange& range) { return range.contains(address); });
}

std::optional<IpRange> parse_ip_range(std::string_view text) noexcept {
  const auto slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpRange range{*address, 128};
  if (slash == npos) return range;

  const unsigned offset = text.find(':') == npos ? mapped_bits : 0;
  const auto bits = parse_small(text.substr(slash + 1), 128 - offset);
  if (!bits) return std::nullopt;
  range.prefix_bits = static_cast<std::uint8_t>(*bits + offset);
  for (std::size_t bit = range.prefix_bits; bit < 128; ++bit) {
    auto& byte = range.first.bytes[bit / 8];
    byte = static_cast<std::uint8_t>(byte & ~(0x80u >> (bit % 8)));
  }
  return range;
}

bool is_this_machine(std::string_view host) noexcept {
  const auto address = parse_ip(host);
  if (!address) return host == "localhost" || host.ends_with(".localhost");
  return address->is_v4() ? address->bytes[12] == 127 : address == parse_ip("::1");
}

bool is_private(const IpAddress& address) noexcept {
  const auto holds = [&](const IpRange& range) { return range.contains(address); };
  if (address.is_v4()) return std::any_of(std::begin(private_v4), std::end(private_v4), holds);
  if (nat64.contains(address)) return is_private(embedded(address, 12));
  if (six_to_four.contains(address)) return is_private(embedded(address, 2));
  if (!global_unicast.contains(address)) return true;
  return std::any_of(std::begin(private_v6), std::end(private_v6), holds);
}

}  // namespace gatelet::http
