// From a session, or none, to the Decision: the same rules and headers on every way a session came about.
#pragma once

#include <string>
#include <vector>

#include <gatelet/decision.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "engine/presented.hpp"
#include "engine/snapshot.hpp"
#include "policy/own_endpoints.hpp"
#include "policy/pages.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::engine {

// One request on its way to an answer.
struct Asked {
  const Snapshot& snapshot;
  const policy::RequestFacts& facts;
  policy::Endpoint endpoint;    // none: a request to the application
  std::string_view request_id;  // for pages
  Instant now;
};

// The answer for somebody who is signed in (presented.session is there): authorise, then allow with headers, or 202, or
// the userinfo document. Whoever is not permitted gets 403 and loses the cookies.
//   Failure: Status::no_entropy or internal, when a renewed session cannot be written.
Result<Decision> conclude(const Asked& asked, const Presented& presented);

// The answer for nobody, where no redirect to a provider is meant: 401, as JSON or a page.
Decision conclude_nobody(const Asked& asked, const Presented& presented);

// The page facts of a request.
policy::PageFacts page_facts(const Asked& asked);

// Set-Cookie values that expire every session cookie the request carries.
std::vector<std::string> clear_session_cookies(const Asked& asked);

}  // namespace gatelet::engine
