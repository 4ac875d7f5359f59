// The formats of log lines, compiled once; one that cannot be used is a problem of its option.
#pragma once

#include "config/problems.hpp"
#include "config/values.hpp"
#include "policy/policy.hpp"

namespace gatelet::config {

void resolve_logging(const Values& values, policy::LoggingPolicy& logging, Problems& problems);

}  // namespace gatelet::config
