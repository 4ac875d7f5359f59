#include "engine/decide_login.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/conclude.hpp"
#include "engine/presented_password.hpp"
#include "http/form.hpp"
#include "http/query.hpp"
#include "policy/answer.hpp"
#include "policy/api_request.hpp"
#include "policy/login_params.hpp"
#include "policy/owned_request.hpp"
#include "policy/pages.hpp"
#include "policy/return_to.hpp"
#include "session/lifetime.hpp"

namespace gatelet::engine {
namespace {

using policy::Endpoint;

bool is_read(std::string_view method) noexcept { return method == "GET" || method == "HEAD"; }

bool is_read_or_post(std::string_view method) noexcept {
  return is_read(method) || method == "POST";
}

Verdict refusal(const Question& question, int http_status, Reason reason) {
  return policy::error_page(question.policy(), page_facts(question), http_status, reason, {});
}

// The page with one button for each provider, and the form where there are passwords.
Decision sign_in_page(const Question& question, int http_status,
                      const std::vector<std::string>& cookies, const policy::FormFacts& form = {}) {
  std::vector<policy::ProviderButton> buttons;
  for (const auto& state : question.snapshot().providers) {
    buttons.push_back({state->provider->id, state->provider->display_name});
  }
  auto page = page_facts(question);
  page.form = form;
  return policy::sign_in_page(question.policy(), page, http_status, buttons, cookies);
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

// Asked when the redirect is written, which may have to wait for metadata: a sign-in may have
// replaced the cookies by then. The attempt replaces them otherwise.
flow::LoginWish::Clears clearing(const Question& question) {
  return [&dropped = question.memory.dropped, key = dropped_key(question)](
             std::string_view hashed_state, Instant now) {
    if (!dropped.may_expire(key, now)) return false;
    dropped.note_attempt(hashed_state, key);
    return true;
  };
}

// Why somebody is sent to the provider: because the query of one of our own paths asked for it,
// which may then say more, or without being asked.
enum class Asked : std::uint8_t { by_query, otherwise };

Result<Verdict> start_login(const Question& question, const LoginOptions& options,
                            bool clear_session, Asked asked) {
  const auto provider = choose_provider(question, options.provider);
  if (!provider) return refusal(question, 400, Reason::unknown_provider);
  // The provider is told to send the browser back to this host: it must be one of ours.
  if (!policy::is_expected_host(question.policy(), question.facts,
                                question.context().session.cookie_domains)) {
    return refusal(question, 400, Reason::bad_request);
  }

  flow::LoginWish wish;
  wish.return_to = options.return_to;
  wish.prompt = options.prompt;
  wish.login_hint = options.login_hint;
  wish.acr_values = options.acr_values;
  if (clear_session) wish.clears_session = clearing(question);
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

// What somebody typed.
struct Typed {
  std::string user;
  Secret password;
  std::string return_to;  // empty: not said
};

// Nullopt: the body is no form, or says a thing twice.
std::optional<Typed> read_form(const Question& question) {
  if (!http::is_form(question.facts.headers)) return std::nullopt;
  auto params = http::parse_form(*question.facts.request->body);
  if (!params.ok()) return std::nullopt;
  Typed typed;
  for (auto& [name, value] : *params) {
    if (http::count(*params, name) > 1) return std::nullopt;
    if (name == "username") typed.user = value;
    if (name == "password") typed.password = Secret(value);
    if (name == "rd") typed.return_to = value;
    wipe(value);
  }
  return typed;
}

// Whether they are let in the flow decides, with the host.
Verdict sign_in_by_form(const Question& question, const session::Session& person,
                        std::string_view return_to) {
  auto session = person;
  session.created_at = session.signed_in_at = session::to_timestamp(question.now);
  session.ends_at.reset();
  flow::SaveSession save(question.snapshot().context);
  save.request = policy::OwnedRequest::copy(*question.facts.request, question.facts);
  save.session = std::make_shared<const session::Session>(std::move(session));
  save.request_id = question.request_id;
  const auto target = policy::wished_return(question.policy(), question.facts, return_to);
  return NeedSave{std::move(save), target.text()};
}

// In the reference anything but a right password is a wish for the provider, where no page is
// shown.
Result<Verdict> refuse_form(const Question& question, const Typed& typed, int http_status,
                            Reason reason) {
  if (question.policy().skip_provider_button) {
    LoginOptions options;
    options.return_to = typed.return_to;
    return start_login(question, options, true, Asked::by_query);
  }
  const policy::FormFacts form{typed.user, typed.return_to, reason};
  return Verdict(sign_in_page(question, http_status, leave_session(question), form));
}

Result<Verdict> decide_form(const Question& question) {
  if (!question.facts.request->body) return Error{Status::need_body, "user and password"};
  auto typed = read_form(question);
  if (!typed) return refusal(question, 400, Reason::bad_request);
  if (typed->user.empty()) return refuse_form(question, *typed, 400, Reason::bad_request);
  auto presented =
      present_password(question.memory, typed->user, typed->password.reveal(), question.now);
  switch (presented.kind) {
    case PresentedPassword::Kind::accepted:
      return sign_in_by_form(question, *presented.session, typed->return_to);
    case PresentedPassword::Kind::rejected:
      return refuse_form(question, *typed, 401, Reason::password_wrong);
    case PresentedPassword::Kind::unchecked: break;
  }
  flow::CheckPassword check(std::move(presented.hash), std::move(typed->password));
  return Verdict(NeedPassword{std::move(check), std::move(presented.attempt),
                              std::move(presented.session), Endpoint::sign_in,
                              FormWish{std::move(typed->user), std::move(typed->return_to)}});
}

}  // namespace

Result<Verdict> decide_sign_in(const Question& question) {
  const auto& policy = question.policy();
  if (!is_read_or_post(question.own_method())) {
    return refusal(question, 405, Reason::method_not_allowed);
  }
  // A form on another site must not sign a browser in as somebody else: that is a visit.
  const bool is_form = question.own_method() == "POST" && policy.password.enabled;
  if (is_form && !policy::is_cross_site(question.facts)) return decide_form(question);
  if (policy.skip_provider_button) return start_login(question, {}, false, Asked::by_query);
  // Whoever asks for this page wants to sign in anew: the old session is cleared. A link on another
  // site signs nobody out.
  const bool stays = policy::is_cross_site(question.facts);
  return Verdict(
      sign_in_page(question, 200, stays ? std::vector<std::string>{} : leave_session(question)));
}

Result<Verdict> decide_start(const Question& question) {
  if (!is_read_or_post(question.own_method())) {
    return refusal(question, 405, Reason::method_not_allowed);
  }
  return start_login(question, {}, false, Asked::by_query);
}

Result<Verdict> ask_to_sign_in(const Question& question, const Presented& presented) {
  if (policy::is_api_request(question.policy(), question.facts)) {
    return Verdict(conclude_nobody(question, presented));
  }
  if (question.policy().skip_provider_button) {
    return start_login(question, {}, presented.clear_cookies, Asked::otherwise);
  }
  return Verdict(sign_in_page(question, 403, clearing_cookies(question, presented)));
}

Result<Verdict> decide_form_checked(const Question& question, const NeedPassword& need,
                                    const Result<bool>& matches) {
  if (!matches.ok()) return matches.error();
  if (*matches && need.session)
    return sign_in_by_form(question, *need.session, need.form.return_to);
  const Typed typed{need.form.user, Secret(), need.form.return_to};
  return refuse_form(question, typed, 401, Reason::password_wrong);
}

Result<Verdict> begin_login(const Question& question, const LoginOptions& options) {
  return start_login(question, options, false, Asked::otherwise);
}

}  // namespace gatelet::engine
