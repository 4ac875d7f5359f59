// The head of an HTTP/1.1 request, before cpp-httplib reads it: refused unless it can be read in
// one way only, and where its end is.
//
// Versions of cpp-httplib before 0.19 decode %41 in header values, so that X-Forwarded-Uri would
// name another path; all pass over lines they cannot read, and the body of a GET would be read as
// the next request. A proxy that sends several people's requests on one connection relies on us
// here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace forward_auth {

constexpr std::size_t max_head_size = 64 * 1024;

struct RequestHead {
  std::string text;       // what cpp-httplib is to read, the empty line included
  bool has_body = false;  // bytes follow that belong to this request
};

// `head`: the request line and the fields, each with its CR LF, and the empty line. Nothing: it is
// to be answered with 400 and the connection closed. RFC 9112 sections 3, 5 and 6.
//   `escape_percent`: write % in values as %25, for a reader that decodes them.
std::optional<RequestHead> check_head(std::string_view head, bool escape_percent);

}  // namespace forward_auth
