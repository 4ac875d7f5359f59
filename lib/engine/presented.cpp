#include "engine/presented.hpp"

#include <utility>
#include <vector>

#include "policy/authorize.hpp"
#include "session/cookie_session.hpp"

namespace gatelet::engine {
namespace {

Presented nobody(Reason reason, bool clear_cookies) {
  Presented nobody;
  nobody.reason = reason;
  nobody.clear_cookies = clear_cookies;
  return nobody;
}

Presented somebody(std::shared_ptr<const session::Session> session) {
  Presented somebody;
  somebody.session = std::move(session);
  somebody.reason = Reason::session;
  return somebody;
}

// Of a provider that is configured, or of a user who is still in the file.
bool is_known(const Snapshot& snapshot, const session::Session& session) noexcept {
  if (session.password_mark.empty()) return snapshot.provider(session.provider_id) != nullptr;
  return policy::is_listed(snapshot.context->policy.password, session);
}

// The newest session that any of the candidates opens to; null when none does.
std::shared_ptr<const session::Session> open_newest(
    const Snapshot& snapshot, const std::vector<session::SessionCookie>& candidates, Instant now) {
  const auto& context = *snapshot.context;
  std::shared_ptr<const session::Session> newest;
  for (const auto& candidate : candidates) {
    auto opened = session::open_session(context.session, *context.cookie_keys, candidate, now);
    if (!opened.ok() || !is_known(snapshot, *opened)) continue;
    if (newest && newest->created_at >= opened->created_at) continue;
    newest = std::make_shared<const session::Session>(std::move(opened).value());
    if (!context.session.newest_of_duplicates) break;
  }
  return newest;
}

bool may_refresh(const Memory& memory, const session::Session& session, Instant now) {
  return !session.refresh_token.empty() && memory.refreshes.may_try(session.provider_id, now);
}

}  // namespace

Presented present_session(const Memory& memory, std::span<const HeaderView> headers, Instant now) {
  const auto& snapshot = *memory.snapshot;
  const auto& settings = snapshot.context->session;
  const CookieImage image(headers, settings.cookie_name);

  auto session = memory.sessions.find(image, snapshot.generation);
  if (!session) {
    std::vector<session::SessionCookie> candidates;
    if (const auto lone = image.lone(settings.cookie_name)) {
      candidates.push_back({*lone, {}, {}});
    } else {
      candidates = session::find_session_cookies(settings, headers);
    }
    if (candidates.empty()) return nobody(Reason::no_session, false);
    session = open_newest(snapshot, candidates, now);
    if (!session) return nobody(Reason::session_invalid, true);
    memory.sessions.insert(image, snapshot.generation, session);
  } else if (!policy::is_listed(snapshot.context->policy.password, *session)) {
    return nobody(Reason::session_invalid, true);
  }

  auto known = memory.refreshes.look_up(*session, now);
  if (known.is_over) return nobody(Reason::session_expired, true);
  const bool renewed = known.newer != nullptr;
  if (renewed) session = std::move(known.newer);

  Presented presented;
  switch (session::judge(*session, settings, now)) {
    case session::Freshness::dead: return nobody(Reason::session_expired, true);
    case session::Freshness::fresh: presented = somebody(std::move(session)); break;
    case session::Freshness::refresh_soon:  // a cookie session is never refreshed in the background
    case session::Freshness::refresh_now:
      if (may_refresh(memory, *session, now)) {
        presented = somebody(std::move(session));
        presented.refresh_due = true;
      } else {
        presented = without_refresh(snapshot, std::move(session), now);
      }
      break;
  }
  presented.renewed = renewed && presented.session;
  return presented;
}

Presented without_refresh(const Snapshot& snapshot, std::shared_ptr<const session::Session> session,
                          Instant now) {
  const auto& settings = snapshot.context->session;
  const bool tokens_end_it =
      settings.session_ends_with_tokens || settings.expire_with_tokens_on_refresh_only;
  if (tokens_end_it && !session::tokens_hold(*session, now)) {
    return nobody(Reason::session_expired, true);
  }
  const auto end = session::ends_at(*session, settings);
  if (end && *end <= session::to_timestamp(now)) return nobody(Reason::session_expired, true);
  return somebody(std::move(session));
}

Presented after_refresh(std::shared_ptr<const session::Session> renewed) {
  auto presented = somebody(std::move(renewed));
  presented.reason = Reason::session_refreshed;
  presented.renewed = true;
  return presented;
}

Presented after_grant_ended() { return nobody(Reason::grant_ended, true); }

}  // namespace gatelet::engine
