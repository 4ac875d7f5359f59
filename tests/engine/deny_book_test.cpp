#include "engine/deny_book.hpp"

#include <doctest/doctest.h>

#include "base/instant.hpp"
#include "session/lifetime.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using namespace std::chrono_literals;

namespace {

const Instant now = at_unix(1767225600);

session::Denial denial(std::string subject) {
  session::Denial out;
  out.subject = {"default", std::move(subject)};
  out.until = session::to_timestamp(now);
  return out;
}

session::Session session_of(std::string user, Instant at = now) {
  session::Session out;
  out.user = std::move(user);
  out.created_at = session::to_timestamp(at);
  return out;
}

DenyBook::Shared list(std::vector<session::Denial> denials) {
  return std::make_shared<const session::DenyList>(std::move(denials));
}

}  // namespace

TEST_SUITE("engine/deny_book") {
  TEST_CASE("what was denied here counts at once, whatever the store says later") {
    DenyBook book;
    CHECK_FALSE(book.covers(session_of("jane")));
    REQUIRE(book.add(denial("jane"), now).ok());
    CHECK(book.covers(session_of("jane")));
    CHECK_FALSE(book.covers(session_of("jane", now + 1s)));
    CHECK_FALSE(book.covers(session_of("joan")));
    book.take(list({}), book.changes(), 10s, now);
    CHECK(book.covers(session_of("jane")));
    book.take(list({denial("joan")}), book.changes(), 10s, now);
    CHECK(book.covers(session_of("jane")));
    CHECK(book.covers(session_of("joan")));
  }

  TEST_CASE("F-270: what a store has lost counts on until it may be forgotten, and is told again") {
    DenyBook book;
    auto joan = denial("joan");
    joan.forget_at = session::to_timestamp(now + 60s);
    CHECK(book.take(list({joan}), book.changes(), 10s, now).empty());
    CHECK(book.take(list({joan, denial("jane")}), book.changes(), 10s, now).empty());
    CHECK(book.take(list({denial("jane")}), book.changes(), 10s, now) == std::vector{joan});
    CHECK(book.covers(session_of("joan")));
    CHECK(book.take(list({}), book.changes(), 10s, now + 59s).size() == 2);
    CHECK(book.covers(session_of("joan")));
    CHECK(book.take(list({}), book.changes(), 10s, now + 60s) == std::vector{denial("jane")});
    CHECK_FALSE(book.covers(session_of("joan")));
    CHECK(book.covers(session_of("jane")));
    CHECK(book.take(list({denial("jane")}), book.changes(), 10s, now + 60s).empty());
  }

  TEST_CASE("F-270: what this process denied and the store took is told again when that is lost") {
    DenyBook book;
    REQUIRE(book.add(denial("jane"), now).ok());
    CHECK(book.take(list({}), book.changes(), 10s, now).empty());  // it is about to be told
    book.note_stored(denial("jane"));
    CHECK(book.take(list({}), book.changes(), 10s, now) == std::vector{denial("jane")});
    CHECK(book.take(list({denial("jane")}), book.changes(), 10s, now).empty());
  }

  TEST_CASE("asked for under settings that were replaced: it counts, and is not current") {
    DenyBook book;
    book.take(list({denial("jane")}), std::nullopt, 10s, now);
    CHECK(book.covers(session_of("jane")));
    CHECK_FALSE(book.is_current(5s));
    book.take(list({denial("jane")}), book.changes(), 10s, now);
    CHECK(book.is_current(5s));
  }

  TEST_CASE(
      "F-251: the old cookies of the session that is kept lead to it, those of others do not") {
    DenyBook book;
    auto keeping = denial("jane");
    keeping.kept_sign_in = session::to_timestamp(now);
    REQUIRE(book.add(keeping, now).ok());
    const auto old = session_of("jane", now - 60s), kept = session_of("jane", now);
    const auto escaped = session_of("jane", now + 1s);  // renewed behind the denial
    CHECK_FALSE(book.covers(kept));
    CHECK(book.covers(old));
    CHECK(book.covers(old, nullptr));
    CHECK_FALSE(book.covers(old, &kept));
    CHECK(book.covers(old, &escaped));
  }

  TEST_CASE("F-251: what was ended elsewhere is not kept here, and a store that keeps it is told") {
    DenyBook book;
    auto others = denial("jane");
    others.until = session::to_timestamp(now + 60s);
    others.kept_sign_in = session::to_timestamp(now);
    REQUIRE(book.add(others, now + 60s).ok());
    CHECK_FALSE(book.covers(session_of("jane")));
    CHECK(book.take(list({denial("jane")}), book.changes(), 10s, now).empty());
    CHECK(book.covers(session_of("jane")));
    CHECK(book.take(list({others}), book.changes(), 10s, now) == std::vector{denial("jane")});
    CHECK(book.covers(session_of("jane")));
  }

  TEST_CASE("current from when the store was asked, until it is too long ago") {
    DenyBook book;
    CHECK_FALSE(book.is_current(0s));
    book.take(list({}), book.changes(), 10s, now);
    CHECK(book.is_current(9s));
    CHECK_FALSE(book.is_current(10s));
  }

  TEST_CASE(
      "a change that is told while the store is being asked: what came is used, not believed") {
    DenyBook book;
    const auto before = book.changes();
    book.doubt();
    book.take(list({denial("jane")}), before, 10s, now);
    CHECK_FALSE(book.is_current(1s));
    CHECK(book.covers(session_of("jane")));
    book.take(list({denial("jane")}), book.changes(), 10s, now);
    CHECK(book.is_current(1s));
    book.doubt();
    CHECK_FALSE(book.is_current(1s));
  }

  TEST_CASE("F-427: while the store tells of changes and told of none, it stays current") {
    DenyBook book;
    book.extend(20s);
    CHECK_FALSE(book.is_current(1s));  // nothing was taken yet
    book.take(list({}), book.changes(), 10s, now);
    CHECK(book.is_current(19s));
    CHECK_FALSE(book.is_current(20s));
    book.extend(5s);
    CHECK(book.is_current(19s));
    book.extend(100s);
    CHECK(book.is_current(99s));
    CHECK_FALSE(book.is_current(100s));
    book.doubt();
    book.extend(200s);
    CHECK_FALSE(book.is_current(1s));
  }
}
