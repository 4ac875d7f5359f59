// Renewing the tokens behind a session (OpenID Connect Core 12).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "flow/context.hpp"
#include "flow/flow.hpp"
#include "oidc/provider.hpp"
#include "policy/owned_request.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

class RefreshSession {
 public:
  std::shared_ptr<const Context> context;
  std::shared_ptr<const oidc::ProviderState> provider;
  std::shared_ptr<const session::Session> session;      // has a refresh token
  std::shared_ptr<const policy::OwnedRequest> request;  // for the host's hooks; null: none waits
  // How long another process that renews the session is waited for.
  Duration patience{std::chrono::seconds(15)};
  // May be empty. Told of a renewed session that the store did not take; false: it is not taken
  // over, and the flow itself goes on trying, so long.
  using Shared = std::shared_ptr<const session::Session>;
  std::function<bool(const Shared& old, const Shared& renewed)> on_not_put;
  Duration last_patience{0};
  // May be empty. Whether the session was ended here meanwhile: then its record goes, or what the
  // others would find beside cookies says so.
  std::function<bool(const Shared& old, const Shared& renewed)> is_over;
  // May be empty. Told of tokens for which a record has no room.
  std::function<void(const std::string& left_out)> on_left_out;
  explicit RefreshSession(std::shared_ptr<const Context> c) : context(std::move(c)) {}
};

// The session with new tokens and created_at set to the reply's time. A new ID token is verified
// and must be about the same sign-in (oidc/id_token.hpp); what it and userinfo say then replaces
// what the session knew, what they are silent about stays. While its key cannot be fetched, or is
// not among those that were, the ID token and the identity stay the old ones. An omitted refresh
// token keeps the old one, an omitted ID token the identity. Metadata and keys that are missing are
// refetched first. The engine's rules run again on the result, and ends_at is for whoever calls to
// set. The host's hook `refreshed` is asked last, `ended` where the grant is over.
//   Failure: Status::grant_ended: the provider said invalid_grant or invalid_client, or refuses the
//            new access token at validate_url: the session is over. Status::vetoed: the host wants
//            it to be. class unavailable, or any other of class peer (token_rejected,
//            incomplete_identity, provider_refused, provider_bad_answer): the session stays until
//            its own expiry.
Flow<session::Session> refresh_session(RefreshSession in);

// The two halves of it, for whoever must look in between whether another process has renewed what
// is over here: all but the word to `ended`, and that word, which is never refused.
Flow<session::Session> renew_tokens(RefreshSession in);
Flow<bool> tell_of_end(RefreshSession in);

// Whether a refresh that failed so has ended the session.
inline bool ends_session(Status failure) noexcept {
  return failure == Status::grant_ended || failure == Status::vetoed;
}

// Whether it is the provider's trouble; else it is ours or the store's, and says nothing of the
// session.
inline bool is_provider_trouble(Status failure) noexcept {
  return status_class(failure) == StatusClass::peer || failure == Status::provider_unreachable ||
         failure == Status::provider_unavailable || failure == Status::timed_out;
}

}  // namespace gatelet::flow
