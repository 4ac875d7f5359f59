// The options whose values are patterns, made ready to match.
#pragma once

#include "base/result.hpp"
#include "config/problems.hpp"
#include "config/values.hpp"
#include "policy/policy.hpp"

namespace gatelet::config {

// Fills in free_pass.routes and api_routes. An entry that is no rule, or no pattern, is a problem.
void resolve_routes(const Values& values, policy::Policy& policy, Problems& problems);

// What adding a pattern came to, in words for whoever wrote it.
Result<void> said_of_pattern(Result<void> done);

}  // namespace gatelet::config
