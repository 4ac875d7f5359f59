#include "session/lifetime.hpp"

#include <doctest/doctest.h>

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
}
