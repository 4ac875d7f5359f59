// With force_https: plain http is sent to https before anything else is looked at.
#pragma once

#include <optional>

#include <gatelet/decision.hpp>

#include "policy/policy.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

// 308 to the same host, path and query at https, on https' own port, whatever port plain http came
// to. nullopt where nothing is to be forced: the option is off, or the request came by https
// already (the host's word, or a trusted proxy's).
std::optional<Decision> force_https(const Policy&, const RequestFacts&);

}  // namespace gatelet::policy
