#include "engine/decide_callback.hpp"

#include <utility>
#include <vector>

#include "engine/decide.hpp"
#include "http/cookie.hpp"
#include "http/form.hpp"
#include "http/header.hpp"
#include "oidc/callback.hpp"
#include "policy/answer.hpp"
#include "policy/login_trouble.hpp"
#include "policy/pages.hpp"
#include "policy/return_to.hpp"
#include "session/login_state.hpp"

namespace gatelet::engine {
namespace {

Verdict refuse(const Question& question, int http_status, Reason reason,
               std::span<const std::string> cookies = {}, std::string_view detail = {}) {
  auto page = page_facts(question);
  page.detail = page.error_text = detail;
  page.retry_url = policy::start_url(question.policy(), {}, {});
  return Verdict(policy::error_page(question.policy(), page, http_status, reason, {}, cookies));
}

// The parameters of an authorization response, from the query or the form, as the response mode
// says.
Result<http::Params> callback_params(const Question& question, const oidc::Provider& provider) {
  const bool is_post = question.own_method() == "POST";
  if (question.policy().strict_response_mode) {
    const bool post_expected = provider.response_mode == oidc::ResponseMode::form_post;
    if (is_post != post_expected || (is_post && !question.facts.own_query.empty())) {
      return Error{Status::bad_callback, "the answer came in another shape than was asked for"};
    }
  }
  if (!is_post)
    return http::parse_form(question.facts.own_query, question.policy().query_semicolon);
  if (!http::is_form(question.facts.headers)) {
    return Error{Status::bad_callback, "the answer must be application/x-www-form-urlencoded"};
  }
  if (!question.facts.request->body) {
    return Error{Status::need_body, "the form of the sign-in answer"};
  }
  return http::parse_form(*question.facts.request->body);
}

// Expires the cookie of an attempt; nothing when the request carries none.
std::vector<std::string> clear_login_state(const Question& question, const oidc::Provider& provider,
                                           const std::string& hashed_state) {
  const auto& settings = question.context().session;
  const auto name = session::login_state_name(settings, hashed_state);
  if (!http::find_cookie(question.facts.headers, name)) return {};
  return {session::clear_login_state(settings, hashed_state, question.facts.host,
                                     provider.response_mode == oidc::ResponseMode::form_post)};
}

policy::LoginTrouble trouble_of(const Question& question, const oidc::Provider& provider,
                                const std::string& hashed_state, std::string_view return_to) {
  const auto& context = question.context();
  const auto name = session::login_state_name(context.session, hashed_state);
  policy::LostAttempt lost;
  lost.cookie_name = name;
  lost.return_to = return_to;
  lost.form_post = provider.response_mode == oidc::ResponseMode::form_post;
  lost.was_used = session::open_login_state(context.session, *context.cookie_keys, hashed_state,
                                            question.facts.headers, question.now)
                      .ok();
  return policy::login_trouble(context.policy, context.session, question.facts, lost, question.now);
}

}  // namespace

Result<Verdict> finish_login(const Question& question, std::string_view provider_id) {
  const auto& context = question.context();
  if (question.own_method() != "GET" && question.own_method() != "POST") {
    return refuse(question, 405, Reason::method_not_allowed);
  }
  auto provider = question.snapshot().provider(provider_id);
  if (!provider) return refuse(question, 400, Reason::unknown_provider);

  auto params = callback_params(question, *provider->provider);
  if (!params.ok() && params.error().status == Status::need_body) return params.error();
  const auto shape =
      params.ok() ? oidc::check_callback_shape(*params) : Result<void>(params.error());
  if (!shape.ok()) return refuse(question, 400, Reason::bad_callback, {}, shape.error().text);
  auto state = oidc::parse_state(*http::find(*params, "state"), context.session.encode_state);
  if (!state.ok()) return refuse(question, 400, Reason::bad_callback, {}, state.error().text);

  auto opened =
      session::open_login_state(context.session, *context.cookie_keys, state->hashed_state,
                                question.facts.headers, question.now);
  if (!opened.ok()) {
    auto presented = present_session(question.memory, question.facts.headers, question.now);
    if (presented.needs_store) return Verdict(NeedLoad{std::move(presented.tickets)});
    return Verdict(
        stale_callback(question, *provider->provider, state->hashed_state, state->return_to));
  }
  if (context.several_providers && opened->provider_id != provider->provider->id) {
    // Mix-up: the answer arrived at another provider's address than the attempt was made for.
    return refuse(question, 403, Reason::issuer_mismatch,
                  clear_login_state(question, *provider->provider, state->hashed_state));
  }

  flow::FinishLogin login(question.snapshot().context);
  login.provider = std::move(provider);
  login.request = policy::OwnedRequest::copy(*question.facts.request, question.facts);
  login.params = std::move(params).value();
  login.state = std::move(opened).value();
  login.hashed_state = std::move(state->hashed_state);
  login.return_to = std::move(state->return_to);
  login.request_id = question.request_id;
  return Verdict(NeedRedeem{std::move(login)});
}

Decision stale_callback(const Question& question, const oidc::Provider& provider,
                        const std::string& hashed_state, std::string_view return_to) {
  const auto& policy = question.policy();
  const auto cookies = clear_login_state(question, provider, hashed_state);
  const auto target = policy::choose_return({return_to}, policy.return_to);
  if (policy.redirect_stale_callback) {
    const auto presented = present_session(question.memory, question.facts.headers, question.now);
    if (presented.session) {
      return policy::redirect_to(target.text(), cookies, Reason::already_signed_in);
    }
  }
  const auto& id = question.context().several_providers ? provider.id : std::string();
  auto page = page_facts(question);
  page.retry_url = policy::start_url(policy, id, target.text());
  const auto trouble = trouble_of(question, provider, hashed_state, return_to);
  page.detail = page.error_text = trouble.detail;
  return policy::error_page(policy, page, 403, Reason::state_missing, trouble.message, cookies);
}

}  // namespace gatelet::engine
