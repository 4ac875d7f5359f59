#include "engine/session_cache.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "session/lifetime.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

constexpr std::array<unsigned char, 16> key{1, 2, 3};

std::shared_ptr<const session::Session> session_of(std::string_view user) {
  session::Session session;
  session.user = user;
  return std::make_shared<const session::Session>(std::move(session));
}

std::shared_ptr<const session::Session> stored_session(std::string id) {
  session::Session session;
  session.user = "u";
  session.ticket = std::make_shared<const session::Ticket>(
      session::Ticket{std::move(id), Secret("0123456789abcdef")});
  return std::make_shared<const session::Session>(std::move(session));
}

// A cache whose store tells, with the sessions a and b, read before anything was changed.
struct Told {
  SessionCache cache{1 << 20, key};
  std::vector<HeaderView> a = {{"Cookie", "s=a"}}, b = {{"Cookie", "s=b"}};
  Told() {
    cache.changes().told_until(100s);
    insert(a, "s-a", cache.changes().last());
    insert(b, "s-b", cache.changes().last());
  }
  void insert(const std::vector<HeaderView>& headers, std::string id,
              RecordChanges::Number read_after) {
    cache.insert_stored(CookieImage(headers, "s"), 1, stored_session(std::move(id)), read_after,
                        200s);
  }
  bool has(const std::vector<HeaderView>& headers, Duration now = 101s, Duration staleness = 5s) {
    return cache.find_stored(CookieImage(headers, "s"), 1, now, staleness) != nullptr;
  }
};

std::vector<HeaderView> cookies(std::string_view text) { return {{"Cookie", text}}; }

// Sessions of a store, three times as many as are kept as they are.
struct Crowd {
  static constexpr int num = 3 * static_cast<int>(SessionCache::max_recent);

  explicit Crowd(std::size_t max_bytes = std::size_t{1} << 30) : cache(max_bytes, key) {
    cache.changes().told_until(1000s);
    for (int i = 0; i < num; ++i) {
      session::Session session;
      session.user = std::to_string(i);
      session.email = session.user + "@example.com";
      session.access_token = Secret("token of " + session.user);
      session.ends_at = session::Timestamp{1'900'000'000 + i, 0};
      session.ticket = std::make_shared<const session::Ticket>(
          session::Ticket{id_of(i), Secret("0123456789abcdef")});
      made.push_back(std::make_shared<const session::Session>(std::move(session)));
      insert(i);
    }
  }
  void insert(int i) {
    const auto text = cookie_of(i);
    cache.insert_stored(CookieImage(cookies(text), "s"), 1, made[static_cast<std::size_t>(i)],
                        cache.changes().last(), 200s);
  }
  std::shared_ptr<const session::Session> find(int i, Duration now = 101s) {
    const auto text = cookie_of(i);
    return cache.find_stored(CookieImage(cookies(text), "s"), 1, now, 1000s);
  }
  static std::string id_of(int i) { return "s-" + std::to_string(i); }
  static std::string cookie_of(int i) { return "s=" + std::to_string(i) + "."; }

  SessionCache cache;
  std::vector<std::shared_ptr<const session::Session>> made;
};

}  // namespace

