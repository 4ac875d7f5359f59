#include "engine/decide.hpp"

#include <utility>

#include "http/header.hpp"
#include "http/query.hpp"
#include "policy/api_request.hpp"
#include "policy/authorize.hpp"
#include "policy/return_to.hpp"
#include "session/login_state.hpp"

namespace gatelet::engine {
namespace {

using policy::Endpoint;

const Snapshot& snapshot_of(const Question& question) noexcept { return *question.memory.snapshot; }
const flow::Context& context_of(const Question& question) noexcept { return *snapshot_of(question).context; }
const policy::Policy& policy_of(const Question& question) noexcept { return context_of(question).policy; }

Asked asked(const Question& question, Endpoint endpoint) {
  return {snapshot_of(question), question.facts, endpoint, question.request_id, question.now};
}

std::shared_ptr<const policy::OwnedRequest> own(const Question& question) {
  return policy::OwnedRequest::copy(*question.facts.request, question.facts);
}

Decision page(const Question& question, int http_status, Reason reason, std::string_view message,
              std::span<const std::string> cookies = {}) {
  return policy::error_page(policy_of(question), page_facts(asked(question, Endpoint::none)), http_status, reason, message,
                            cookies);
}

Decision method_not_allowed(const Question& question, std::string_view allowed) {
  return page(question, 405, Reason::method_not_allowed, std::string("This address takes ").append(allowed).append(" only."));
}

// The `rd` parameter; empty when there is none, or none that can be read.
std::string wished_return(const Question& question) {
  auto wish = http::query_value(question.facts.own_query, "rd");
  return wish.ok() ? std::move(wish).value().value_or(std::string()) : std::string();
}

bool is_read(std::string_view method) noexcept { return method == "GET" || method == "HEAD"; }

// The page with one button per provider; any session cookie is cleared, as whoever asks for it wants to sign in anew.
Decision sign_in_page(const Question& question, int http_status, std::string_view return_to, bool clear) {
  std::vector<policy::ProviderButton> buttons;
  for (const auto& state : snapshot_of(question).providers) {
    const auto& id = snapshot_of(question).providers.size() > 1 ? state->provider->id : std::string();
    buttons.push_back({state->provider->display_name, policy::start_url(policy_of(question), id, return_to)});
  }
  const auto about = asked(question, Endpoint::sign_in);
  const auto cookies = clear ? clear_session_cookies(about) : std::vector<std::string>{};
  return policy::sign_in_page(policy_of(question), page_facts(about), http_status, buttons, cookies);
}

// The provider a login is meant for; null when the request names one that is not configured.
std::shared_ptr<const oidc::ProviderState> choose_provider(const Question& question, std::string_view wished) {
  const auto& snapshot = snapshot_of(question);
  if (!wished.empty()) return snapshot.provider(wished);
  if (snapshot.providers.size() > 1) {
    const auto named = http::query_value(question.facts.own_query, "provider");
    if (named.ok() && *named) return snapshot.provider(**named);
  }
  return snapshot.providers.front();
}

Result<Verdict> start_login(const Question& question, const LoginOptions& options, bool clear_session) {
  const auto provider = choose_provider(question, options.provider);
  if (!provider) {
    return Verdict(page(question, 400, Reason::unknown_provider, "This sign-in names a provider that does not exist here."));
  }
  flow::LoginWish wish{std::string(options.return_to), std::string(options.prompt), std::string(options.login_hint),
                       std::string(options.acr_values), clear_session};
  if (!provider->has_metadata) {
    flow::BeginLogin login(snapshot_of(question).context);
    login.provider_id = provider->provider->id;
    login.request = own(question);
    login.wish = std::move(wish);
    return Verdict(NeedMetadata{std::move(login)});
  }
  auto decision = flow::begin_login(context_of(question), *provider, question.facts, wish, question.now);
  if (!decision.ok()) return std::move(decision).error();
  return Verdict(std::move(decision).value());
}

// Nobody asks for the application: 401 for programs, the provider or the sign-in page for people.
Result<Verdict> ask_to_sign_in(const Question& question, const Presented& presented) {
  if (policy::is_api_request(policy_of(question), question.facts)) {
    return Verdict(conclude_nobody(asked(question, Endpoint::none), presented));
  }
  if (!policy_of(question).skip_provider_button) return Verdict(sign_in_page(question, 403, question.facts.target, presented.clear_cookies));
  return start_login(question, {}, presented.clear_cookies);
}

// The answer for a request that needs an identity.
Result<Verdict> decide_with_session(const Question& question, Endpoint endpoint) {
  auto presented = present_session(question.memory, question.facts.headers, question.now);
  if (!presented.refresh_due) return decide_presented(question, endpoint, presented);
  auto provider = snapshot_of(question).provider(presented.session->provider_id);
  return Verdict(NeedRefresh{std::move(presented.session), std::move(provider), endpoint});
}

Result<Verdict> decide_sign_in(const Question& question) {
  if (!is_read(question.facts.method) && question.facts.method != "POST") {
    return Verdict(method_not_allowed(question, "GET and POST"));
  }
  if (policy_of(question).skip_provider_button) return begin_login(question, {});
  return Verdict(sign_in_page(question, 200, wished_return(question), true));
}

Result<Verdict> decide_sign_out(const Question& question) {
  const auto& policy = policy_of(question);
  if (!is_read(question.facts.method) && question.facts.method != "POST") {
    return Verdict(method_not_allowed(question, "GET and POST"));
  }
  if (is_read(question.facts.method) && !policy.sign_out_by_cross_site_get && policy::is_cross_site(question.facts)) {
    return Verdict(policy::sign_out_question(policy, page_facts(asked(question, Endpoint::sign_out)), wished_return(question)));
  }
  return sign_out(question, {});
}

Result<Verdict> decide_signed_out(const Question& question) {
  if (!is_read(question.facts.method)) return Verdict(method_not_allowed(question, "GET"));
  auto decision = flow::finish_sign_out(context_of(question), question.facts, question.now);
  if (!decision.ok()) return std::move(decision).error();
  return Verdict(std::move(decision).value());
}

// The parameters of an authorization response, from the query or the form, as the response mode says.
Result<http::Params> callback_params(const Question& question, const oidc::Provider& provider) {
  const auto& facts = question.facts;
  const bool is_form = facts.method == "POST";
  const bool form_expected = provider.response_mode == oidc::ResponseMode::form_post;
  if (policy_of(question).strict_response_mode && is_form != form_expected) {
    return Error{Status::bad_callback, form_expected ? "the answer must come as a form POST" : "the answer must come in the query"};
  }
  if (!is_form) return http::parse_form(facts.own_query);
  if (policy_of(question).strict_response_mode && !facts.own_query.empty()) {
    return Error{Status::bad_callback, "the answer must come in the form alone"};
  }
  const auto* type = http::find_header(facts.headers, "Content-Type");
  const auto media_type = type == nullptr ? std::string_view{} : type->value.substr(0, type->value.find(';'));
  if (http::count_header(facts.headers, "Content-Type") != 1 ||
      !http::equal_ignoring_case(media_type, "application/x-www-form-urlencoded")) {
    return Error{Status::bad_callback, "the answer must be application/x-www-form-urlencoded"};
  }
  if (!facts.request->body) return Error{Status::need_body, "the form of the sign-in answer"};
  return http::parse_form(*facts.request->body);
}

}  // namespace

Result<Verdict> decide(const Question& question) {
  const auto match =
      policy::match_endpoint(policy_of(question), question.facts.own_path, context_of(question).several_providers);
  switch (match.endpoint) {
    case Endpoint::none:
    case Endpoint::auth:
    case Endpoint::userinfo: return decide_with_session(question, match.endpoint);
    case Endpoint::sign_in: return decide_sign_in(question);
    case Endpoint::start: return begin_login(question, {});
    case Endpoint::callback: return finish_login(question, match.provider_id);
    case Endpoint::sign_out: return decide_sign_out(question);
    case Endpoint::signed_out: return decide_signed_out(question);
    case Endpoint::robots: return Verdict(policy::robots_answer());
    case Endpoint::ping: return Verdict(policy::ping_answer());
  }
  unreachable();
}

Result<Verdict> decide_presented(const Question& question, Endpoint endpoint, const Presented& presented) {
  if (presented.session) {
    auto decision = conclude(asked(question, endpoint), presented);
    if (!decision.ok()) return std::move(decision).error();
    return Verdict(std::move(decision).value());
  }
  if (endpoint != Endpoint::none) return Verdict(conclude_nobody(asked(question, endpoint), presented));
  return ask_to_sign_in(question, presented);
}

Result<Verdict> begin_login(const Question& question, const LoginOptions& options) {
  return start_login(question, options, false);
}

Result<Verdict> finish_login(const Question& question, std::string_view provider_id) {
  const auto& context = context_of(question);
  if (question.facts.method != "GET" && question.facts.method != "POST") {
    return Verdict(method_not_allowed(question, "GET and POST"));
  }
  auto provider = snapshot_of(question).provider(provider_id);
  if (!provider) {
    return Verdict(page(question, 400, Reason::unknown_provider, "This sign-in answer names a provider that does not exist here."));
  }

  auto params = callback_params(question, *provider->provider);
  if (!params.ok() && params.error().status == Status::need_body) return std::move(params).error();
  if (!params.ok()) return Verdict(page(question, 400, Reason::bad_callback, params.error().text));
  const auto shape = oidc::check_callback_shape(*params);
  if (!shape.ok()) return Verdict(page(question, 400, Reason::bad_callback, shape.error().text));
  auto state = oidc::parse_state(*http::find(*params, "state"), context.session.encode_state);
  if (!state.ok()) return Verdict(page(question, 400, Reason::bad_callback, state.error().text));

  auto opened = session::open_login_state(context.session, *context.cookie_keys, state->hashed_state, question.facts.headers,
                                          question.now);
  if (!opened.ok()) return Verdict(stale_callback(question, state->return_to, opened.error()));
  if (context.several_providers && opened->provider_id != provider->provider->id) {
    // Mix-up: the answer arrived at another provider's address than the attempt was made for.
    return Verdict(page(question, 403, Reason::issuer_mismatch, "This sign-in answer belongs to another provider."));
  }

  flow::FinishLogin login(snapshot_of(question).context);
  login.provider = std::move(provider);
  login.request = own(question);
  login.params = std::move(params).value();
  login.state = std::move(opened).value();
  login.hashed_state = std::move(state->hashed_state);
  login.return_to = std::move(state->return_to);
  return Verdict(NeedRedeem{std::move(login)});
}

Result<Verdict> sign_out(const Question& question, const SignOutOptions& options) {
  auto presented = present_session(question.memory, question.facts.headers, question.now);
  flow::SignOut out(snapshot_of(question).context);
  const auto& snapshot = snapshot_of(question);
  out.provider = presented.session ? snapshot.provider(presented.session->provider_id) : snapshot.providers.front();
  out.request = own(question);
  out.session = std::move(presented.session);
  out.return_to = options.return_to;
  return Verdict(NeedSignOut{std::move(out)});
}

Decision stale_callback(const Question& question, const std::string& return_to, const Error& error) {
  const auto presented = present_session(question.memory, question.facts.headers, question.now);
  const auto target = policy::choose_return({return_to}, policy_of(question).return_to);
  if (presented.session && policy_of(question).redirect_stale_callback) {
    return policy::redirect_to(target.text(), {}, Reason::already_signed_in);
  }
  auto facts = page_facts(asked(question, Endpoint::callback));
  facts.retry_url = policy::start_url(policy_of(question), {}, target.text());
  return policy::error_page(policy_of(question), facts, status_http(error.status), Reason::state_missing, error.text);
}

Identity identify(const Question& question) {
  auto presented = present_session(question.memory, question.facts.headers, question.now);
  if (presented.refresh_due) presented = without_refresh(snapshot_of(question), std::move(presented.session), question.now);
  if (!presented.session || !policy::authorize(policy_of(question), *presented.session).ok()) return Identity();
  return Identity(std::move(presented.session));
}

Decision refuse_request(const Snapshot& snapshot, const Error& error, std::string_view request_id) {
  policy::PageFacts facts;
  facts.request_id = request_id;
  return policy::error_page(snapshot.context->policy, facts, 400, Reason::bad_request, error.text);
}

Decision failure_page(const Question& question, const Error& error) {
  const auto reason_of = [](Status status) {
    switch (status_class(status)) {
      case StatusClass::cancelled: return Reason::cancelled;
      case StatusClass::peer: return Reason::provider_failed;
      case StatusClass::unavailable:
        return status == Status::too_many_operations ? Reason::overloaded : Reason::provider_unavailable;
      case StatusClass::ok:
      case StatusClass::unfinished:
      case StatusClass::usage:
      case StatusClass::config:
      case StatusClass::internal: return Reason::internal_error;
    }
    unreachable();
  };
  auto facts = page_facts(asked(question, Endpoint::none));
  if (is_read(question.facts.method)) facts.retry_url = question.facts.target;
  return policy::error_page(policy_of(question), facts, status_http(error.status), reason_of(error.status),
                            status_sentence(error.status));
}

}  // namespace gatelet::engine
