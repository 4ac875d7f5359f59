#include "engine/conclude.hpp"

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "policy/answer.hpp"
#include "policy/authorize.hpp"
#include "policy/free_pass.hpp"
#include "policy/identity_headers.hpp"
#include "policy/request_signature.hpp"
#include "policy/userinfo.hpp"
#include "session/cookie_budget.hpp"
#include "session/lifetime.hpp"

namespace gatelet::engine {
namespace {

using policy::Answer;
using policy::Endpoint;
using Cookies = std::span<const std::string>;

// One that was written when there was more room, by another format or a larger cookie_budget, goes
// on with what there is room for now. What has no room at all stays in the browser as it is.
Result<std::vector<std::string>> write_cookies(const Question& question,
                                               const session::Session& session) {
  const auto& context = question.context();
  auto written =
      session::write_going_on(context.session, *context.cookie_keys, session, question.facts.host,
                              question.facts.headers, *context.entropy, question.now);
  if (written.ok()) {
    question.notes.tokens_left_out = std::move(written->left_out);
    return std::move(written->cookies);
  }
  if (written.error().status == Status::session_too_large) return std::vector<std::string>{};
  return std::move(written).error();
}

// Set-Cookie values that carry a session to its browser which is newer than the cookie, or whose
// use is to be noted there; none when the cookie is up to date. In a store the use is noted behind
// the answer.
Result<std::vector<std::string>> carry(const Question& question, const Presented& presented) {
  const auto& context = question.context();
  const auto& session = presented.session;
  const bool is_due =
      !presented.in_authorization && session::is_use_due(*session, context.session, question.now);
  if (is_due && session->ticket) question.notes.used = session;
  const bool is_noted_here = is_due && !session->ticket;
  if (!presented.renewed && !is_noted_here) return std::vector<std::string>{};
  if (!may_set_cookies(question)) return std::vector<std::string>{};
  if (!is_noted_here) return write_cookies(question, *session);
  auto used = *session;
  used.last_used = session::to_timestamp(question.now);
  return write_cookies(question, used);
}

void add_cookies(Cookies cookies, Answer& answer) {
  for (const auto& cookie : cookies) answer.response("Set-Cookie", cookie);
}

// Notes it when a token would have been handed on, and has run out.
policy::Whom whom_of(const Question& question, const Presented& presented) {
  policy::Whom whom;
  whom.session = presented.session.get();
  whom.tokens_hold = session::tokens_hold(*presented.session, question.now);
  whom.in_authorization = presented.in_authorization;
  if (!whom.tokens_hold) {
    question.notes.tokens_withheld |= policy::hands_out_tokens(question.policy().headers.rules);
  }
  return whom;
}

void add_response_headers(const Question& question, const policy::Whom& whom, Answer& answer) {
  const bool whole = policy::add_response_headers(question.policy(), whom, answer);
  question.notes.value_left_out |= !whole;
}

void add_signature(const Question& question, const policy::Whom& whom, Answer& answer) {
  const bool whole = policy::add_signature(question.policy(), question.facts, whom, answer);
  question.notes.value_left_out |= !whole;
}

// Nobody, where nobody needs to be signed in. The client's own identity headers go all the same.
Decision let_pass(const Question& question, Endpoint endpoint, Cookies cookies) {
  auto answer = endpoint == Endpoint::none
                    ? Answer::allow(Reason::free_pass)
                    : Answer::own(endpoint == Endpoint::auth ? 202 : 200, Reason::free_pass);
  if (endpoint == Endpoint::none) {
    policy::add_request_headers(question.policy(), question.context().session.cookie_name,
                                question.facts, {}, answer);
    add_signature(question, {}, answer);
  } else {
    answer.no_store();
  }
  if (endpoint == Endpoint::userinfo) {
    answer.response("Content-Type", "application/json");
    answer.body("{}");
  } else {
    add_response_headers(question, {}, answer);
  }
  add_cookies(cookies, answer);
  return std::move(answer).finish();
}

Decision not_permitted(const Question& question, Endpoint endpoint, const Presented& presented) {
  // What asks PREFIX/auth sends the person to sign in on 401, which is the way to another account.
  const int status = endpoint == Endpoint::auth || endpoint == Endpoint::userinfo ? 401 : 403;
  auto page = page_facts(question);
  page.retry_url = policy::start_url(question.policy(), {}, {});
  const auto cookies =
      presented.in_authorization ? std::vector<std::string>{} : clear_session_cookies(question);
  return policy::error_page(question.policy(), page, status, Reason::not_permitted, {}, cookies);
}

Decision answer_auth(const Question& question, const Presented& presented, Cookies cookies) {
  const auto& policy = question.policy();
  const auto meets = policy::meets_auth_query(question.facts.own_query, *presented.session,
                                              policy.query_semicolon);
  if (!meets.ok()) {
    return policy::error_page(policy, page_facts(question), 400, Reason::bad_request, {}, cookies);
  }
  if (!*meets) {
    return policy::error_page(policy, page_facts(question), 403, Reason::not_permitted, {},
                              cookies);
  }
  auto answer = Answer::own(202, presented.reason);
  answer.no_store();
  add_response_headers(question, whom_of(question, presented), answer);
  add_cookies(cookies, answer);
  answer.identity(presented.session);
  return std::move(answer).finish();
}

Decision answer_userinfo(const Presented& presented, Cookies cookies) {
  auto answer = Answer::own(200, Reason::userinfo);
  answer.no_store();
  answer.response("Content-Type", "application/json");
  add_cookies(cookies, answer);
  answer.body(answer.keep(policy::userinfo_json(*presented.session)));
  answer.identity(presented.session);
  return std::move(answer).finish();
}

Decision allow(const Question& question, const Presented& presented, Cookies cookies) {
  const auto whom = whom_of(question, presented);
  auto answer = Answer::allow(presented.reason);
  const bool whole = policy::add_request_headers(
      question.policy(), question.context().session.cookie_name, question.facts, whom, answer);
  question.notes.value_left_out |= !whole;
  add_signature(question, whom, answer);
  add_response_headers(question, whom, answer);
  add_cookies(cookies, answer);
  answer.identity(presented.session);
  return std::move(answer).finish();
}

// Nobody needs to be signed in here. Optional means absent, never present but bad (EN-11).
bool may_pass(const Question& question, Reason reason) {
  if (policy::has_free_pass(question.policy(), question.facts)) return true;
  const bool is_bad = reason == Reason::bearer_rejected || reason == Reason::basic_rejected ||
                      question.notes.credential_ignored;
  return !is_bad && policy::is_optional_route(question.policy(), question.facts);
}

}  // namespace

std::vector<std::string> clearing_cookies(const Question& question, const Presented& presented) {
  return presented.clear_cookies ? clear_session_cookies(question) : std::vector<std::string>{};
}

Result<Decision> conclude(const Question& question, Endpoint endpoint, const Presented& presented) {
  if (!policy::authorize(question.policy(), *presented.session).ok()) {
    // Without a pass the session would be refused here; with one it is only no identity.
    if (may_pass(question, presented.reason)) {
      return let_pass(question, endpoint, {});
    }
    return not_permitted(question, endpoint, presented);
  }
  const auto cookies = carry(question, presented);
  if (!cookies.ok()) return cookies.error();
  if (endpoint == Endpoint::auth) return answer_auth(question, presented, *cookies);
  if (endpoint == Endpoint::userinfo) return answer_userinfo(presented, *cookies);
  return allow(question, presented, *cookies);
}

std::optional<Decision> conclude_free_pass(const Question& question, Endpoint endpoint,
                                           const Presented& presented) {
  if (!may_pass(question, presented.reason)) return std::nullopt;
  return let_pass(question, endpoint, clearing_cookies(question, presented));
}

Decision conclude_nobody(const Question& question, const Presented& presented) {
  return policy::unauthorized(question.policy(), page_facts(question), presented.reason,
                              clearing_cookies(question, presented));
}

}  // namespace gatelet::engine
