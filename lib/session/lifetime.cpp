#include "session/lifetime.hpp"

#include <algorithm>
#include <chrono>

namespace gatelet::session {
namespace {

using std::chrono::seconds;

Timestamp operator+(Timestamp at, seconds later) noexcept {
  at.seconds += later.count();
  return at;
}

// `begun` + `life`; long past when it is not known when it began.
Timestamp after(const std::optional<Timestamp>& begun, seconds life) noexcept {
  return begun ? *begun + life : Timestamp{};
}

bool is_over(const Session& session, const SessionSettings& settings, Timestamp now) noexcept {
  if (session.ends_at && *session.ends_at <= now) return true;
  const auto end = ends_at(session, settings);
  return end && *end <= now;
}

// Older than cookie_refresh; the age counts in whole seconds of the clock, as in the reference.
bool is_old(const Session& session, const SessionSettings& settings, Timestamp now) noexcept {
  if (settings.cookie_refresh == seconds(0) || !session.created_at) return false;
  return *session.created_at + settings.cookie_refresh < Timestamp{now.seconds, 0};
}

// refresh_before_expiry, or half of the tokens' life where that is less: however short they live,
// new ones are not due at once.
Duration time_ahead(const Session& session, const SessionSettings& settings) noexcept {
  const auto longest = settings.refresh_before_expiry;
  if (!session.created_at || !session.expires_on) return longest;
  const auto begun = *session.created_at, end = *session.expires_on;
  if (end <= begun) return Duration(0);
  if (begun + std::chrono::ceil<seconds>(2 * longest) <= end) return longest;
  const Duration life = seconds(end.seconds - begun.seconds) + std::chrono::nanoseconds(end.nanos) -
                        std::chrono::nanoseconds(begun.nanos);
  return std::min(life / 2, longest);
}

// Up to half of that time earlier, so that sessions which began together do not stay in step: by
// the session's own nanoseconds, which all processes see alike.
bool tokens_run_out(const Session& session, const SessionSettings& settings, Instant now) noexcept {
  constexpr std::int64_t parts = 1000;
  if (settings.refresh_before_expiry == Duration(0)) return false;
  const auto ahead = time_ahead(session, settings);
  const auto part = session.created_at ? session.created_at->nanos / 1000 % parts : 0;
  return !tokens_hold(session, now + ahead + ahead / 2 * part / parts);
}

}  // namespace

Timestamp to_timestamp(Instant at) noexcept {
  const auto whole = std::chrono::floor<seconds>(at.wall);
  return {whole.count(), static_cast<std::uint32_t>((at.wall - whole).count())};
}

bool tokens_hold(const Session& session, Instant now) noexcept {
  return !session.expires_on || *session.expires_on > to_timestamp(now);
}

bool outlives_tokens(const Session& session, const SessionSettings& settings,
                     Instant now) noexcept {
  const bool tokens_end_it =
      settings.session_ends_with_tokens || settings.expire_with_tokens_on_refresh_only;
  return !tokens_end_it || tokens_hold(session, now);
}

std::optional<Timestamp> ends_at(const Session& session, const SessionSettings& settings) noexcept {
  std::optional<Timestamp> end;
  if (settings.cookie_expire != seconds(0)) end = after(session.created_at, settings.cookie_expire);
  if (settings.max_lifetime != seconds(0)) {
    const auto& begun = session.signed_in_at ? session.signed_in_at : session.created_at;
    const auto last = after(begun, settings.max_lifetime);
    if (!end || last < *end) end = last;
  }
  return end;
}

std::optional<seconds> time_left(const Session& session, const SessionSettings& settings,
                                 Timestamp at) noexcept {
  const auto end = ends_at(session, settings);
  if (!end) return std::nullopt;
  const seconds left(end->seconds - at.seconds + (end->nanos > at.nanos ? 1 : 0));
  const auto longest =
      settings.cookie_expire != seconds(0) ? settings.cookie_expire : settings.max_lifetime;
  return std::clamp(left, seconds(1), longest);  // a clock that was set back adds nothing
}

Duration store_lifetime(const Session& session, const SessionSettings& settings,
                        Instant now) noexcept {
  Duration life = time_left(session, settings, to_timestamp(now)).value_or(seconds(0));
  if (settings.idle_timeout != seconds(0)) {
    const auto unused = settings.idle_timeout + touch_interval(settings);
    if (life == Duration(0) || unused < life) life = unused;
  }
  return life;
}

Duration touch_interval(const SessionSettings& settings) noexcept {
  return std::min<Duration>(std::chrono::minutes(1), Duration(settings.idle_timeout) / 4);
}

bool is_idle(const Session& session, const SessionSettings& settings, Instant now) noexcept {
  if (settings.idle_timeout == seconds(0)) return false;
  const auto& used = session.last_used ? session.last_used : session.created_at;
  const auto unnoticed = touch_interval(settings);
  return after(used, settings.idle_timeout) <= to_timestamp(now - unnoticed);
}

bool is_use_due(const Session& session, const SessionSettings& settings, Instant now) noexcept {
  if (settings.idle_timeout == seconds(0)) return false;
  const auto used =
      (session.last_used ? session.last_used : session.created_at).value_or(Timestamp{});
  const auto interval = touch_interval(settings);
  return used <= to_timestamp(now - interval) || to_timestamp(now + interval) <= used;
}

Freshness judge(const Session& session, const SessionSettings& settings, Instant now) noexcept {
  const auto at = to_timestamp(now);
  if (is_over(session, settings, at)) return Freshness::dead;

  const bool is_due = is_old(session, settings, at) || tokens_run_out(session, settings, now);
  if (is_due && !session.refresh_token.empty()) {
    // Where the result need not be carried away by an answer, nobody has to wait for it.
    const bool may_wait = session.ticket && settings.refreshes_behind;
    return may_wait && tokens_hold(session, now) ? Freshness::refresh_soon : Freshness::refresh_now;
  }

  const bool tokens_end_it =
      settings.session_ends_with_tokens || (settings.expire_with_tokens_on_refresh_only && is_due);
  return tokens_end_it && !tokens_hold(session, now) ? Freshness::dead : Freshness::fresh;
}

}  // namespace gatelet::session