TEST_SUITE("engine/session_cache") {
  TEST_CASE("CookieImage: sees the session cookie and its parts, and nothing else") {
    CHECK(CookieImage(cookies("a=1; s_x=2; sx=3; s_=4; s_1x=5; S=6"), "s").empty());
    CHECK(CookieImage(cookies("a=1; s=2"), "s").fits());
    CHECK(CookieImage(cookies("s_0=1; s_12=2"), "s").keep().reveal() == "s_0=1;s_12=2;");
  }

  TEST_CASE(
      "lone: the value of the one whole cookie; nothing beside parts, doubles or an empty one") {
    const auto lone = [](std::string_view text) {
      const auto headers = cookies(text);
      return CookieImage(headers, "s").lone("s");
    };
    CHECK(lone("a=1; s=2") == "2");
    for (const auto text : {"a=1", "s=", "s_0=2", "s=2; s_0=3", "s=2; s=2"}) {
      CHECK_FALSE(lone(text).has_value());
    }
  }

  TEST_CASE("CookieImage: more parts than any session has are not looked up, but seen") {
    std::string many;
    for (int i = 0; i < 40; ++i) many += "s_" + std::to_string(i) + "=x; ";
    const auto headers = cookies(many);
    const CookieImage image(headers, "s");
    CHECK_FALSE(image.fits());
    CHECK_FALSE(image.empty());
  }

  TEST_CASE("find: gives what was inserted for the same cookies, spread over other lines or not") {
    SessionCache cache(1 << 20, key);
    const auto one = cookies("a=1; s_0=abc; s_1=def");
    const std::vector<HeaderView> two = {
        {"Cookie", "s_0=abc"}, {"X", "y"}, {"cookie", "s_1=def; b=2"}};
    const auto session = session_of("ann");
    cache.insert(CookieImage(one, "s"), 1, session);
    CHECK(cache.find(CookieImage(one, "s"), 1) == session);
    CHECK(cache.find(CookieImage(two, "s"), 1) == session);
  }

  TEST_CASE("find: another byte, part, order or generation is a miss") {
    SessionCache cache(1 << 20, key);
    const std::string long_head(200, 'h');
    cache.insert(CookieImage(cookies("s_0=abc; s_1=def"), "s"), 1, session_of("ann"));
    const auto first = "s=" + long_head + "tail";
    cache.insert(CookieImage(cookies(first), "s"), 1, session_of("bob"));
    for (const auto& other :
         {std::string("s_0=abc"), std::string("s_0=abc; s_1=deg"), std::string("s_1=def; s_0=abc"),
          std::string("s_0=abcdef"), std::string("s_0=ab; s_1=cdef"),
          std::string("s_0=abc; s_1=def; s=x"), "s=x" + long_head.substr(1) + "tail"}) {
      const auto headers = cookies(other);
      CHECK_FALSE(cache.find(CookieImage(headers, "s"), 1));
    }
    CHECK_FALSE(cache.find(CookieImage(cookies("s_0=abc; s_1=def"), "s"), 2));
  }

  TEST_CASE("find: equal tails with different heads never give each other's session") {
    SessionCache cache(1 << 20, key);
    const std::string tail(64, 't');
    const auto a = "s=aaaa" + tail, b = "s=bbbb" + tail;
    cache.insert(CookieImage(cookies(a), "s"), 1, session_of("ann"));
    CHECK_FALSE(cache.find(CookieImage(cookies(b), "s"), 1));
    cache.insert(CookieImage(cookies(b), "s"), 1, session_of("bob"));
    CHECK(cache.find(CookieImage(cookies(b), "s"), 1)->user == "bob");
    CHECK_FALSE(cache.find(CookieImage(cookies(a), "s"), 1));
  }

  TEST_CASE("insert: stays within its bytes, the least recently used out first") {
    SessionCache cache(64 * 1024, key);
    std::vector<std::string> texts;
    for (int i = 0; i < 2000; ++i)
      texts.push_back("s=" + std::string(100, 'v') + std::to_string(i));
    for (const auto& text : texts) {
      cache.insert(CookieImage(cookies(text), "s"), 1, session_of("u"));
      CHECK(cache.size_bytes() <= 64 * 1024);
      // Keeping the first in use keeps it in.
      CHECK(cache.find(CookieImage(cookies(texts[0]), "s"), 1));
    }
    CHECK(cache.find(CookieImage(cookies(texts.back()), "s"), 1));
    CHECK_FALSE(cache.find(CookieImage(cookies(texts[1]), "s"), 1));
  }

  TEST_CASE("insert: a session larger than a shard is not kept, and a size of 0 keeps nothing") {
    SessionCache none(0, key), small(8 * 1024, key);
    const auto text = "s=" + std::string(4000, 'v');
    none.insert(CookieImage(cookies("s=x"), "s"), 1, session_of("u"));
    small.insert(CookieImage(cookies(text), "s"), 1, session_of("u"));
    CHECK(none.size_bytes() == 0);
    CHECK(small.size_bytes() == 0);
  }

  TEST_CASE(
      "LO-03: a token is forgotten when it ends, on either clock, also when one is set back") {
    SessionCache cache(1 << 20, {7});
    const auto begin = at_unix(1'800'000'000);
    auto session = std::make_shared<session::Session>();
    session->user = "u";
    session->ends_at = session::to_timestamp(begin + 2s);
    const TokenImage image("token");
    cache.insert(image, 1, session, begin);
    CHECK(cache.find(image, 1, begin + 1s) == session);
    CHECK(cache.find(image, 1, begin + 3s) == nullptr);
    CHECK(cache.find(image, 1, Instant{begin.wall + 3s, begin.steady}) == nullptr);
    CHECK(cache.find(image, 1, Instant{begin.wall - 1h, begin.steady + 3s}) == nullptr);
    CHECK(cache.find(image, 1, Instant{begin.wall - 1h, begin.steady + 1s}) == session);
    session = std::make_shared<session::Session>(*session);
    session->ends_at = session::Timestamp{std::numeric_limits<std::int64_t>::max(), 0};
    cache.insert(image, 1, session, begin);
    CHECK(cache.find(image, 1, begin + 24h) == session);
  }

  TEST_CASE("F-427: a session from a store is found until its record changes, and others stay") {
    Told told;
    CHECK(told.has(told.a));
    told.cache.changes().note("s-a");
    const auto bytes = told.cache.size_bytes();
    CHECK_FALSE(told.has(told.a));
    CHECK(told.cache.size_bytes() < bytes);  // it went, with its tokens
    CHECK(told.has(told.b));
    told.insert(told.a, "s-a", told.cache.changes().last());
    CHECK(told.has(told.a));
  }

  TEST_CASE("F-427: every cookie that opens the ticket is dropped with its record") {
    Told told;
    const auto renewed = cookies("s=newer");
    told.insert(renewed, "s-a", told.cache.changes().last());
    CHECK(told.has(renewed));
    told.cache.changes().note("s-a");
    CHECK_FALSE(told.has(told.a));
    CHECK_FALSE(told.has(renewed));
  }

  TEST_CASE("F-427: what was read before a change and arrives after it is not kept") {
    Told told;
    const auto before = told.cache.changes().last();
    told.cache.changes().note("s-c");
    const auto c = cookies("s=c"), d = cookies("s=d");
    told.insert(c, "s-c", before);
    CHECK_FALSE(told.has(c));
    told.insert(d, "s-d", before);  // the change was another's
    CHECK(told.has(d));
    told.cache.changes().note_all();
    told.insert(d, "s-d", before);
    CHECK_FALSE(told.has(d));
  }

  TEST_CASE(
      "F-427: when anything may have changed, nothing from a store is left, and all else is") {
    Told told;
    const auto own = cookies("s=own");
    const TokenImage token("token");
    told.cache.insert(CookieImage(own, "s"), 1, session_of("ann"));
    told.cache.insert(token, 1, session_of("program"), at_unix(100));
    told.cache.changes().note_all();
    CHECK_FALSE(told.has(told.a));
    CHECK_FALSE(told.has(told.b));
    CHECK(told.cache.find(CookieImage(own, "s"), 1));
    CHECK(told.cache.find(token, 1, at_unix(101)));
  }

  TEST_CASE("F-427: while the store does not tell, or not recently, nothing from it is found") {
    Told told;
    CHECK(told.has(told.a, 105s - 1ns));
    CHECK_FALSE(told.has(told.a, 105s));
    CHECK(told.has(told.a, 105s, 10s));
    CHECK_FALSE(told.has(told.a, 101s, 0s));
    told.cache.changes().told_until(RecordChanges::never);
    CHECK_FALSE(told.has(told.a));
    told.cache.changes().told_until(106s);
    CHECK(told.has(told.a, 107s));
    CHECK_FALSE(told.has(told.a, 200s, 1h));  // to be asked for again, however well it tells
  }

  TEST_CASE("find: beyond those kept as they are, sessions are packed, and come back whole") {
    Crowd crowd;
    const auto first = crowd.find(0);
    REQUIRE(first);
    CHECK(first != crowd.made[0]);
    CHECK(first->email == "0@example.com");
    CHECK(first->access_token == crowd.made[0]->access_token);
    CHECK(first->ends_at == crowd.made[0]->ends_at);
    REQUIRE(first->ticket);
    CHECK(first->ticket->id == Crowd::id_of(0));
    CHECK(crowd.find(0) == first);  // one of those again
    CHECK(crowd.find(Crowd::num - 1) == crowd.made.back());
    for (int i = 1; i < Crowd::num; ++i) {
      const auto found = crowd.find(i);
      REQUIRE(found);
      CHECK(found->user == crowd.made[static_cast<std::size_t>(i)]->user);
    }
    CHECK(crowd.find(0) != first);  // and packed again behind all others
  }

  TEST_CASE("find: sessions that are mostly tokens stay as they are, however many") {
    Crowd crowd;
    session::Session large;
    large.access_token = Secret(std::string(2001, 't'));
    const TokenImage token("token");
    const auto kept = std::make_shared<const session::Session>(std::move(large));
    crowd.cache.insert(token, 1, kept, at_unix(100));
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < Crowd::num; ++i) CHECK(crowd.find(i));
      CHECK(crowd.cache.find(token, 1, at_unix(101)) == kept);
    }
  }

  TEST_CASE("F-427: a packed session goes with a change of its record, and others stay") {
    Crowd crowd;
    crowd.cache.changes().note(Crowd::id_of(1));
    const auto bytes = crowd.cache.size_bytes();
    CHECK(crowd.find(1) == nullptr);
    CHECK(crowd.cache.size_bytes() < bytes);
    CHECK(crowd.find(2));
    CHECK(crowd.find(2, 200s) == nullptr);  // to be asked for again
    CHECK(crowd.find(3, 200s) == nullptr);
  }

  TEST_CASE("find: with packed sessions every byte is counted, in and out, in any order") {
    Crowd crowd;
    int num_found = 0;
    for (int i = 0; i < 3 * Crowd::num; ++i) {
      const auto which = i * 7919 % Crowd::num;
      const bool is_changed = i % 11 == 0;
      if (is_changed) crowd.cache.changes().note(Crowd::id_of(which));
      const auto found = crowd.find(which);
      if (is_changed) CHECK(found == nullptr);
      if (found) CHECK(found->user == std::to_string(which));
      num_found += found ? 1 : 0;
    }
    CHECK(num_found > Crowd::num);
    crowd.cache.changes().note_all();
    CHECK(crowd.cache.size_bytes() > 0);
    for (int i = 0; i < Crowd::num; ++i) CHECK(crowd.find(i) == nullptr);
    CHECK(crowd.cache.size_bytes() == 0);
    for (int i = 0; i < 64; ++i) crowd.insert(i);
    for (int i = 0; i < 64; ++i) CHECK(crowd.find(i) == crowd.made[static_cast<std::size_t>(i)]);
  }

  TEST_CASE(
      "find: what is opened again stays within the bytes, the least recently used out first") {
    // Room for somewhat more than the sessions that are kept as they are.
    constexpr std::size_t max_bytes = SessionCache::max_recent * 1100;
    Crowd crowd(max_bytes);
    CHECK(crowd.cache.size_bytes() <= max_bytes);
    int num_found = 0;
    for (int i = 0; i < Crowd::num; ++i) {
      num_found += crowd.find(i) ? 1 : 0;
      REQUIRE(crowd.cache.size_bytes() <= max_bytes);
    }
    CHECK(num_found > Crowd::num / 8);
    CHECK(num_found < Crowd::num);
    CHECK(crowd.find(Crowd::num - 1));
  }

  TEST_CASE("find: a packed session of more than a record may have is forgotten, not cut short") {
    Crowd crowd;
    session::msgpack::Value deep;
    for (std::size_t i = 0; i <= session::msgpack::max_depth; ++i)
      deep =
          session::msgpack::Value(session::msgpack::Value::Data(session::msgpack::Array(1, deep)));
    session::Session session;
    session.additional_claims = {{"deep", deep}};
    const TokenImage token("token");
    crowd.cache.insert(token, 1, std::make_shared<const session::Session>(std::move(session)),
                       at_unix(100));
    CHECK(crowd.cache.find(token, 1, at_unix(101)));
    for (int i = 0; i < Crowd::num; ++i) (void)crowd.find(i);
    const auto bytes = crowd.cache.size_bytes();
    CHECK(crowd.cache.find(token, 1, at_unix(101)) == nullptr);
    CHECK(crowd.cache.size_bytes() < bytes);
  }
}
