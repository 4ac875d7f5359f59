#include "engine/decide.hpp"

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/conclude.hpp"
#include "engine/presented_bearer.hpp"
#include "http/query.hpp"
#include "policy/api_request.hpp"
#include "policy/authorize.hpp"
#include "policy/bearer_credential.hpp"
#include "policy/force_https.hpp"
#include "policy/pages.hpp"

namespace gatelet::engine {
namespace {

using policy::Endpoint;

bool is_read(std::string_view method) noexcept { return method == "GET" || method == "HEAD"; }

Decision method_not_allowed(const Question& question) {
  return policy::error_page(question.policy(), page_facts(question), 405,
                            Reason::method_not_allowed, {});
}

// The page with one button for each provider.
Decision sign_in_page(const Question& question, int http_status, bool clear_session) {
  std::vector<policy::ProviderButton> buttons;
  for (const auto& state : question.snapshot().providers) {
    buttons.push_back({state->provider->id, state->provider->display_name});
  }
  const auto cookies = clear_session ? clear_session_cookies(question) : std::vector<std::string>{};
  return policy::sign_in_page(question.policy(), page_facts(question), http_status, buttons,
                              cookies);
}

// The provider a login is meant for; null when the request names one that is not configured.
std::shared_ptr<const oidc::ProviderState> choose_provider(const Question& question,
                                                           std::string_view wished) {
  const auto& snapshot = question.snapshot();
  if (!wished.empty()) return snapshot.provider(wished);
  const auto own = policy::match_endpoint(question.policy(), question.facts.own_path,
                                          question.context().several_providers);
  if (snapshot.providers.size() > 1 && own.endpoint != Endpoint::none) {
    const auto named =
        http::query_value(question.facts.own_query, "provider", question.policy().query_semicolon);
    if (!named.ok()) return nullptr;
    if (*named) return snapshot.provider(**named);
  }
  return snapshot.providers.front();
}

// The parameters of the query that the settings let through to the provider.
http::Params allowed_params(const Question& question, const std::string& provider_id) {
  const auto& policy = question.policy();
  const auto* rules = policy::login_param_rules(policy.login_params, provider_id);
  if (rules == nullptr || question.facts.own_query.empty()) return {};
  const auto params = http::parse_form(question.facts.own_query, policy.query_semicolon);
  return params.ok() ? policy::allowed_login_params(*rules, *params) : http::Params{};
}

// Why somebody is sent to the provider: because the query of one of our own paths asked for it,
// which may then say more, or without being asked.
enum class Asked : std::uint8_t { by_query, otherwise };

Result<Verdict> start_login(const Question& question, const LoginOptions& options,
                            bool clear_session, Asked asked) {
  const auto refuse = [&](Reason reason) {
    return Verdict(policy::error_page(question.policy(), page_facts(question), 400, reason, {}));
  };
  const auto provider = choose_provider(question, options.provider);
  if (!provider) return refuse(Reason::unknown_provider);
  // The provider is told to send the browser back to this host: it must be one of ours.
  if (!policy::is_expected_host(question.policy(), question.facts,
                                question.context().session.cookie_domains)) {
    return refuse(Reason::bad_request);
  }

  flow::LoginWish wish;
  wish.return_to = options.return_to;
  wish.prompt = options.prompt;
  wish.login_hint = options.login_hint;
  wish.acr_values = options.acr_values;
  wish.clear_session = clear_session;
  if (asked == Asked::by_query) wish.params = allowed_params(question, provider->provider->id);
  if (!provider->has_metadata) {
    flow::BeginLogin login(question.snapshot().context);
    login.provider_id = provider->provider->id;
    login.request = policy::OwnedRequest::copy(*question.facts.request, question.facts);
    login.wish = std::move(wish);
    return Verdict(NeedMetadata{std::move(login)});
  }
  auto decision =
      flow::begin_login(question.context(), *provider, question.facts, wish, question.now);
  if (!decision.ok()) return std::move(decision).error();
  return Verdict(std::move(decision).value());
}

// Nobody asks for the application: 401 for programs, the provider or the sign-in page for people.
Result<Verdict> ask_to_sign_in(const Question& question, const Presented& presented) {
  if (policy::is_api_request(question.policy(), question.facts)) {
    return Verdict(conclude_nobody(question, presented));
  }
  if (question.policy().skip_provider_button) {
    return start_login(question, {}, presented.clear_cookies, Asked::otherwise);
  }
  return Verdict(sign_in_page(question, 403, presented.clear_cookies));
}

// The answer for a request that needs an identity and presents no token.
Result<Verdict> decide_by_cookie(const Question& question, Endpoint endpoint) {
  auto presented = present_session(question.memory, question.facts.headers, question.now);
  if (!presented.refresh_due) return decide_presented(question, endpoint, presented);
  auto provider = question.snapshot().provider(presented.session->provider_id);
  return Verdict(NeedRefresh{std::move(presented.session), std::move(provider), endpoint});
}

// A token that is not accepted. Nobody else is let in by it: not by the cookie beside it, unless
// the settings say so.
Result<Verdict> decide_rejected(const Question& question, Endpoint endpoint) {
  const auto& bearer = question.policy().bearer;
  if (bearer.login_fallback && bearer.falls_through) {
    question.notes.bearer_ignored = true;
    return decide_by_cookie(question, endpoint);
  }
  Presented nobody;
  nobody.reason = Reason::bearer_rejected;
  if (bearer.login_fallback) return decide_presented(question, endpoint, nobody);
  if (auto pass = conclude_free_pass(question, endpoint, nobody)) return Verdict(std::move(*pass));
  return Verdict(policy::error_page(question.policy(), page_facts(question), 403,
                                    Reason::bearer_rejected, {}));
}

Result<Verdict> decide_accepted(const Question& question, Endpoint endpoint,
                                std::shared_ptr<const session::Session> session) {
  question.notes.by_token = session;
  return decide_presented(question, endpoint, behind_token(std::move(session)));
}

// The answer for a request that needs an identity.
Result<Verdict> decide_with_session(const Question& question, Endpoint endpoint) {
  if (!question.policy().bearer.enabled) return decide_by_cookie(question, endpoint);
  const auto credential = policy::bearer_credential(question.facts);
  if (credential.kind == policy::BearerCredential::Kind::none) {
    return decide_by_cookie(question, endpoint);
  }
  auto presented = present_bearer(question.memory, credential, question.now);
  switch (presented.kind) {
    case PresentedBearer::Kind::accepted:
      return decide_accepted(question, endpoint, std::move(presented.session));
    case PresentedBearer::Kind::rejected: return decide_rejected(question, endpoint);
    case PresentedBearer::Kind::unknown: break;
  }
  flow::VerifyBearer verify{Secret(credential.token())};
  verify.candidates = std::move(presented.candidates);
  return Verdict(NeedBearer{std::move(verify), endpoint});
}

Result<Verdict> decide_sign_in(const Question& question) {
  if (!is_read(question.own_method()) && question.own_method() != "POST") {
    return Verdict(method_not_allowed(question));
  }
  if (question.policy().skip_provider_button) {
    return start_login(question, {}, false, Asked::by_query);
  }
  // Whoever asks for this page wants to sign in anew: the old session is cleared.
  return Verdict(sign_in_page(question, 200, true));
}

Result<Verdict> decide_start(const Question& question) {
  if (!is_read(question.own_method()) && question.own_method() != "POST") {
    return Verdict(method_not_allowed(question));
  }
  return start_login(question, {}, false, Asked::by_query);
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

// Whoever a request presents, as far as is known at once.
Presented presented_now(const Question& question) {
  const auto& bearer = question.policy().bearer;
  if (bearer.enabled) {
    const auto credential = policy::bearer_credential(question.facts);
    if (credential.kind != policy::BearerCredential::Kind::none) {
      auto presented = present_bearer(question.memory, credential, question.now);
      if (presented.session) return behind_token(std::move(presented.session));
      if (!bearer.login_fallback || !bearer.falls_through) return {};
    }
  }
  return present_session(question.memory, question.facts.headers, question.now);
}

Result<Verdict> decide_signed_out(const Question& question) {
  if (!is_read(question.own_method())) return Verdict(method_not_allowed(question));
  auto decision = flow::finish_sign_out(question.context(), question.facts, question.now);
  if (!decision.ok()) return std::move(decision).error();
  return Verdict(std::move(decision).value());
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
    case Endpoint::auth:
    case Endpoint::userinfo: return decide_with_session(question, match.endpoint);
    case Endpoint::sign_in: return decide_sign_in(question);
    case Endpoint::start: return decide_start(question);
    case Endpoint::callback: return finish_login(question, match.provider_id);
    case Endpoint::sign_out: return decide_sign_out(question);
    case Endpoint::signed_out: return decide_signed_out(question);
    case Endpoint::robots: return Verdict(policy::robots());
    case Endpoint::ping: return Verdict(policy::pong());
    case Endpoint::ready: return Verdict(policy::ready());  // sessions in cookies need nobody
  }
  unreachable();
}

Result<Verdict> decide_presented(const Question& question, Endpoint endpoint,
                                 const Presented& presented) {
  if (presented.session) {
    auto decision = conclude(question, endpoint, presented);
    if (!decision.ok()) return std::move(decision).error();
    return Verdict(std::move(decision).value());
  }
  if (auto pass = conclude_free_pass(question, endpoint, presented)) {
    return Verdict(std::move(*pass));
  }
  if (endpoint != Endpoint::none) return Verdict(conclude_nobody(question, presented));
  return ask_to_sign_in(question, presented);
}

Result<Verdict> decide_verified(const Question& question, Endpoint endpoint,
                                Result<session::Session> verified) {
  if (verified.ok()) {
    return decide_accepted(question, endpoint,
                           std::make_shared<const session::Session>(std::move(verified).value()));
  }
  const auto status = verified.error().status;
  const bool is_judged = status == Status::token_rejected || status == Status::incomplete_identity;
  if (is_judged) return decide_rejected(question, endpoint);
  // Nobody needs to be known where everybody passes.
  if (auto pass = conclude_free_pass(question, endpoint, {})) return Verdict(std::move(*pass));
  return std::move(verified).error();
}

Result<Verdict> begin_login(const Question& question, const LoginOptions& options) {
  return start_login(question, options, false, Asked::otherwise);
}

Result<Verdict> sign_out(const Question& question, const SignOutOptions& options) {
  auto presented = present_session(question.memory, question.facts.headers, question.now);
  // Requests sent before, and refreshes under way, must not bring the session back.
  if (presented.session) question.memory.refreshes.record_end(*presented.session, question.now);

  const auto& snapshot = question.snapshot();
  flow::SignOut out(snapshot.context);
  out.provider = presented.session ? snapshot.provider(presented.session->provider_id)
                                   : snapshot.providers.front();
  out.request = policy::OwnedRequest::copy(*question.facts.request, question.facts);
  out.session = std::move(presented.session);
  out.return_to = options.return_to;
  return Verdict(NeedSignOut{std::move(out)});
}

Identity identify(const Question& question) {
  auto presented = presented_now(question);
  if (presented.refresh_due) {
    presented = without_refresh(question.snapshot(), std::move(presented.session), question.now);
  }
  if (!presented.session || !policy::authorize(question.policy(), *presented.session).ok()) {
    return Identity();
  }
  return Identity(std::move(presented.session));
}

}  // namespace gatelet::engine
