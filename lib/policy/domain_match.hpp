// Host names against lists of domains, on label boundaries: whitelist_domains and what works alike.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace gatelet::policy {

// `host` is `domain` or below it ("a.example.com" for "example.com", never "badexample.com").
// ASCII case does not count.
bool is_inside_domain(std::string_view host, std::string_view domain) noexcept;

// A host and port against one entry: "host", ".host" or "*.host" (the host itself and what is below
// it), each alone (only no port), with ":port" (that port) or with ":*" (any or none). IPv6 stands
// in brackets in the entry; `host` comes without. `port` is as written, empty when none is.
bool matches_entry(std::string_view host, std::string_view port, std::string_view entry) noexcept;
bool matches_any(std::string_view host, std::string_view port,
                 std::span<const std::string> entries) noexcept;

}  // namespace gatelet::policy
