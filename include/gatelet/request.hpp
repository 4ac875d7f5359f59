// A RequestView is what a caller asks about: one HTTP request, exactly as it arrived.
//
// Views only, valid for the call they are passed to; the library copies what it keeps.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include <gatelet/version.hpp>

namespace gatelet::inline GATELET_CXX_ABI {

struct HeaderView {
  std::string_view name, value;
};

struct RequestView {
  std::string_view method;               // "GET", as sent
  std::string_view scheme;               // "https" or "http": the connection's, not a header's
  std::string_view host;                 // the Host field or :authority, as sent
  std::string_view target;               // path and query, undecoded ("/a%20b?x=1")
  std::string_view peer;                 // transport address: "203.0.113.7", "2001:db8::1", "unix:"
  std::span<const HeaderView> headers;   // in order, duplicates kept
  std::optional<std::string_view> body;  // only where Engine::body_limit() > 0
};

}  // namespace gatelet::inline GATELET_CXX_ABI
