// Deciding one request from memory: a plain function. What it cannot answer it returns as the work that is needed first;
// engine/engine.cpp hands that to the driver. No file this one includes, by any way, belongs to io/.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <gatelet/decision.hpp>
#include <gatelet/engine.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "engine/conclude.hpp"
#include "engine/presented.hpp"
#include "flow/begin_login.hpp"
#include "flow/finish_login.hpp"
#include "flow/sign_out.hpp"
#include "policy/own_endpoints.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::engine {

// The session must be renewed, then the request is concluded with what came of it.
struct NeedRefresh {
  std::shared_ptr<const session::Session> session;
  std::shared_ptr<const oidc::ProviderState> provider;
  policy::Endpoint endpoint;
};
struct NeedMetadata {
  flow::BeginLogin login;
};
struct NeedRedeem {
  flow::FinishLogin login;
};
struct NeedSignOut {
  flow::SignOut sign_out;
};

using Verdict = std::variant<Decision, NeedRefresh, NeedMetadata, NeedRedeem, NeedSignOut>;

// One request as deciding sees it: the facts are settled.
struct Question {
  const Memory& memory;
  const policy::RequestFacts& facts;
  std::string_view request_id;
  Instant now;
};

//   Failure: Status::need_body, no_entropy, internal.
Result<Verdict> decide(const Question& question);
Result<Verdict> begin_login(const Question& question, const LoginOptions& options);
Result<Verdict> finish_login(const Question& question, std::string_view provider_id);
Result<Verdict> sign_out(const Question& question, const SignOutOptions& options);

// What follows once the session is settled: the answer for whoever is there, or the way to sign in for nobody.
Result<Verdict> decide_presented(const Question& question, policy::Endpoint endpoint, const Presented& presented);

// The answer to a callback that no attempt of this browser belongs to: a bookmark, the back button, a second click, or
// an attack. Signed in already: on to the return path; else 403, a page that offers to sign in again.
Decision stale_callback(const Question& question, const std::string& return_to, const Error& error);

// Who is behind the request; never refreshes, since nothing here could carry a new cookie away.
Identity identify(const Question& question);

// The page for a request that settle_request refused.
Decision refuse_request(const Snapshot& snapshot, const Error& error, std::string_view request_id);

// The page, or JSON, for an error: status_http of its status, never an allow.
Decision failure_page(const Question& question, const Error& error);

}  // namespace gatelet::engine
