// Who asks: the bearer token, the password or the session cookie of a request, and the answer that
// follows.
#pragma once

#include "engine/decide.hpp"

namespace gatelet::engine {

// The answer for a request that needs an identity.
Result<Verdict> decide_with_session(const Question& question, policy::Endpoint endpoint);

// Whoever a request presents, as far as is known at once.
Presented presented_now(const Question& question);

}  // namespace gatelet::engine
