// Which tokens of the provider sessions keep: session_drop_tokens, session_cookie_minimal, and what
// cookies can do without.
#pragma once

#include <vector>

#include "config/problems.hpp"
#include "config/resolve_provider.hpp"
#include "config/values.hpp"
#include "policy/header_rules.hpp"
#include "session/cookie_session.hpp"

namespace gatelet::config {

// Fills in kept_tokens, access_token_goes_last and needs_id_token; `minimal` is there. A token that
// a header hands out, or that a renewal needs, cannot be dropped: a problem.
void resolve_tokens(const EngineValues&, const policy::HeaderRules&,
                    const std::vector<ResolvedProvider>&, session::SessionSettings& out, Problems&);

}  // namespace gatelet::config
