#include "flow/finish_login.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include "flow/admit_session.hpp"
#include "flow/load_session.hpp"
#include "flow/provider_keys.hpp"
#include "flow/session_of.hpp"
#include "oidc/error_reply.hpp"
#include "oidc/id_token.hpp"
#include "oidc/identity.hpp"
#include "oidc/token.hpp"
#include "oidc/userinfo.hpp"
#include "policy/answer.hpp"
#include "policy/own_endpoints.hpp"
#include "policy/pages.hpp"
#include "policy/request_id.hpp"
#include "policy/return_to.hpp"
#include "session/bounded_record.hpp"
#include "session/lifetime.hpp"
#include "session/login_state.hpp"

namespace gatelet::flow {
namespace {

using Login = std::shared_ptr<const FinishLogin>;

Result<oidc::CheckedCallback> check(const FinishLogin& in, const oidc::ProviderState& state) {
  return oidc::check_callback(*state.provider, in.params, in.state,
                              in.context->session.encode_state);
}

// The tokens for a code, asked for once. The ID token is not verified yet.
Flow<oidc::TokenSet> redeem(Login in, SharedProvider provider, oidc::CheckedCallback checked) {
  const auto& context = *in->context;
  const auto& client_of = *provider->provider;
  const auto redirect_uri = policy::redirect_uri(context.policy, in->request->facts(), client_of.id,
                                                 context.several_providers);
  auto call = oidc::token_request(client_of, checked, in->state.code_verifier, redirect_uri);
  auto reply = co_await std::move(call);
  co_return oidc::read_token_reply(reply);
}

// Who signed in: the ID token verified, userinfo where it is silent.
Flow<oidc::PersonClaims> person_behind(Login in, SharedProvider provider, oidc::TokenSet tokens) {
  Verify verify = [in, provider, tokens](const jose::KeySet& keys, Instant at) {
    return oidc::verify_login_token(*provider->provider, keys, in->state, tokens, at);
  };
  auto verifying = verify_with_keys(provider, std::move(verify));
  auto token = co_await std::move(verifying);
  if (!oidc::needs_userinfo(*provider->provider, token.claims())) {
    co_return oidc::person_of(*provider->provider, token.claims(), nullptr);
  }

  auto call = oidc::userinfo_request(*provider->provider, tokens.access_token);
  auto reply = co_await std::move(call);
  auto userinfo = co_await oidc::read_userinfo_reply(reply, token.subject());
  co_return oidc::person_of(*provider->provider, token.claims(), &userinfo);
}

session::Session new_session(const FinishLogin& in, const oidc::Provider& provider,
                             const oidc::TokenSet& tokens, oidc::PersonClaims person, Instant at) {
  session::Session session;
  session.created_at = session.signed_in_at = session::to_timestamp(at);
  // As a request will find it: in oauth2-proxy's format the only provider has no name.
  if (session::has_extra_keys(in.context->session)) session.provider_id = provider.id;
  session.nonce = in.state.oidc_nonce.reveal();
  take_tokens(session, tokens, at, in.context->session.kept_tokens);
  take_person(session, std::move(person));
  return session;
}

// From the authorization response to a session that is let in.
Flow<SharedSession> sign_in(Login in) {
  // Before anything leaves the process, and again once metadata says whether `iss` was announced.
  auto checked = co_await check(*in, *in->provider);
  auto preparing = ready_provider(in->provider);
  auto provider = co_await std::move(preparing);
  if (provider != in->provider) checked = co_await check(*in, *provider);

  auto redeeming = redeem(in, provider, checked);
  auto tokens = co_await std::move(redeeming);
  const auto redeemed_at = co_await now();  // expires_in counts from the token answer
  auto identifying = person_behind(in, provider, tokens);
  auto person = co_await std::move(identifying);

  AdmitSession admit(in->context);
  admit.request = in->request;
  admit.session = std::make_shared<const session::Session>(
      new_session(*in, *provider->provider, tokens, std::move(person), redeemed_at));
  auto admitting = admit_session(admit);
  (void)co_await std::move(admitting);
  co_return admit.session;
}

Reason reason_of(Status status) noexcept {
  if (status == Status::session_too_large) return Reason::session_too_large;
  switch (status_class(status)) {
    case StatusClass::unavailable:
      if (status == Status::store_unreachable) return Reason::store_unavailable;
      return status == Status::too_many_operations ? Reason::overloaded
                                                   : Reason::provider_unavailable;
    case StatusClass::peer: break;
    case StatusClass::ok:
    case StatusClass::unfinished:
    case StatusClass::usage:
    case StatusClass::config:
    case StatusClass::cancelled:
    case StatusClass::internal: return Reason::internal_error;
  }
  if (status == Status::bad_callback) return Reason::bad_callback;
  if (status == Status::state_mismatch) return Reason::state_mismatch;
  if (status == Status::issuer_mismatch) return Reason::issuer_mismatch;
  if (status == Status::login_denied) return Reason::login_denied;
  if (status == Status::incomplete_identity) return Reason::incomplete_identity;
  if (status == Status::not_permitted) return Reason::not_permitted;
  if (status == Status::vetoed) return Reason::vetoed;
  const bool is_token = status == Status::token_rejected || status == Status::key_unknown;
  return is_token ? Reason::token_rejected : Reason::provider_failed;
}

// More than the page says for its reason anyway: the code the provider ended the sign-in with.
std::string message_of(const FinishLogin& in, Status status) {
  const auto* code = http::find(in.params, "error");
  if (status != Status::login_denied || code == nullptr || !oidc::is_error_code(*code)) return {};
  return "The sign-in service answered: " + *code + ".";
}

std::string clear_attempt(const FinishLogin& in) {
  const bool form_post = in.provider->provider->response_mode == oidc::ResponseMode::form_post;
  return session::clear_login_state(in.context->session, in.hashed_state, in.request->facts().host,
                                    form_post);
}

Decision refused(const FinishLogin& in, const Error& why) {
  if (in.on_refused) in.on_refused(why);
  const auto& policy = in.context->policy;
  const auto& facts = in.request->facts();
  const auto target = policy::choose_return({in.return_to}, policy.return_to);
  const auto& id = in.context->several_providers ? in.provider->provider->id : std::string();

  policy::PageFacts page;
  page.facts = &facts;
  page.retry_url = policy::start_url(policy, id, target.text());
  page.request_id =
      in.request_id.empty() ? policy::request_id(policy, facts.headers) : in.request_id;
  page.detail = page.error_text = why.text;
  const std::vector<std::string> cookies = {clear_attempt(in)};
  return policy::error_page(policy, page, status_http(why.status), reason_of(why.status),
                            message_of(in, why.status), cookies);
}

Decision signed_in(const FinishLogin& in, SharedSession session, std::vector<std::string> cookies) {
  cookies.push_back(clear_attempt(in));
  const auto target = policy::choose_return({in.return_to}, in.context->policy.return_to);
  return policy::redirect_to(target.text(), cookies, Reason::signed_in, std::move(session));
}

// Let in, and kept.
Flow<Decision> sign_in_and_save(Login in) {
  auto signing_in = sign_in(in);
  const auto session = co_await std::move(signing_in);
  SaveSession save(in->context);
  save.request = in->request;
  save.session = session;
  save.on_note = in->on_note;
  save.on_replaced = in->on_replaced;
  auto saving = save_session(std::move(save));
  auto cookies = co_await std::move(saving);
  co_return signed_in(*in, session, std::move(cookies));
}

}  // namespace

Flow<Decision> finish_login(FinishLogin in) {
  const Login login = std::make_shared<const FinishLogin>(std::move(in));
  auto signing_in = sign_in_and_save(login);
  auto decision = co_await attempt(std::move(signing_in));
  if (decision.ok() || decision.error().status == Status::cancelled) co_return std::move(decision);
  co_return refused(*login, decision.error());
}

}  // namespace gatelet::flow
