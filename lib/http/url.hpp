// Absolute http and https URLs, strict: what a configuration, a discovery document or a redirect
// may name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gatelet::http {

// The parts of an accepted URL. `host` is lower case; an IPv6 literal keeps its brackets.
struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;
  std::uint16_t port;  // the scheme's default when none is written
  bool port_written = false;
  std::string path;   // begins with "/"; "/" when none is written; percent escapes as written
  std::string query;  // without "?"; empty when none
  bool has_query = false;

  std::string origin() const;  // "https://host", with the port unless it is the scheme's default
  std::string text() const;    // the URL again; scheme and host lower case, "/" for no path
};

// Reads an absolute URL. The scheme may be written in either case.
//   Failure: Status::malformed for another scheme, userinfo, a fragment, a host or port that
//   parse_authority (http/authority.hpp) refuses, spaces, control bytes, backslashes, non-ASCII
//   bytes, broken percent escapes, or more than 8 KiB.
Result<Url> parse_url(std::string_view text);

// `url` with `name=value` pairs appended to its query, form-encoded. `url` must be one parse_url
// accepts.
std::string with_query(std::string_view url, std::string_view query);

// Percent-encodes everything but unreserved characters (RFC 3986 section 2.3).
std::string percent_encode(std::string_view text);

}  // namespace gatelet::http
