#include "flow/refresh_session.hpp"

#include <optional>
#include <string>
#include <utility>

#include "flow/ask_hook.hpp"
#include "flow/provider_keys.hpp"
#include "flow/session_of.hpp"
#include "json/reader.hpp"
#include "oidc/id_token.hpp"
#include "oidc/identity.hpp"
#include "oidc/refresh.hpp"
#include "oidc/userinfo.hpp"
#include "session/bounded_record.hpp"
#include "session/lifetime.hpp"

namespace gatelet::flow {
namespace {

// What a new ID token says, and userinfo where it is silent. The tokens are renewed already: a
// userinfo that cannot be had, or is about somebody else, leaves the identity as it was.
Flow<oidc::PersonClaims> person_behind(RefreshSession in, SharedProvider provider,
                                       oidc::TokenSet tokens) {
  const auto& old = *in.session;
  auto before = co_await oidc::remember(old.id_token, old.user, old.nonce);
  Verify verify = [provider, tokens, before](const jose::KeySet& keys, Instant at) {
    return oidc::verify_refreshed_token(*provider->provider, keys, before, tokens, at);
  };
  auto verifying = verify_with_keys(provider, std::move(verify));
  auto token = co_await std::move(verifying);

  std::optional<json::Value> userinfo;
  if (oidc::needs_userinfo(*provider->provider, token.claims())) {
    auto call = oidc::userinfo_request(*provider->provider, tokens.access_token);
    auto reply = co_await attempt(std::move(call));
    if (reply.ok()) {
      auto claims = oidc::read_userinfo_reply(*reply, token.subject());
      if (claims.ok()) userinfo = std::move(claims).value();
    }
  }
  // An ID token of a refresh need not repeat the address (OpenID Connect Core 12.2).
  auto lenient = *provider->provider;
  lenient.require_email = false;
  co_return oidc::person_of(lenient, token.claims(), userinfo ? &*userinfo : nullptr);
}

// A provider that has locked somebody out may honour refresh tokens still: validate_url, where
// there is one, has the last word (oauth2-proxy's files name it). One that cannot be asked changes
// nothing.
Flow<bool> validate(SharedProvider provider, Secret access_token) {
  if (provider->provider->validate_url.empty()) co_return true;
  auto call = oidc::validate_request(*provider->provider, access_token);
  const auto reply = co_await attempt(std::move(call));
  if (reply.ok() && oidc::refuses_token(*reply)) {
    co_return Error{Status::grant_ended, "validate_url answered " + std::to_string(reply->status) +
                                             " to the new access token"};
  }
  co_return true;
}

// Before the host is asked.
Flow<session::Session> redeem(RefreshSession in) {
  auto preparing = ready_provider(in.provider);
  auto provider = co_await std::move(preparing);

  auto call = oidc::refresh_request(*provider->provider, in.session->refresh_token);
  auto reply = co_await std::move(call);
  auto tokens = co_await oidc::read_refresh_reply(reply);
  const auto renewed_at = co_await now();
  auto validating = validate(provider, tokens.access_token);
  (void)co_await std::move(validating);

  session::Session renewed = *in.session;
  if (!renewed.signed_in_at) renewed.signed_in_at = renewed.created_at;  // oauth2-proxy's has none
  // As whoever renews it next will find it.
  if (!session::has_extra_keys(in.context->session)) renewed.provider_id.clear();
  renewed.created_at = session::to_timestamp(renewed_at);
  renewed.last_used.reset();  // now
  const auto& kept = in.context->session.kept_tokens;
  take_tokens(renewed, tokens, renewed_at, kept);
  if (tokens.id_token.empty()) co_return renewed;

  auto identifying = person_behind(in, provider, tokens);
  auto person = co_await attempt(std::move(identifying));
  if (person.ok()) {
    update_person(renewed, std::move(person).value());
    co_return renewed;
  }
  const auto status = person.error().status;
  const bool is_refused = status == Status::token_rejected || status == Status::incomplete_identity;
  if (is_refused || status_class(status) == StatusClass::internal) co_return person.error();
  // The key of the new ID token cannot be had now, or is not published yet. The refresh token was
  // good for one use and its successor must not be lost; who it is stays what it was, and so does
  // the ID token.
  if (kept.id) renewed.id_token = in.session->id_token;
  co_return renewed;
}

}  // namespace

Flow<session::Session> renew_tokens(RefreshSession in) {
  auto redeeming = redeem(in);
  auto renewed = co_await std::move(redeeming);

  AskHook ask(in.context, SessionEvent::Moment::refreshed);
  ask.session = std::make_shared<const session::Session>(renewed);
  ask.request = in.request;
  auto asking = ask_hook(std::move(ask));
  const auto said = co_await attempt(std::move(asking));
  // Cancelled: the engine ends and asks nobody. The old tokens are used up already.
  const bool is_unasked = !said.ok() && said.error().status == Status::cancelled;
  if (said.ok() || is_unasked) co_return std::move(renewed);
  co_return said.error();
}

Flow<bool> tell_of_end(RefreshSession in) {
  AskHook ask(in.context, SessionEvent::Moment::ended);
  ask.session = in.session;
  ask.request = in.request;
  auto asking = ask_hook(std::move(ask));
  (void)co_await attempt(std::move(asking));
  co_return true;
}

Flow<session::Session> refresh_session(RefreshSession in) {
  auto renewing = renew_tokens(in);
  auto renewed = co_await attempt(std::move(renewing));
  if (!renewed.ok() && renewed.error().status == Status::grant_ended) {
    auto telling = tell_of_end(std::move(in));
    (void)co_await attempt(std::move(telling));
  }
  co_return std::move(renewed);
}

}  // namespace gatelet::flow
