#include "engine/decide.hpp"

#include <utility>

#include "engine/decide_identity.hpp"
#include "engine/decide_login.hpp"
#include "http/form.hpp"
#include "policy/api_request.hpp"
#include "policy/authorize.hpp"
#include "policy/force_https.hpp"
#include "policy/pages.hpp"
#include "policy/request_signature.hpp"

namespace gatelet::engine {
namespace {

using policy::Endpoint;

bool is_read(std::string_view method) noexcept { return method == "GET" || method == "HEAD"; }

Decision method_not_allowed(const Question& question) {
  return policy::error_page(question.policy(), page_facts(question), 405,
                            Reason::method_not_allowed, {});
}

Result<Verdict> decide_sign_out(const Question& question) {
  const auto& policy = question.policy();
  if (!is_read(question.own_method()) && question.own_method() != "POST") {
    return Verdict(method_not_allowed(question));
  }
  // A link, an image or a form elsewhere must not sign anybody out unasked.
  if (!policy.sign_out_by_cross_site_get && policy::is_cross_site(question.facts)) {
    return Verdict(policy::sign_out_question(policy, page_facts(question)));
  }
  return sign_out(question, {});
}

Result<Verdict> decide_signed_out(const Question& question) {
  if (!is_read(question.own_method())) return Verdict(method_not_allowed(question));
  auto decision = flow::finish_sign_out(question.context(), question.facts, question.now);
  if (!decision.ok()) return std::move(decision).error();
  return Verdict(std::move(decision).value());
}

// Where a sign-out goes on; null: it ends here.
std::shared_ptr<const oidc::ProviderState> provider_of(const Snapshot& snapshot,
                                                       const session::Session* session) {
  if (session == nullptr) return snapshot.providers.front();
  return session->password_mark.empty() ? snapshot.provider(session->provider_id) : nullptr;
}

Result<Verdict> decide_ready(const Question& question) {
  if (!question.context().session.is_stored) return Verdict(policy::ready());
  flow::CheckReady check(question.snapshot().context);
  check.request = policy::OwnedRequest::copy(*question.facts.request, question.facts);
  return Verdict(NeedReady{std::move(check)});
}

bool lacks_signed_body(const Question& question) noexcept {
  return !question.facts.request->body &&
         policy::signs_body(question.policy(), question.facts.headers);
}

bool reads_parameters(Endpoint endpoint) noexcept {
  return endpoint == Endpoint::sign_in || endpoint == Endpoint::start ||
         endpoint == Endpoint::sign_out || endpoint == Endpoint::signed_out;
}

bool has_readable_query(const Question& question) {
  const auto query = question.facts.own_query;
  return query.empty() || http::parse_form(query, question.policy().query_semicolon).ok();
}

}  // namespace

Result<Verdict> decide(const Question& question) {
  if (auto elsewhere = policy::force_https(question.policy(), question.facts)) {
    return Verdict(std::move(*elsewhere));
  }
  const auto match = policy::match_request(question.policy(), question.facts,
                                           question.context().several_providers);
  if (reads_parameters(match.endpoint) && !has_readable_query(question)) {
    return Verdict(
        policy::error_page(question.policy(), page_facts(question), 400, Reason::bad_request, {}));
  }
  switch (match.endpoint) {
    case Endpoint::none:
      if (lacks_signed_body(question)) return Error{Status::need_body, "what GAP-Signature covers"};
      return decide_with_session(question, match.endpoint);
    case Endpoint::auth:
    case Endpoint::userinfo: return decide_with_session(question, match.endpoint);
    case Endpoint::sign_in: return decide_sign_in(question);
    case Endpoint::start: return decide_start(question);
    case Endpoint::callback: return finish_login(question, match.provider_id);
    case Endpoint::sign_out: return decide_sign_out(question);
    case Endpoint::signed_out: return decide_signed_out(question);
    case Endpoint::robots: return Verdict(policy::robots());
    case Endpoint::ping: return Verdict(policy::pong());
    case Endpoint::ready: return decide_ready(question);
  }
  unreachable();
}

Result<Verdict> sign_out(const Question& question, const SignOutOptions& options) {
  auto presented = present_session(question.memory, question.facts.headers, question.now);
  if (presented.needs_store) return Verdict(NeedLoad{std::move(presented.tickets), true});
  // Requests sent before, and refreshes under way, must not bring the session back, nor an answer
  // that carries one without a refresh token, which leaves no trace there.
  question.memory.dropped.note_left(dropped_key(question), question.now);
  if (presented.session) question.memory.refreshes.record_end(*presented.session, question.now);

  const auto& snapshot = question.snapshot();
  flow::SignOut out(snapshot.context);
  out.provider = provider_of(snapshot, presented.session.get());
  out.request = policy::OwnedRequest::copy(*question.facts.request, question.facts);
  out.session = std::move(presented.session);
  out.trouble = std::move(presented.trouble);
  out.return_to = options.return_to;
  return Verdict(NeedSignOut{std::move(out)});
}

Result<std::variant<Identity, NeedLoad>> identify(const Question& question) {
  using Answer = std::variant<Identity, NeedLoad>;
  auto presented = presented_now(question);
  if (presented.needs_store) return Answer(NeedLoad{std::move(presented.tickets)});
  if (presented.trouble) return std::move(*presented.trouble);
  if (presented.refresh_due) {
    presented = without_refresh(question.snapshot(), std::move(presented.session), question.now);
  }
  if (!presented.session || !policy::authorize(question.policy(), *presented.session).ok()) {
    return Answer(Identity());
  }
  return Answer(Identity(std::move(presented.session)));
}

}  // namespace gatelet::engine
