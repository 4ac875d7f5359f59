#include "session/lifetime.hpp"

#include <chrono>

namespace gatelet::session {
namespace {

using std::chrono::seconds;

Timestamp operator+(Timestamp at, seconds later) noexcept {
  at.seconds += later.count();
  return at;
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

bool tokens_run_out(const Session& session, const SessionSettings& settings, Instant now) noexcept {
  if (settings.refresh_before_expiry == Duration(0)) return false;
  return !tokens_hold(session, now + settings.refresh_before_expiry);
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
  if (settings.cookie_expire == seconds(0)) return std::nullopt;
  if (!session.created_at) return Timestamp{};  // of unknown age: over
  return *session.created_at + settings.cookie_expire;
}

Freshness judge(const Session& session, const SessionSettings& settings, Instant now) noexcept {
  const auto at = to_timestamp(now);
  if (is_over(session, settings, at)) return Freshness::dead;

  const bool is_due = is_old(session, settings, at) || tokens_run_out(session, settings, now);
  if (is_due && !session.refresh_token.empty()) {
    // Where the result need not be carried away by an answer, nobody has to wait for it.
    return session.ticket && tokens_hold(session, now) ? Freshness::refresh_soon
                                                       : Freshness::refresh_now;
  }

  const bool tokens_end_it =
      settings.session_ends_with_tokens || (settings.expire_with_tokens_on_refresh_only && is_due);
  return tokens_end_it && !tokens_hold(session, now) ? Freshness::dead : Freshness::fresh;
}

}  // namespace gatelet::session
