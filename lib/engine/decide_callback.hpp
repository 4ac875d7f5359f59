// Callbacks: what memory alone can say of a sign-in answer.
#pragma once

#include <string>
#include <string_view>

#include <gatelet/decision.hpp>

#include "engine/question.hpp"
#include "oidc/provider.hpp"

namespace gatelet::engine {

// The answer to a callback that no attempt of this browser belongs to: a bookmark, the back button,
// a second click, an attempt that took too long, or an attack. Signed in already: on to the return
// path; else 403, a page that offers to sign in again. The attempt's cookie, when one came, is
// expired.
Decision stale_callback(const Question& question, const oidc::Provider& provider,
                        const std::string& hashed_state, std::string_view return_to);

}  // namespace gatelet::engine
