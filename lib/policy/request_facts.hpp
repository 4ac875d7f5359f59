// A request after the first look: checked for form, with forwarded values settled. Everything else
// decides on this.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <gatelet/request.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "policy/policy.hpp"

namespace gatelet::policy {

// Views into the request; valid as long as it is.
struct RequestFacts {
  std::string_view method;  // the forwarded one only behind a trusted proxy
  std::string_view scheme;  // "http" or "https"
  std::string_view host;    // with its port, as sent
  std::string_view
      path;  // of the forwarded URI behind a trusted proxy, else of the target; as sent
  std::string_view query;
  std::string_view target;  // path and query of the same source
  std::string_view peer;
  std::string_view own_path;   // of the request's own target, never forwarded: the library's own
  std::string_view own_query;  // endpoints and their parameters are looked for here
  bool via_trusted_proxy = false;
  std::span<const HeaderView> headers;
  const RequestView* request = nullptr;
  Instant arrived{};  // set by the engine; for pages and log lines
};

// Settles scheme, host, method and target (behaviour 1; implemented in trusted_proxy.cpp).
//   Failure: Status::bad_request: a target that is not origin-form, a raw `#`, control bytes,
//   broken escapes, two Host or two Authorization fields, a host that is none, a scheme other than
//   http and https; and from a trusted proxy an X-Forwarded-Uri or X-Forwarded-Method that cannot
//   be read, or several that differ. Allocates nothing on success.
Result<RequestFacts> settle_request(const RequestView&, const Policy&);

}  // namespace gatelet::policy
