// From a session, or none, to the Decision: the same rules and headers on every way a session came
// about.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gatelet/decision.hpp>

#include "base/result.hpp"
#include "engine/presented.hpp"
#include "engine/question.hpp"
#include "policy/own_endpoints.hpp"

namespace gatelet::engine {

// The answer for somebody who is signed in (presented.session is there): authorise, then allow with
// headers, or 202, or the userinfo document. Whoever is not permitted loses the cookies and gets
// 403, or 401 at PREFIX/auth and PREFIX/userinfo; with a free pass no identity, and nothing else.
// `endpoint`: none for the application.
//   Failure: Status::no_entropy or internal, when a renewed session cannot be written.
Result<Decision> conclude(const Question& question, policy::Endpoint endpoint,
                          const Presented& presented);

// The answer for nobody where nobody needs to be signed in (policy/free_pass.hpp): allow without
// identity, 202, or an empty userinfo document. nullopt: a session is needed.
std::optional<Decision> conclude_free_pass(const Question& question, policy::Endpoint endpoint,
                                           const Presented& presented);

// The answer for nobody, where no redirect to a provider is meant: 401, as JSON or a page.
Decision conclude_nobody(const Question& question, const Presented& presented);

// What expires session cookies that are no good.
std::vector<std::string> clearing_cookies(const Question& question, const Presented& presented);

}  // namespace gatelet::engine
