#include "session/lifetime.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::session;
using std::chrono::seconds;

namespace {

constexpr std::int64_t begin = 1767225600;

Session signed_in(bool with_refresh_token = true) {
  Session session;
  session.created_at = Timestamp{begin, 0};
  session.expires_on = Timestamp{begin + 3600, 0};
  if (with_refresh_token) session.refresh_token = Secret("r");
  return session;
}

SessionSettings settings() { return {}; }  // 168 h, refresh 30 s before the tokens end

SessionSettings compat() {
  SessionSettings settings;
  settings.refresh_before_expiry = Duration(0);
  settings.expire_with_tokens_on_refresh_only = true;
  return settings;
}

Freshness at(std::int64_t age, const Session& session, const SessionSettings& settings,
             Duration more = {}) {
  return judge(session, settings, at_unix(begin + age) + more);
}

}  // namespace

TEST_SUITE("session/lifetime") {
  TEST_CASE("judge: a session is over at created_at + cookie_expire, to the nanosecond") {
    auto only_created = signed_in(false);
    only_created.expires_on.reset();
    const std::int64_t week = 168 * 3600;
    CHECK(at(0, only_created, settings()) == Freshness::fresh);
    CHECK(at(week, only_created, settings(), -1ns) == Freshness::fresh);
    CHECK(at(week, only_created, settings()) == Freshness::dead);
    auto endless = settings();
    endless.cookie_expire = seconds(0);
    CHECK(at(20 * week, only_created, endless) == Freshness::fresh);
  }

  TEST_CASE("judge: a session of unknown age is over, unless sessions do not end") {
    auto ageless = signed_in();
    ageless.created_at.reset();
    CHECK(at(0, ageless, settings()) == Freshness::dead);
    auto endless = settings();
    endless.cookie_expire = seconds(0);
    CHECK(at(0, ageless, endless) == Freshness::fresh);
  }

  TEST_CASE("judge: an end set by whoever opened the session counts as well") {
    auto ending = signed_in();
    ending.ends_at = Timestamp{begin + 100, 0};
    CHECK(at(99, ending, settings()) == Freshness::fresh);
    CHECK(at(100, ending, settings()) == Freshness::dead);
  }

  TEST_CASE("judge: tokens that run out soon are refreshed ahead, where they can be") {
    CHECK(at(3569, signed_in(), settings()) == Freshness::fresh);
    CHECK(at(3570, signed_in(), settings()) == Freshness::refresh_now);
    CHECK(at(5000, signed_in(), settings()) == Freshness::refresh_now);
    CHECK(at(3570, signed_in(false), settings()) == Freshness::fresh);
    CHECK(at(5000, signed_in(false), settings()) == Freshness::fresh);
    auto off = settings();
    off.refresh_before_expiry = Duration(0);
    CHECK(at(5000, signed_in(), off) == Freshness::fresh);
  }

  TEST_CASE(
      "judge: tokens that live shorter are due in the second half of their life, never at once") {
    auto brief = signed_in();
    brief.expires_on = Timestamp{begin + 10, 0};
    CHECK(at(0, brief, settings()) == Freshness::fresh);
    CHECK(at(4, brief, settings(), 999'999'999ns) == Freshness::fresh);
    CHECK(at(5, brief, settings()) == Freshness::refresh_now);
    brief.created_at->nanos = 999'999;  // as early as any
    CHECK(at(2, brief, settings(), 400'000'000ns) == Freshness::fresh);
    CHECK(at(3, brief, settings()) == Freshness::refresh_now);
    brief.created_at->nanos = 0;
    brief.expires_on = Timestamp{begin + 60, 0};  // twice refresh_before_expiry
    CHECK(at(29, brief, settings()) == Freshness::fresh);
    CHECK(at(30, brief, settings()) == Freshness::refresh_now);
    brief.expires_on = Timestamp{begin - 10, 0};  // over when they came
    CHECK(at(-11, brief, settings()) == Freshness::fresh);
    CHECK(at(-10, brief, settings()) == Freshness::refresh_now);
    brief.expires_on = Timestamp{std::numeric_limits<std::int64_t>::min(), 0};
    CHECK(at(0, brief, settings()) == Freshness::refresh_now);
    brief.expires_on = Timestamp{std::numeric_limits<std::int64_t>::max(), 0};
    CHECK(at(0, brief, settings()) == Freshness::fresh);
  }

  TEST_CASE(
      "F-252: judge: sessions that began together are refreshed apart, half as early at most") {
    auto session = signed_in();
    std::size_t num_early = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) {
      session.created_at->nanos = i * 997'001;
      CHECK(at(3554, session, settings()) == Freshness::fresh);
      CHECK(at(3570, session, settings()) == Freshness::refresh_now);
      num_early += at(3562, session, settings()) == Freshness::refresh_now ? 1 : 0;
    }
    CHECK(num_early > 400);
    CHECK(num_early < 600);
  }

  TEST_CASE("judge: session_ends_with_tokens ends what cannot be renewed") {
    auto ending = settings();
    ending.session_ends_with_tokens = true;
    CHECK(at(3599, signed_in(false), ending) == Freshness::fresh);
    CHECK(at(3600, signed_in(false), ending) == Freshness::dead);
    CHECK(at(3600, signed_in(), ending) == Freshness::refresh_now);
  }

  TEST_CASE("judge: older than cookie_refresh, in whole seconds of the clock, is due") {
    auto refreshed = settings();
    refreshed.cookie_refresh = seconds(60);
    CHECK(at(60, signed_in(), refreshed, 999999999ns) == Freshness::fresh);
    CHECK(at(61, signed_in(), refreshed) == Freshness::refresh_now);
    CHECK(at(61, signed_in(false), refreshed) == Freshness::fresh);
  }

  TEST_CASE("judge: compat looks at expires_on only when a refresh is due") {
    CHECK(at(5000, signed_in(), compat()) == Freshness::fresh);
    CHECK(at(5000, signed_in(false), compat()) == Freshness::fresh);
    auto refreshed = compat();
    refreshed.cookie_refresh = seconds(7200);
    CHECK(at(5000, signed_in(false), refreshed) == Freshness::fresh);
    CHECK(at(7201, signed_in(false), refreshed) == Freshness::dead);
    CHECK(at(7201, signed_in(), refreshed) == Freshness::refresh_now);
  }

  TEST_CASE("H-05: a clock that goes back never extends a session beyond its end") {
    const auto end = ends_at(signed_in(), settings());
    CHECK(end == Timestamp{begin + 168 * 3600, 0});
    CHECK(at(-3600, signed_in(), settings()) == Freshness::fresh);
    CHECK(at(168 * 3600, signed_in(), settings()) == Freshness::dead);
  }

  TEST_CASE("F-247: session_max_lifetime counts from the sign-in, whatever a refresh moved") {
    auto settled = settings();
    settled.max_lifetime = seconds(7200);
    auto session = signed_in();
    session.expires_on.reset();
    session.signed_in_at = Timestamp{begin, 7};
    session.created_at = Timestamp{begin + 7100, 0};  // renewed
    CHECK(ends_at(session, settled) == Timestamp{begin + 7200, 7});
    CHECK(at(7200, session, settled, 6ns) == Freshness::fresh);
    CHECK(at(7200, session, settled, 7ns) == Freshness::dead);
    settled.cookie_refresh = seconds(60);
    CHECK(at(7199, session, settled) == Freshness::refresh_now);
    CHECK(at(7201, session, settled) == Freshness::dead);  // never renewed past it

    settled.cookie_expire = seconds(0);
    CHECK(ends_at(session, settled) == Timestamp{begin + 7200, 7});
    settled.cookie_expire = seconds(50);
    CHECK(ends_at(session, settled) == Timestamp{begin + 7150, 0});
    settled.max_lifetime = seconds(0);
    CHECK(ends_at(session, settled) == Timestamp{begin + 7150, 0});
  }

  TEST_CASE("F-247: a session that does not say when its person signed in did so at created_at") {
    auto settled = settings();
    settled.max_lifetime = seconds(7200);
    CHECK(ends_at(signed_in(), settled) == Timestamp{begin + 7200, 0});
    CHECK(ends_at(Session(), settled) == Timestamp{});  // of unknown age: over
  }

  TEST_CASE("time_left, store_lifetime: whole seconds, rounded up, never none and never for good") {
    auto settled = settings();
    settled.cookie_expire = seconds(100);
    const auto left = [&](std::int64_t age, Duration more = {}) {
      return time_left(signed_in(), settled, to_timestamp(at_unix(begin + age) + more))->count();
    };
    CHECK(left(0) == 100);
    CHECK(left(0, 1ns) == 100);
    CHECK(left(1) == 99);
    CHECK(left(99, 1ns) == 1);
    CHECK(left(100) == 1);
    CHECK(left(5000) == 1);
    CHECK(left(-86400) == 100);  // a clock that was set back
    settled.max_lifetime = seconds(30);
    CHECK(left(0) == 30);
    CHECK(store_lifetime(signed_in(), settled, at_unix(begin + 10)) == seconds(20));
    settled.cookie_expire = seconds(0);
    CHECK(left(-86400) == 30);
    settled.max_lifetime = seconds(0);
    CHECK(time_left(signed_in(), settled, Timestamp{begin, 0}) == std::nullopt);
    CHECK(store_lifetime(signed_in(), settled, at_unix(begin)) == Duration(0));
  }

  TEST_CASE("F-247: idle between session_idle_timeout and a minute after it, never before") {
    auto settled = settings();
    settled.idle_timeout = seconds(1800);
    auto session = signed_in();
    const auto idle = [&](std::int64_t age, Duration more = {}) {
      return is_idle(session, settled, at_unix(begin + age) + more);
    };
    CHECK_FALSE(idle(1800));
    CHECK_FALSE(idle(1860, -1ns));
    CHECK(idle(1860));
    session.last_used = Timestamp{begin + 100, 3};
    CHECK_FALSE(idle(1960, 2ns));
    CHECK(idle(1960, 3ns));
    settled.idle_timeout = seconds(0);
    CHECK_FALSE(idle(100'000'000));
  }

  TEST_CASE("F-247: a short session_idle_timeout is kept to a quarter of it") {
    auto settled = settings();
    settled.idle_timeout = seconds(10);
    CHECK(touch_interval(settled) == 2500ms);
    CHECK_FALSE(is_idle(signed_in(), settled, at_unix(begin + 12) + 499ms));
    CHECK(is_idle(signed_in(), settled, at_unix(begin + 12) + 500ms));
    settled.idle_timeout = seconds(240);
    CHECK(touch_interval(settled) == 60s);
    settled.idle_timeout = seconds(3600);
    CHECK(touch_interval(settled) == 60s);
  }

  TEST_CASE("F-247: whoever asks all the time is never idle, whatever is noted when") {
    auto settled = settings();
    settled.idle_timeout = seconds(300);
    auto session = signed_in();
    // As a person does: pauses of just under five minutes, each use noted where it is due.
    for (std::int64_t age = 0; age < 7 * 24 * 3600; age += 299) {
      const auto now = at_unix(begin + age);
      REQUIRE_FALSE(is_idle(session, settled, now));
      if (is_use_due(session, settled, now)) session.last_used = to_timestamp(now);
    }
    // The worst: a use that was a moment too early to be noted, then the whole time-out.
    session.last_used = Timestamp{begin, 0};
    CHECK_FALSE(is_use_due(session, settled, at_unix(begin + 60) - 1ns));
    CHECK_FALSE(is_idle(session, settled, at_unix(begin + 60 + 300) - 1ns));
    CHECK(is_use_due(session, settled, at_unix(begin + 60)));
  }

  TEST_CASE("F-247: a clock that is set back keeps a session for that long, not for ever") {
    auto settled = settings();
    settled.idle_timeout = seconds(300);
    auto session = signed_in();
    const std::int64_t day = 86400;
    session.last_used = Timestamp{begin + day, 0};  // noted before the clock was set back
    CHECK_FALSE(is_idle(session, settled, at_unix(begin)));
    CHECK(is_idle(session, settled, at_unix(begin + day + 360)));
    CHECK(is_use_due(session, settled, at_unix(begin)));  // the next use puts it right
    CHECK(is_use_due(session, settled, at_unix(begin + day - 60)));
    CHECK_FALSE(is_use_due(session, settled, at_unix(begin + day - 59)));
    session.last_used = Timestamp{begin, 0};
    CHECK(is_idle(session, settled, at_unix(begin + 360)));
  }

  TEST_CASE(
      "F-247: a session of unknown age that was never used is idle; without the option none") {
    auto settled = settings();
    settled.idle_timeout = seconds(300);
    CHECK(is_idle(Session(), settled, at_unix(begin)));
    CHECK_FALSE(is_idle(Session(), settings(), at_unix(begin)));
    CHECK_FALSE(is_use_due(Session(), settings(), at_unix(begin)));
  }

  TEST_CASE("F-247: a store keeps no record for longer than it lasts unused") {
    auto settled = settings();
    settled.idle_timeout = seconds(300);
    CHECK(store_lifetime(signed_in(), settled, at_unix(begin)) == 360s);
    settled.cookie_expire = seconds(100);
    CHECK(store_lifetime(signed_in(), settled, at_unix(begin)) == 100s);
    settled.cookie_expire = seconds(0);
    CHECK(store_lifetime(signed_in(), settled, at_unix(begin)) == 360s);
  }

  TEST_CASE("tokens_hold: without an expiry always, else until it") {
    CHECK(tokens_hold(signed_in(), at_unix(begin + 3599)));
    CHECK_FALSE(tokens_hold(signed_in(), at_unix(begin + 3600)));
    auto endless = signed_in();
    endless.expires_on.reset();
    CHECK(tokens_hold(endless, at_unix(begin + 1'000'000'000)));
  }

  TEST_CASE("outlives_tokens: while they hold, and after that unless the settings end it") {
    auto ends = settings();
    ends.session_ends_with_tokens = true;
    for (const auto& strict : {ends, compat()}) {
      CHECK(outlives_tokens(signed_in(), strict, at_unix(begin + 3599)));
      CHECK_FALSE(outlives_tokens(signed_in(), strict, at_unix(begin + 3600)));
    }
    CHECK(outlives_tokens(signed_in(), settings(), at_unix(begin + 3600)));
  }

  TEST_CASE("ends_at: none without cookie_expire; of unknown age it lies in the past") {
    auto endless = settings();
    endless.cookie_expire = seconds(0);
    CHECK_FALSE(ends_at(signed_in(), endless).has_value());
    CHECK(ends_at(Session(), settings()) == Timestamp{});
  }

  TEST_CASE("to_timestamp: rounds down, also before 1970") {
    CHECK(to_timestamp(at_unix(5) + 7ns) == Timestamp{5, 7});
    CHECK(to_timestamp(at_unix(0) - 1ns) == Timestamp{-1, 999999999});
  }

  TEST_CASE("judge: in a store, a session whose tokens still hold is renewed soon, else now") {
    Session session;
    session.created_at = to_timestamp(at_unix(1767225600));
    session.expires_on = to_timestamp(at_unix(1767225600 + 3600));
    session.refresh_token = Secret("r");
    SessionSettings settings;
    for (const bool is_stored : {false, true}) {
      session.ticket = is_stored ? std::make_shared<const Ticket>() : nullptr;
      const auto soon = is_stored ? Freshness::refresh_soon : Freshness::refresh_now;
      CHECK(judge(session, settings, at_unix(1767225600 + 60)) == Freshness::fresh);
      CHECK(judge(session, settings, at_unix(1767225600 + 3590)) == soon);
      CHECK(judge(session, settings, at_unix(1767225600 + 3600)) == Freshness::refresh_now);
    }
  }

  TEST_CASE("F-258: judge: where the host has its say about each refresh, none is put off") {
    Session session;
    session.created_at = to_timestamp(at_unix(1767225600));
    session.expires_on = to_timestamp(at_unix(1767225600 + 3600));
    session.refresh_token = Secret("r");
    session.ticket = std::make_shared<const Ticket>();
    SessionSettings settings;
    CHECK(judge(session, settings, at_unix(1767225600 + 3590)) == Freshness::refresh_soon);
    settings.refreshes_behind = false;
    CHECK(judge(session, settings, at_unix(1767225600 + 60)) == Freshness::fresh);
    CHECK(judge(session, settings, at_unix(1767225600 + 3590)) == Freshness::refresh_now);
  }
}
