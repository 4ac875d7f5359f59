// "host" or "host:port", as it stands in a URL and in a Host field.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatelet::http {

struct Authority {
  std::string_view host;              // as written; an IPv6 literal keeps its brackets
  std::optional<std::uint16_t> port;  // absent when none is written
};

// Reads a host (letters, digits, `-`, `_` and `.`; no empty label, so no dot at either end; at most
// 253 bytes) or a bracketed IPv6 literal, then a port from 1 to 65535 without leading zeros when a
// colon follows. A host whose last label is a number must be an IPv4 address in its one usual form:
// "0x7f.1" and "2130706433" are the loopback address to a resolver. nullopt for anything else.
std::optional<Authority> parse_authority(std::string_view text) noexcept;

}  // namespace gatelet::http
