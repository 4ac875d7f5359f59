#include "engine/presented.hpp"

#include "engine/world.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

Presented present(World& world, const std::string& cookie) {
  return world.with({.cookie = cookie}, [](const Question& question) {
    return present_session(question.memory, question.facts.headers, question.now);
  });
}

Presented present(World& world, const std::string& cookie, const Loaded* loaded) {
  return world.with({.cookie = cookie}, [&](const Question& question) {
    const auto memory = world.memory_at(question.memory.snapshot, loaded);
    return present_session(memory, question.facts.headers, question.now);
  });
}

constexpr bool has_lz4 = GATELET_HAVE_LZ4 == 1;

session::Session with_refresh_token(const World& world, std::string_view token,
                                    Duration expires_in) {
  auto session = world.person();
  session.refresh_token = Secret(token);
  session.expires_on = session::to_timestamp(world.now + expires_in);
  return session;
}

}  // namespace

TEST_SUITE("engine/presented") {
  TEST_CASE("H-06: a cookie by another process' newer secret is nobody here, and stays") {
    const auto newer = *session::CookieKeys::make(Secret("another secret, of 32 characters"));
    for (const bool is_stored : {false, true}) {
      World world;
      world.settings.is_stored = is_stored;
      world.sessions.changes().told_until(Duration::max());
      auto person = world.person();
      if (is_stored) {
        person.ticket = std::make_shared<const session::Ticket>(
            *session::make_ticket(world.settings, *world.entropy));
      }
      const auto known = std::exchange(world.keys, newer);
      auto cookie = world.cookie_of(person);
      world.keys = known;
      const auto foreign = present(world, cookie);
      CHECK_FALSE(foreign.session);
      CHECK(foreign.reason == Reason::session_invalid);
      CHECK_FALSE(foreign.clear_cookies);

      auto broken = world.cookie_of(person);  // by a key that is known
      broken.back() = broken.back() == 'A' ? 'B' : 'A';
      broken.at(broken.size() - 9) = broken.at(broken.size() - 9) == 'A' ? 'B' : 'A';
      CHECK(present(world, broken).clear_cookies);
      CHECK(present(world, "__Host-gatelet=garbage").clear_cookies);
    }
  }

  TEST_CASE("F-250: where both kinds of sessions are, a ticket is looked up, a whole one opened") {
    for (const bool is_stored : {true, false}) {
      for (const auto format :
           {session::CookieFormat::native, session::CookieFormat::oauth2_proxy}) {
        if (format == session::CookieFormat::oauth2_proxy && !has_lz4) continue;
        World world;
        world.settings.is_stored = is_stored;
        world.settings.falls_back_to_cookie = is_stored;
        world.settings.has_store_beside = !is_stored;
        world.settings.format = format;
        world.sessions.changes().told_until(Duration::max());
        const auto whole = world.cookie_of(world.person());
        auto kept = world.person();
        kept.ticket = std::make_shared<const session::Ticket>(
            *session::make_ticket(world.settings, *world.entropy));
        const auto ticket = world.cookie_of(kept);

        const auto at_once = present(world, whole);
        REQUIRE(at_once.session);
        CHECK(at_once.tickets.empty());
        CHECK_FALSE(at_once.session->ticket);

        const auto asked = present(world, ticket);
        CHECK_FALSE(asked.session);
        REQUIRE(asked.tickets.size() == 1);
        CHECK(asked.tickets.front()->id == kept.ticket->id);
        const Loaded found{std::make_shared<const session::Session>(kept), {}};
        CHECK(present(world, ticket, &found).session->ticket == kept.ticket);
        CHECK(present(world, ticket).session);  // from memory
        CHECK(present(world, whole).session);

        const Loaded down{nullptr, Error{Status::store_unreachable, "gone"}};
        world.generation = 2;
        CHECK(present(world, ticket, &down).trouble);
        const Loaded nothing;
        const auto gone = present(world, ticket, &nothing);
        CHECK_FALSE(gone.session);
        CHECK(gone.clear_cookies);
        CHECK(present(world, "x=1").reason == Reason::no_session);
        auto forged = whole;
        forged[40] = forged[40] == 'A' ? 'B' : 'A';
        CHECK(present(world, forged).reason == Reason::session_invalid);
      }
    }
  }

  TEST_CASE("F-250: a record that is gone does not hide the whole session beside its ticket") {
    World world;
    world.settings.has_store_beside = true;
    auto kept = world.person();
    kept.ticket = std::make_shared<const session::Ticket>(
        *session::make_ticket(world.settings, *world.entropy));
    const auto both = world.cookie_of(kept) + "; " + world.cookie_of(world.person());
    CHECK(present(world, both).tickets.size() == 1);
    const Loaded nothing;
    CHECK(present(world, both, &nothing).session);
  }

  TEST_CASE("F-270: beside a store a session in cookies waits for the deny list, unless in vain") {
    World world;
    world.settings.has_store_beside = true;
    const auto cookie = world.cookie_of(world.person());
    CHECK(present(world, cookie).session);
    CHECK_FALSE(present(world, cookie).deny_list_due);
    world.denied.doubt();
    const auto asked = present(world, cookie);
    CHECK(asked.needs_store);
    CHECK_FALSE(asked.session);
    auto forged = cookie;
    forged[40] = forged[40] == 'A' ? 'B' : 'A';
    CHECK_FALSE(present(world, forged).needs_store);
    CHECK(present(world, forged).reason == Reason::session_invalid);
    const Loaded nothing;
    CHECK(present(world, cookie, &nothing).session);
    const Loaded down{nullptr, Error{Status::store_unreachable, "gone"}};
    CHECK(present(world, cookie, &down).session);
    const Loaded overload{nullptr, Error{Status::too_many_operations, "too many"}};
    const auto unasked = present(world, cookie, &overload);
    CHECK_FALSE(unasked.session);
    CHECK(unasked.trouble);
    world.refreshes.note_trouble(deny_list_beside, world.now);
    const auto in_trouble = present(world, cookie);
    CHECK(in_trouble.session);
    CHECK(in_trouble.deny_list_due);
    world.now = world.now + 2s;
    CHECK(present(world, cookie).needs_store);
  }

  TEST_CASE("F-250: with one kind of sessions the other kind of cookie is no session") {
    World world;
    const auto whole = world.cookie_of(world.person());
    auto kept = world.person();
    kept.ticket = std::make_shared<const session::Ticket>(
        *session::make_ticket(world.settings, *world.entropy));
    const auto ticket = world.cookie_of(kept);
    CHECK(present(world, ticket).reason == Reason::session_invalid);
    world.settings.is_stored = true;
    world.generation = 2;
    CHECK(present(world, whole).reason == Reason::session_invalid);
    CHECK(present(world, ticket).tickets.size() == 1);
  }

  TEST_CASE(
      "present_session: no cookie is nobody, a sound one is somebody, a broken one is cleared") {
    World world;
    const auto nobody = present(world, "x=1");
    CHECK_FALSE(nobody.session);
    CHECK(nobody.reason == Reason::no_session);
    CHECK_FALSE(nobody.clear_cookies);

    const auto cookie = world.cookie_of(world.person());
    const auto ada = present(world, cookie);
    REQUIRE(ada.session);
    CHECK(ada.session->email == "ada@example.com");
    CHECK(ada.session->ends_at);
    CHECK(ada.reason == Reason::session);
    CHECK_FALSE(ada.renewed);

    auto forged = cookie;
    forged[40] = forged[40] == 'A' ? 'B' : 'A';
    const auto broken = present(world, forged);
    CHECK_FALSE(broken.session);
    CHECK(broken.reason == Reason::session_invalid);
    CHECK(broken.clear_cookies);
  }

  TEST_CASE("present_session: a session seen before comes from memory, and is judged again") {
    World world;
    const auto cookie = world.cookie_of(world.person());
    const auto first = present(world, cookie).session;
    CHECK(present(world, cookie).session == first);
    world.now = world.now + world.settings.cookie_expire;
    const auto late = present(world, cookie);
    CHECK_FALSE(late.session);
    CHECK(late.reason == Reason::session_expired);
    CHECK(late.clear_cookies);
  }

  TEST_CASE(
      "F-247: a session that was not used for long is over; a later use of its cookie counts") {
    World world;
    world.settings.idle_timeout = std::chrono::seconds(600);
    const auto cookie = world.cookie_of(world.person());  // of a minute ago
    auto used = world.person();
    used.last_used = session::to_timestamp(world.now + 300s);
    const auto later = world.cookie_of(used);
    world.now = world.now + 600s - 1ns;
    CHECK(present(world, cookie).session);
    world.now = world.now + 1ns;
    const auto over = present(world, cookie);
    CHECK_FALSE(over.session);
    CHECK(over.reason == Reason::session_expired);
    CHECK(over.clear_cookies);
    CHECK(present(world, later).session);
    CHECK(present(world, cookie + "; " + later).session);  // of another path or domain
    CHECK(present(world, later + "; " + cookie).session);
  }

  TEST_CASE("F-247: what replaced a session is not idle while the request brings word of a use") {
    World world;
    world.settings.idle_timeout = std::chrono::seconds(600);
    auto old = with_refresh_token(world, "r1", 3600s);
    auto renewed = with_refresh_token(world, "r2", 7200s);
    renewed.created_at = session::to_timestamp(world.now);
    REQUIRE(
        world.refreshes.record(old, std::make_shared<const session::Session>(renewed), world.now));
    auto used = old;
    used.last_used = session::to_timestamp(world.now + 500s);
    world.now = world.now + 700s;
    CHECK_FALSE(present(world, world.cookie_of(old)).session);
    const auto presented = present(world, world.cookie_of(used));
    REQUIRE(presented.session);
    CHECK(presented.session->refresh_token == Secret("r2"));
  }

  TEST_CASE("H-06: after other settings came nothing opened under the old ones counts") {
    World world;
    const auto cookie = world.cookie_of(world.person());
    CHECK(present(world, cookie).session);
    world.keys = *session::CookieKeys::make(Secret("another secret, as long as a key"));
    world.generation = 2;
    CHECK(present(world, cookie).reason == Reason::session_invalid);
  }

  TEST_CASE("present_session: a session of a provider that is configured no longer is none") {
    World world;
    world.use_providers({"a", "b"});
    const auto cookie = world.cookie_of(world.person());
    CHECK(present(world, cookie).session);
    world.use_providers({"c", "b"});
    world.generation = 2;
    CHECK(present(world, cookie).reason == Reason::session_invalid);
  }

  TEST_CASE("refresh_due: when tokens run out, unless there is nothing to refresh with") {
    World world;
    const auto due = present(world, world.cookie_of(with_refresh_token(world, "r1", 10s)));
    CHECK(due.session);
    CHECK(due.refresh_due);
    const auto fresh = present(world, world.cookie_of(with_refresh_token(world, "r2", 3600s)));
    CHECK(fresh.session);
    CHECK_FALSE(fresh.refresh_due);
    const auto without = present(world, world.cookie_of(with_refresh_token(world, "", 10s)));
    CHECK(without.session);
    CHECK_FALSE(without.refresh_due);
  }

  TEST_CASE("refresh_due: after trouble with the provider nothing is tried for a while") {
    World world;
    const auto cookie = world.cookie_of(with_refresh_token(world, "r1", 10s));
    world.refreshes.note_trouble("", world.now);
    const auto kept = present(world, cookie);
    CHECK(kept.session);
    CHECK_FALSE(kept.refresh_due);
    world.now = world.now + 1s;
    CHECK(present(world, cookie).refresh_due);
  }

  TEST_CASE("refresh_due: while the store beside is in trouble what can wait does, and only that") {
    World world;
    const auto cookie = world.cookie_of(with_refresh_token(world, "r1", 10s));
    world.refreshes.note_trouble(store_beside, world.now);
    CHECK(present(world, cookie).refresh_due);  // there is none

    world.settings.has_store_beside = true;
    const auto kept = present(world, cookie);
    CHECK(kept.session);
    CHECK_FALSE(kept.refresh_due);
    world.settings.session_ends_with_tokens = true;
    CHECK_FALSE(present(world, cookie).refresh_due);
    world.now = world.now + 10s;
    world.refreshes.note_trouble(store_beside, world.now);
    CHECK(present(world, cookie).refresh_due);  // it would be over
  }

  TEST_CASE("K-02: a replaced cookie presents the session that replaced it") {
    World world;
    const auto old = with_refresh_token(world, "r1", 10s);
    auto renewed = with_refresh_token(world, "r2", 3600s);
    renewed.created_at = session::to_timestamp(world.now);
    REQUIRE(
        world.refreshes.record(old, std::make_shared<const session::Session>(renewed), world.now));
    const auto presented = present(world, world.cookie_of(old));
    REQUIRE(presented.session);
    CHECK(presented.session->refresh_token == Secret("r2"));
    CHECK(presented.renewed);
    CHECK_FALSE(presented.refresh_due);
    CHECK_FALSE(present(world, world.cookie_of(renewed)).renewed);
  }

  TEST_CASE(
      "OP-17: a session whose grant has ended is over at once, its refresh is not tried again") {
    World world;
    const auto session = with_refresh_token(world, "r1", 10s);
    const auto cookie = world.cookie_of(session);
    world.refreshes.record_end(session, world.now);
    const auto over = present(world, cookie);
    CHECK_FALSE(over.session);
    CHECK(over.clear_cookies);
  }

  TEST_CASE("F-251: a session of somebody whose sessions were ended is over, and its cookie goes") {
    World world;
    const auto session = with_refresh_token(world, "r1", 10s);
    const auto cookie = world.cookie_of(session);
    session::Denial denial;
    denial.subject = session::subject_of(session);
    denial.until = session::to_timestamp(world.now - 3600s);
    REQUIRE(world.denied.add(denial, world.now).ok());
    CHECK(present(world, cookie).session);
    denial.until = session::to_timestamp(world.now);
    REQUIRE(world.denied.add(denial, world.now).ok());
    const auto over = present(world, cookie);
    CHECK_FALSE(over.session);
    CHECK(over.clear_cookies);
    CHECK(over.reason == Reason::session_revoked);
  }

  TEST_CASE("OP-17: without a refresh a session counts until its own expiry, never longer") {
    World world;
    auto session = std::make_shared<session::Session>(with_refresh_token(world, "r1", -10s));
    const auto snapshot = world.snapshot();
    CHECK(without_refresh(*snapshot, session, world.now).session);
    const auto end = world.now - 60s + world.settings.cookie_expire;
    CHECK(without_refresh(*snapshot, session, end - 1s).session);
    const auto over = without_refresh(*snapshot, session, end);
    CHECK_FALSE(over.session);
    CHECK(over.reason == Reason::session_expired);

    world.settings.session_ends_with_tokens = true;
    CHECK_FALSE(without_refresh(*world.snapshot(), session, world.now).session);
  }

  TEST_CASE("after_refresh, after_grant_ended: what a refresh came to") {
    const auto session = std::make_shared<const session::Session>();
    const auto renewed = after_refresh(session);
    CHECK(renewed.session == session);
    CHECK(renewed.renewed);
    CHECK(renewed.reason == Reason::session_refreshed);
    const auto ended = after_grant_ended();
    CHECK_FALSE(ended.session);
    CHECK(ended.clear_cookies);
    CHECK(ended.reason == Reason::grant_ended);
  }
}
