#include "flow/verify_bearer.hpp"

#include <optional>
#include <utility>

#include "flow/provider_keys.hpp"
#include "flow/session_of.hpp"
#include "oidc/bearer.hpp"
#include "session/lifetime.hpp"

namespace gatelet::flow {
namespace {

// One candidate: with its keys as they are, then once more with new ones if the token names an
// unknown key.
Flow<session::Session> try_candidate(SharedProvider provider, Secret token) {
  const auto at = co_await now();
  auto session = bearer_session(*provider->provider, provider->keys, token.reveal(), at);
  if (session.ok() || session.error().status != Status::key_unknown) co_return session;

  Refetch refetch(provider->provider->id, Refetch::What::keys);
  auto fetched = co_await std::move(refetch);
  const auto later = co_await now();
  const auto& newest = *fetched.state;
  auto again = bearer_session(*newest.provider, newest.keys, token.reveal(), later);
  if (!again.ok() && again.error().status == Status::key_unknown) {
    co_return Error{Status::token_rejected, again.error().text};
  }
  co_return again;
}

bool is_judged(const Error& error) noexcept {
  return error.status == Status::token_rejected || error.status == Status::incomplete_identity;
}

}  // namespace

Result<session::Session> bearer_session(const oidc::Provider& provider, const jose::KeySet& keys,
                                        std::string_view token, Instant now) {
  const auto verified = oidc::verify_bearer_token(provider, keys, token, now);
  if (!verified.ok()) return verified.error();
  auto person = oidc::bearer_person(provider, *verified);
  if (!person.ok()) return std::move(person).error();

  session::Session session;
  take_person(session, std::move(person).value());
  session.provider_id = provider.id;
  session.created_at = session::to_timestamp(now);
  session.access_token = Secret(token);
  session.id_token = session.access_token;
  if (const auto expires = verified->expires_at()) {
    const auto leeway = std::chrono::duration_cast<std::chrono::seconds>(provider.leeway).count();
    session.expires_on = session::Timestamp{*expires, 0};
    session.ends_at = session::Timestamp{*expires + leeway, 0};
  }
  return session;
}

Flow<session::Session> verify_bearer(VerifyBearer in) {
  std::optional<Error> refused, unavailable;
  for (const auto& candidate : in.candidates) {
    auto preparing = ready_provider(candidate);
    auto ready = co_await attempt(std::move(preparing));
    if (!ready.ok()) {
      unavailable = ready.error();
      continue;
    }
    auto trying = try_candidate(*ready, in.token);
    auto session = co_await attempt(std::move(trying));
    if (session.ok()) co_return session;
    (is_judged(session.error()) ? refused : unavailable) = session.error();
  }
  if (unavailable) co_return std::move(*unavailable);
  co_return refused ? std::move(*refused) : Error{Status::token_rejected, "nobody to ask"};
}

}  // namespace gatelet::flow
