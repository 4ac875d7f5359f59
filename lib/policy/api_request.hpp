// Programs and people: which requests get 401 and JSON where a browser is sent to sign in.
#pragma once

#include "policy/policy.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

// The request comes from a program, so no sign-in is started for it: force_json_errors is on, a
// pattern of api_routes matches the target (path and query as sent), or Accept names
// application/json. With detect_api_by_fetch_metadata also whatever is no top-level
// navigation: X-Requested-With: XMLHttpRequest, Sec-Fetch-Mode other than navigate, Sec-Fetch-Dest
// other than document, a WebSocket upgrade, a JSON or gRPC body, and where
// bearer tokens are taken, Authorization.
bool is_api_request(const Policy&, const RequestFacts&);

// Whether a page is to be JSON: as is_api_request for requests to the application; for own
// endpoints only with json_own_pages (the reference keeps those HTML).
bool wants_json(const Policy&, const RequestFacts&);

// Another site made the browser send this: Sec-Fetch-Site says so or, without it, an Origin that is
// not this host's.
bool is_cross_site(const RequestFacts&) noexcept;

}  // namespace gatelet::policy
