// A RequestView is what a caller asks about: one HTTP request, exactly as it arrived.
//
// Views only, valid for the call they are passed to; the library copies what it keeps.
#pragma once

#include <chrono>
#include <cstdint>
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

// What only the host knows of a request that was answered: for Engine::request_line().
struct Served {
  int http_status = 0;          // as it was sent, the application's own where it answered
  std::uint64_t body_size = 0;  // bytes of the body that was sent
  std::chrono::nanoseconds took{};
  std::string_view protocol = {};  // "HTTP/1.1"; empty: "-"
  std::string_view upstream = {};  // who answered, as the host names it; empty: "-"
};

}  // namespace gatelet::inline GATELET_CXX_ABI
