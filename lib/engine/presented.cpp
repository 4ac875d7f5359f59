#include "engine/presented.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "flow/refresh_session.hpp"
#include "policy/authorize.hpp"
#include "session/cookie_session.hpp"
#include "session/cookie_value.hpp"
#include "session/host_data.hpp"

namespace gatelet::engine {
namespace {

// However well the store tells of changes: one that is full drops what nobody has asked for the
// longest, and must see who is in use.
constexpr Duration asked_once_in = 60s;

Presented nobody(Reason reason, bool clear_cookies) {
  Presented nobody;
  nobody.reason = reason;
  nobody.clear_cookies = clear_cookies;
  return nobody;
}

// For cookies that do not open. What another process sealed by a secret that is not known here, or
// no longer, stays in the browser: while secrets are replaced in one process after the other, that
// one reads it.
Presented unreadable(const Snapshot& snapshot, const CookieImage& image) {
  const auto& keys = snapshot.context->cookie_keys->native();
  const auto cookies = image.cookies();
  const bool is_foreign = std::any_of(cookies.begin(), cookies.end(), [&](const auto& cookie) {
    return keys.is_foreign(cookie.value);
  });
  return nobody(Reason::session_invalid, !is_foreign);
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

// By what two copies of a session are told apart.
auto age_of(const session::Session& session) noexcept {
  return std::tuple(session.created_at, session::data_changed_at(session), session.last_used);
}

// The newest session that any of the candidates opens to; null when none does.
std::shared_ptr<const session::Session> open_newest(
    const Snapshot& snapshot, const std::vector<session::SessionCookie>& candidates, Instant now) {
  const auto& context = *snapshot.context;
  std::shared_ptr<const session::Session> newest;
  for (const auto& candidate : candidates) {
    auto opened = session::open_session(context.session, *context.cookie_keys, candidate, now);
    if (!opened.ok() || !is_known(snapshot, *opened)) continue;
    if (newest && age_of(*newest) >= age_of(*opened)) continue;
    newest = std::make_shared<const session::Session>(std::move(opened).value());
    if (!context.session.newest_of_duplicates) break;
  }
  return newest;
}

// Trouble with others' sessions is a reason to wait, not to end one that cannot.
bool may_refresh(const Memory& memory, const session::Session& session, Instant now) {
  if (session.refresh_token.empty()) return false;
  const auto& settings = memory.snapshot->context->session;
  if (!session::outlives_tokens(session, settings, now)) return true;
  if (!memory.refreshes.may_try(session.provider_id, now)) return false;
  const bool needs_store = settings.keeps_both() && !session.ticket;
  return !needs_store || memory.refreshes.may_try(store_beside, now);
}

// What this process knows of a session that was opened: whether it is over, renewed or due.
Presented settle(const Memory& memory, std::shared_ptr<const session::Session> session,
                 Instant now) {
  const auto& snapshot = *memory.snapshot;
  const auto& settings = snapshot.context->session;
  auto known = memory.refreshes.look_up(*session, now);
  // The request may bring word of a later use than what replaced its session.
  const bool is_idle = session::is_idle(*session, settings, now) &&
                       (!known.newer || session::is_idle(*known.newer, settings, now));
  if (known.is_over || is_idle) return nobody(Reason::session_expired, true);
  if (memory.denied.covers(*session, known.newer.get())) return after_revocation();
  const bool renewed = known.newer != nullptr;
  if (renewed) session = std::move(known.newer);

  Presented presented;
  const auto freshness = session::judge(*session, settings, now);
  switch (freshness) {
    case session::Freshness::dead: return nobody(Reason::session_expired, true);
    case session::Freshness::fresh: presented = somebody(std::move(session)); break;
    case session::Freshness::refresh_soon:
    case session::Freshness::refresh_now:
      if (!may_refresh(memory, *session, now)) {
        presented = without_refresh(snapshot, std::move(session), now);
        break;
      }
      presented = somebody(std::move(session));
      presented.refresh_soon = freshness == session::Freshness::refresh_soon;
      presented.refresh_due = !presented.refresh_soon;
      break;
  }
  presented.renewed = renewed && presented.session;
  return presented;
}

Presented present_cookies(const Memory& memory, const CookieImage& image,
                          std::span<const HeaderView> headers, Instant now) {
  const auto& snapshot = *memory.snapshot;
  const auto& settings = snapshot.context->session;
  auto session = memory.sessions.find(image, snapshot.generation);
  if (session && session->ticket) session = nullptr;  // the store has no such session any more
  if (!session) {
    std::vector<session::SessionCookie> candidates;
    if (const auto lone = image.lone(settings.cookie_name)) {
      candidates.push_back({*lone, {}, {}});
    } else {
      candidates = session::find_session_cookies(settings, headers);
    }
    if (candidates.empty()) return nobody(Reason::no_session, false);
    session = open_newest(snapshot, candidates, now);
    if (!session) return unreadable(snapshot, image);
    memory.sessions.insert(image, snapshot.generation, session);
  } else if (!policy::is_listed(snapshot.context->policy.password, *session)) {
    return nobody(Reason::session_invalid, true);
  }
  return settle(memory, std::move(session), now);
}

Presented to_load(const Snapshot& snapshot, const CookieImage& image,
                  std::span<const HeaderView> headers, Instant now) {
  if (image.empty()) return nobody(Reason::no_session, false);
  const auto& context = *snapshot.context;
  const auto lone = image.lone(context.session.cookie_name);
  auto tickets =
      lone ? flow::tickets_of(context, *lone, now) : flow::tickets_of(context, headers, now);
  if (tickets.empty()) return unreadable(snapshot, image);
  Presented due;
  due.needs_store = true;
  due.tickets = std::move(tickets);
  return due;
}

// The ticket's cookie is as old as the session was when it was written: one that another process
// renewed outlives it, unless the browser gets a new one.
bool is_behind(const CookieImage& image, std::string_view cookie_name,
               const session::Session& session) noexcept {
  const auto value = image.lone(cookie_name);
  const auto seconds = value ? session::claimed_time(*value) : std::nullopt;
  return seconds && session.created_at && *seconds < session.created_at->seconds;
}

Presented present_stored(const Memory& memory, const CookieImage& image,
                         std::span<const HeaderView> headers, Instant now) {
  const auto& snapshot = *memory.snapshot;
  const auto& settings = snapshot.context->session;
  std::shared_ptr<const session::Session> session;
  if (memory.loaded == nullptr && memory.denied.is_current(now.steady)) {
    session = memory.sessions.find_stored(image, snapshot.generation, now.steady,
                                          settings.cache_max_staleness);
  }
  // A copy from before knows nothing of later uses, here or in another process: the store does.
  if (session && session::is_idle(*session, settings, now)) session = nullptr;
  if (!session && memory.loaded == nullptr) return to_load(snapshot, image, headers, now);
  const bool is_loaded = !session;
  if (is_loaded) {
    if (memory.loaded->trouble) {
      Presented unknown;
      unknown.trouble = memory.loaded->trouble;
      return unknown;
    }
    session = memory.loaded->session;
    if (!session) return nobody(Reason::session_invalid, true);
  }
  if (!is_known(snapshot, *session)) return nobody(Reason::session_invalid, true);
  const bool behind = is_behind(image, settings.cookie_name, *session);
  if (is_loaded) {
    const auto staleness = settings.cache_max_staleness;
    const bool tells_nothing = memory.sessions.changes().tells_nothing();
    const auto ask_again_at =
        now.steady + (tells_nothing ? staleness : std::max<Duration>(staleness, asked_once_in));
    memory.sessions.insert_stored(image, snapshot.generation, session, memory.loaded->read_after,
                                  ask_again_at);
  }
  auto presented = settle(memory, std::move(session), now);
  presented.renewed = presented.renewed || (behind && presented.session);
  return presented;
}

// Of sessions in cookies the deny list is all that the store must be asked for. It is asked behind
// the answer to nobody, and while it is in trouble: sessions count by what is known then.
Presented present_beside(const Memory& memory, const CookieImage& image,
                         std::span<const HeaderView> headers, Instant now) {
  const bool is_current = memory.denied.is_current(now.steady);  // before it is asked for anybody
  auto presented = present_cookies(memory, image, headers, now);
  if (presented.session && !is_current && memory.refreshes.may_try(deny_list_beside, now)) {
    Presented due;
    due.needs_store = true;
    return due;
  }
  presented.deny_list_due = !is_current;
  return presented;
}

// A ticket or a whole session: what opens says which. A native value serves one purpose; a ticket
// of oauth2-proxy's format is text of one form, which no session's random bytes have.
Presented present_either(const Memory& memory, const CookieImage& image,
                         std::span<const HeaderView> headers, Instant now) {
  const auto& snapshot = *memory.snapshot;
  if (image.empty()) return nobody(Reason::no_session, false);
  if (memory.loaded == nullptr) {
    const auto known = memory.sessions.find(image, snapshot.generation);
    if (known && known->ticket) return present_stored(memory, image, headers, now);
    if (!known) {
      auto due = to_load(snapshot, image, headers, now);
      if (due.needs_store) return due;
    }
    return present_beside(memory, image, headers, now);
  }
  if (memory.loaded->session) return present_stored(memory, image, headers, now);
  // What was asked in vain was the session, or the deny list alone: cookies count without that,
  // but not because there was no room to ask, which many requests bring about.
  const auto& trouble = memory.loaded->trouble;
  const bool is_unknown = trouble && (trouble->status == Status::too_many_operations ||
                                      to_load(snapshot, image, headers, now).needs_store);
  return is_unknown ? present_stored(memory, image, headers, now)
                    : present_cookies(memory, image, headers, now);
}

}  // namespace

Presented present_session(const Memory& memory, std::span<const HeaderView> headers, Instant now) {
  const auto& settings = memory.snapshot->context->session;
  const CookieImage image(headers, settings.cookie_name);
  if (settings.keeps_both()) return present_either(memory, image, headers, now);
  return settings.is_stored ? present_stored(memory, image, headers, now)
                            : present_cookies(memory, image, headers, now);
}

Presented without_refresh(const Snapshot& snapshot, std::shared_ptr<const session::Session> session,
                          Instant now) {
  const auto& settings = snapshot.context->session;
  if (!session::outlives_tokens(*session, settings, now)) {
    return nobody(Reason::session_expired, true);
  }
  const auto end = session::ends_at(*session, settings);
  if (end && *end <= session::to_timestamp(now)) return nobody(Reason::session_expired, true);
  return somebody(std::move(session));
}

Presented after_trouble(const Snapshot& snapshot, std::shared_ptr<const session::Session> session,
                        const Error& trouble, Instant now) {
  const auto& settings = snapshot.context->session;
  const bool is_dead = session::judge(*session, settings, now) == session::Freshness::dead;
  auto presented = without_refresh(snapshot, std::move(session), now);
  if (presented.session || is_dead || flow::is_provider_trouble(trouble.status)) return presented;
  Presented unknown;
  unknown.trouble = trouble;
  return unknown;
}

Presented after_failed_refresh(const Memory& memory,
                               std::shared_ptr<const session::Session> session,
                               const Error& trouble, Instant now) {
  if (memory.refreshes.is_over(*session, now)) return after_end();
  if (session->ticket && memory.loaded != nullptr) {
    if (memory.loaded->trouble) {
      Presented unknown;
      unknown.trouble = memory.loaded->trouble;
      return unknown;
    }
    session = memory.loaded->session;
    if (!session) return after_end();
  }
  return after_trouble(*memory.snapshot, std::move(session), trouble, now);
}

Presented after_refresh(std::shared_ptr<const session::Session> renewed) {
  auto presented = somebody(std::move(renewed));
  presented.reason = Reason::session_refreshed;
  presented.renewed = true;
  return presented;
}

Presented after_end() { return nobody(Reason::session_expired, true); }

void forget_stored(const Memory& memory, std::span<const HeaderView> headers) {
  const auto& snapshot = *memory.snapshot;
  const CookieImage image(headers, snapshot.context->session.cookie_name);
  const auto copy = memory.sessions.find(image, snapshot.generation);
  if (copy && copy->ticket) memory.sessions.changes().note(copy->ticket->id);
}

Presented after_revocation() { return nobody(Reason::session_revoked, true); }

Presented after_grant_ended() { return nobody(Reason::grant_ended, true); }

}  // namespace gatelet::engine
