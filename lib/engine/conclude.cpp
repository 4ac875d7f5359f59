#include "engine/conclude.hpp"

#include <utility>

#include "policy/api_request.hpp"
#include "policy/authorize.hpp"
#include "policy/identity_headers.hpp"
#include "policy/userinfo.hpp"
#include "session/cookie_session.hpp"
#include "session/lifetime.hpp"

namespace gatelet::engine {
namespace {

using policy::Answer;
using policy::Endpoint;

const flow::Context& context_of(const Asked& asked) noexcept { return *asked.snapshot.context; }

Decision not_permitted(const Asked& asked, const Error& why) {
  const auto cookies = clear_session_cookies(asked);
  return policy::error_page(context_of(asked).policy, page_facts(asked), 403, Reason::not_permitted, why.text, cookies);
}

// Set-Cookie values that carry a renewed session to its browser; none when the cookie is up to date.
Result<std::vector<std::string>> carry(const Asked& asked, const Presented& presented) {
  if (!presented.renewed) return std::vector<std::string>{};
  const auto& context = context_of(asked);
  return session::write_session(context.session, *context.cookie_keys, *presented.session, asked.facts.host,
                                asked.facts.headers, *context.entropy);
}

Result<Decision> answer_auth(const Asked& asked, const Presented& presented, std::span<const std::string> cookies) {
  const auto& policy = context_of(asked).policy;
  auto meets = policy::meets_auth_query(asked.facts.own_query, *presented.session);
  if (!meets.ok()) {
    return policy::error_page(policy, page_facts(asked), 400, Reason::bad_request, meets.error().text, cookies);
  }
  if (!*meets) {
    return policy::error_page(policy, page_facts(asked), 403, Reason::not_permitted,
                              "The person is signed in, but does not belong to who is asked for here.", cookies);
  }
  auto answer = Answer::own(202, presented.reason);
  answer.no_store();
  policy::add_response_headers(answer, policy, *presented.session,
                               session::tokens_hold(*presented.session, asked.now));
  for (const auto& cookie : cookies) answer.response("Set-Cookie", cookie);
  return std::move(answer).finish();
}

Decision answer_userinfo(const Asked&, const Presented& presented, std::span<const std::string> cookies) {
  auto answer = Answer::own(200, Reason::userinfo);
  answer.no_store();
  answer.response("Content-Type", "application/json");
  for (const auto& cookie : cookies) answer.response("Set-Cookie", cookie);
  answer.body(answer.keep(policy::userinfo_json(*presented.session)));
  return std::move(answer).finish();
}

Decision allow(const Asked& asked, const Presented& presented, std::span<const std::string> cookies) {
  const auto& context = context_of(asked);
  const auto& session = *presented.session;
  const bool tokens_hold = session::tokens_hold(session, asked.now);
  auto answer = Answer::allow(presented.reason);
  policy::add_request_headers(answer, context.policy, context.session.cookie_name, asked.facts, &session, tokens_hold);
  policy::add_response_headers(answer, context.policy, session, tokens_hold);
  for (const auto& cookie : cookies) answer.response("Set-Cookie", cookie);
  answer.identity(presented.session);
  return std::move(answer).finish();
}

}  // namespace

policy::PageFacts page_facts(const Asked& asked) {
  policy::PageFacts facts;
  facts.facts = &asked.facts;
  facts.request_id = asked.request_id;
  return facts;
}

std::vector<std::string> clear_session_cookies(const Asked& asked) {
  return session::clear_session(context_of(asked).session, asked.facts.host, asked.facts.headers);
}

Result<Decision> conclude(const Asked& asked, const Presented& presented) {
  const auto permitted = policy::authorize(context_of(asked).policy, *presented.session);
  if (!permitted.ok()) return not_permitted(asked, permitted.error());

  auto cookies = carry(asked, presented);
  if (!cookies.ok()) return std::move(cookies).error();
  switch (asked.endpoint) {
    case Endpoint::auth: return answer_auth(asked, presented, *cookies);
    case Endpoint::userinfo: return answer_userinfo(asked, presented, *cookies);
    case Endpoint::none:
    case Endpoint::sign_in:
    case Endpoint::start:
    case Endpoint::callback:
    case Endpoint::sign_out:
    case Endpoint::signed_out:
    case Endpoint::robots:
    case Endpoint::ping: return allow(asked, presented, *cookies);
  }
  unreachable();
}

Decision conclude_nobody(const Asked& asked, const Presented& presented) {
  const auto cookies = presented.clear_cookies ? clear_session_cookies(asked) : std::vector<std::string>{};
  return policy::error_page(context_of(asked).policy, page_facts(asked), 401, presented.reason, {}, cookies);
}

}  // namespace gatelet::engine
