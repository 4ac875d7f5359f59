#include "engine/refresh_book.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "session/host_data.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

constexpr std::array<unsigned char, 16> key{4, 5, 6};

std::shared_ptr<const session::Session> session_with(std::string_view refresh_token,
                                                     std::int64_t created_at) {
  session::Session session;
  session.refresh_token = Secret(refresh_token);
  session.created_at = session::Timestamp{created_at, 0};
  return std::make_shared<const session::Session>(std::move(session));
}

std::shared_ptr<const session::Session> with(const session::Session& session,
                                             session::HostData data) {
  auto changed = session;
  changed.data = std::make_shared<const session::HostData>(std::move(data));
  return std::make_shared<const session::Session>(std::move(changed));
}

}  // namespace

TEST_SUITE("engine/refresh_book") {
  TEST_CASE("look_up: an empty book, a newest session and one without refresh token have none") {
    RefreshBook book(key);
    const auto old = session_with("r1", 100), renewed = session_with("r2", 200);
    CHECK_FALSE(book.look_up(*old, at_unix(200)).newer);
    (void)book.record(*old, renewed, at_unix(200));
    CHECK_FALSE(book.look_up(*renewed, at_unix(200)).newer);
    CHECK_FALSE(book.look_up(*session_with("", 100), at_unix(200)).newer);
    CHECK_FALSE(book.look_up(*session_with("r3", 100), at_unix(200)).newer);
  }

  TEST_CASE("look_up: the same refresh token of another sign-in is another session's") {
    RefreshBook book(key);
    const auto of = [](std::int64_t signed_in, std::int64_t created, std::string ticket) {
      auto session = *session_with("same", created);
      session.signed_in_at = session::Timestamp{signed_in, 0};
      if (!ticket.empty()) {
        session.ticket =
            std::make_shared<const session::Ticket>(session::Ticket{ticket, Secret("s")});
      }
      return std::make_shared<const session::Session>(std::move(session));
    };
    for (const std::string ticket : {"", "t1"}) {
      const auto renewed = of(100, 300, ticket);
      (void)book.record(*of(100, 100, ticket), renewed, at_unix(300));
      CHECK(book.look_up(*of(100, 100, ticket), at_unix(301)).newer == renewed);
      const auto other = ticket.empty() ? ticket : "t2";
      CHECK_FALSE(book.look_up(*of(200, 200, other), at_unix(301)).newer);
    }
    CHECK_FALSE(book.look_up(*of(100, 100, "t2"), at_unix(301)).newer);
  }

  TEST_CASE("look_up: a rotated token is followed where the format keeps no sign-in's time") {
    RefreshBook book(key);
    auto signed_in = *session_with("r1", 300);
    signed_in.signed_in_at = session::Timestamp{100, 0};
    const auto renewed = session_with("r2", 400), same = session_with("r1", 400);
    (void)book.record(signed_in, renewed, at_unix(400));
    CHECK(book.look_up(signed_in, at_unix(401)).newer == renewed);

    RefreshBook other(key);
    (void)other.record(signed_in, same, at_unix(400));
    CHECK_FALSE(other.look_up(signed_in, at_unix(401)).newer);  // may be another sign-in's
  }

  TEST_CASE("look_up: follows a chain to the newest") {
    RefreshBook book(key);
    const auto a = session_with("r1", 100), b = session_with("r2", 200),
               c = session_with("r3", 300);
    (void)book.record(*a, b, at_unix(200));
    (void)book.record(*b, c, at_unix(300));
    CHECK(book.look_up(*a, at_unix(301)).newer == c);
    CHECK(book.look_up(*b, at_unix(301)).newer == c);
  }

  TEST_CASE(
      "look_up: a provider that gives the same refresh token again replaces the older session "
      "only") {
    RefreshBook book(key);
    const auto a = session_with("same", 100), b = session_with("same", 200),
               c = session_with("same", 300);
    (void)book.record(*a, b, at_unix(200));
    CHECK(book.look_up(*a, at_unix(201)).newer == b);
    CHECK_FALSE(book.look_up(*b, at_unix(201)).newer);
    (void)book.record(*b, c, at_unix(300));
    CHECK(book.look_up(*a, at_unix(301)).newer == c);
    CHECK(book.look_up(*b, at_unix(301)).newer == c);
  }

  TEST_CASE("K-02: where a slow answer may bring the old cookie back it is known for the hour") {
    for (const bool comes_back : {true, false}) {
      RefreshBook book(key);
      const auto old = session_with("r1", 100), renewed = session_with("r2", 200);
      (void)book.record(*old, renewed, at_unix(200), comes_back);
      (void)book.look_up(*renewed, at_unix(202));  // seen
      CHECK(book.look_up(*old, at_unix(261)).newer == renewed);
      CHECK((book.look_up(*old, at_unix(263)).newer == renewed) == comes_back);
      CHECK((book.look_up(*old, at_unix(3799)).newer == renewed) == comes_back);
      CHECK_FALSE(book.look_up(*old, at_unix(3800)).newer);
    }
  }

  TEST_CASE("where there is no room, results that were seen go before those that nobody has") {
    RefreshBook book(key, 5'000);  // four
    const auto unseen = session_with("a1", 100), seen = session_with("b1", 100);
    const auto new_unseen = session_with("a2", 200), new_seen = session_with("b2", 200);
    (void)book.record(*unseen, new_unseen, at_unix(200), true);
    (void)book.record(*seen, new_seen, at_unix(200), true);
    (void)book.look_up(*new_seen, at_unix(201));
    for (const std::string name : {"c", "d", "e"}) {
      const auto old = session_with(name + "1", 100);
      (void)book.record(*old, session_with(name + "2", 200), at_unix(202), true);
    }
    CHECK(book.look_up(*unseen, at_unix(203)).newer == new_unseen);
    CHECK_FALSE(book.look_up(*seen, at_unix(203)).newer);
  }

  TEST_CASE("F-420: change: made on the newest known, and found from every older copy") {
    RefreshBook book(key);
    const auto old = session_with("r1", 100), renewed = session_with("r2", 200);
    int num_changes = 0;
    const auto change = [&](const session::Session& newest) {
      auto data = newest.data ? *newest.data : session::HostData();
      data.changed_at = session::Timestamp{1000, static_cast<unsigned>(++num_changes)};
      data.values.emplace_back(std::to_string(num_changes), "v");
      return Result(with(newest, std::move(data)));
    };
    const auto first = book.change(old, change, at_unix(150)).value();
    CHECK(book.look_up(*old, at_unix(150)).newer == first);
    const auto kept = book.record(*old, renewed, at_unix(200));
    REQUIRE(kept);
    CHECK(*kept->data == *first->data);  // written while the refresh was under way
    const auto second = book.change(old, change, at_unix(201)).value();
    CHECK(second->refresh_token == renewed->refresh_token);
    CHECK(session::data_of(*second).size() == 2);
    for (const auto& copy : {old, first, renewed, kept}) {
      CHECK(book.look_up(*copy, at_unix(202)).newer == second);
    }
    CHECK_FALSE(book.look_up(*second, at_unix(202)).newer);
  }

  TEST_CASE("F-420: change: what happens while it is made is neither lost nor waits for it") {
    RefreshBook book(key);
    const auto old = session_with("r1", 100), renewed = session_with("r2", 200);
    int num_asked = 0;
    const auto adding = [&](const std::string& name, const std::function<void()>& meanwhile = {}) {
      return [&num_asked, name, meanwhile](const session::Session& newest) {
        auto data = newest.data ? *newest.data : session::HostData();
        data.changed_at = session::Timestamp{1000, static_cast<unsigned>(++num_asked)};
        data.values.emplace_back(name, "v");
        if (num_asked == 1 && meanwhile) meanwhile();
        return Result(with(newest, std::move(data)));
      };
    };
    SUBCASE("another change, then a refresh") {
      const auto both =
          book.change(old,
                      adding("mine",
                             [&] {
                               CHECK_FALSE(book.look_up(*old, at_unix(150)).newer);
                               REQUIRE(book.change(old, adding("another's"), at_unix(150)).ok());
                               REQUIRE(book.record(*old, renewed, at_unix(200)));
                             }),
                      at_unix(150))
              .value();
      CHECK(num_asked == 3);
      CHECK(both->refresh_token == renewed->refresh_token);
      CHECK(session::data_of(*both).size() == 2);
      CHECK(book.look_up(*old, at_unix(201)).newer == both);
    }
    SUBCASE("its end") {
      const auto none = book.change(
          old, adding("mine", [&] { book.record_end(*old, at_unix(150)); }), at_unix(150));
      REQUIRE(none.ok());
      CHECK_FALSE(*none);
      CHECK(book.look_up(*old, at_unix(151)).is_over);
    }
  }

  TEST_CASE("change: one that is refused changes nothing, and none is made once it is over") {
    RefreshBook book(key);
    const auto old = session_with("r1", 100);
    const auto refuse = [](const session::Session&) {
      return Result<std::shared_ptr<const session::Session>>(Error{Status::data_too_large, {}});
    };
    CHECK(book.change(old, refuse, at_unix(150)).error().status == Status::data_too_large);
    CHECK_FALSE(book.look_up(*old, at_unix(150)).newer);
    book.record_end(*old, at_unix(160));
    const auto over = book.change(old, refuse, at_unix(170));
    REQUIRE(over.ok());
    CHECK_FALSE(*over);
  }

  TEST_CASE("change: however often a session changes, it takes no room from others") {
    RefreshBook book(key, 10'000);
    const auto other = session_with("other", 100), renewed = session_with("other 2", 200);
    (void)book.record(*other, renewed, at_unix(200));
    const auto old = session_with("r1", 100);
    std::uint32_t num_changes = 0;
    for (int i = 0; i < 100; ++i) {
      const auto change = [&](const session::Session& newest) {
        return Result(with(newest, {{}, session::Timestamp{1000, ++num_changes}}));
      };
      REQUIRE(book.change(old, change, at_unix(201)).ok());
    }
    CHECK(book.look_up(*other, at_unix(202)).newer == renewed);
    CHECK(book.look_up(*old, at_unix(202)).newer->data->changed_at->nanos == 100);
  }

  TEST_CASE("look_up: another provider's session with the same refresh token is another session") {
    RefreshBook book(key);
    session::Session other = *session_with("r1", 100);
    other.provider_id = "second";
    (void)book.record(*session_with("r1", 100), session_with("r2", 200), at_unix(200));
    CHECK_FALSE(book.look_up(other, at_unix(200)).newer);
  }

  TEST_CASE(
      "record: is kept for 60 s after the new cookie was seen, and for an hour if it never was") {
    RefreshBook book(key);
    const auto a = session_with("r1", 100), b = session_with("r2", 200);
    (void)book.record(*a, b, at_unix(200));
    CHECK(book.look_up(*a, at_unix(200 + 3599)).newer == b);
    CHECK_FALSE(book.look_up(*a, at_unix(200 + 3600)).newer);

    (void)book.record(*a, b, at_unix(10000));
    CHECK_FALSE(book.look_up(*b, at_unix(10010)).newer);  // seen
    CHECK(book.look_up(*a, at_unix(10010 + 59)).newer == b);
    CHECK_FALSE(book.look_up(*b, at_unix(10010 + 40)).newer);  // seen again: does not prolong
    CHECK_FALSE(book.look_up(*a, at_unix(10010 + 60)).newer);
  }

  TEST_CASE("record: stays within its bytes, the oldest out first") {
    RefreshBook book(key, 20 * 1024);
    const auto first = session_with("r-first", 1);
    (void)book.record(*first, session_with("n-first", 2), at_unix(100));
    for (int i = 0; i < 100; ++i) {
      (void)book.record(*session_with("r" + std::to_string(i), 1),
                        session_with("n" + std::to_string(i), 2), at_unix(100));
    }
    CHECK_FALSE(book.look_up(*first, at_unix(100)).newer);
    CHECK(book.look_up(*session_with("r99", 1), at_unix(100)).newer);
  }

  TEST_CASE("record_end: the session and what it replaced are over, for an hour") {
    RefreshBook book(key);
    const auto a = session_with("r1", 100), b = session_with("r2", 200);
    CHECK(book.record(*a, b, at_unix(200)));
    CHECK_FALSE(book.look_up(*a, at_unix(201)).is_over);
    book.record_end(*b, at_unix(300));
    CHECK(book.look_up(*a, at_unix(301)).is_over);
    CHECK(book.look_up(*b, at_unix(300 + 3599)).is_over);
    CHECK_FALSE(book.look_up(*b, at_unix(300 + 3600)).is_over);
    CHECK_FALSE(book.look_up(*session_with("r3", 100), at_unix(301)).is_over);
  }

  TEST_CASE(
      "record_end: a session that begins later is not meant, even with the same refresh token") {
    RefreshBook book(key);
    book.record_end(*session_with("same", 100), at_unix(300));
    CHECK(book.look_up(*session_with("same", 300), at_unix(301)).is_over);
    CHECK_FALSE(book.look_up(*session_with("same", 302), at_unix(302)).is_over);
    auto other = *session_with("same", 100);
    other.provider_id = "second";
    CHECK_FALSE(book.look_up(other, at_unix(301)).is_over);
  }

  TEST_CASE("record_end: leaves no trace of a session without a refresh token") {
    RefreshBook book(key);
    book.record_end(*session_with("", 100), at_unix(300));
    CHECK_FALSE(book.look_up(*session_with("", 100), at_unix(301)).is_over);
  }

  TEST_CASE("record_end: what a clock ahead of this one has made is over too, by its sign-in") {
    for (const bool has_sign_in : {true, false}) {
      RefreshBook book(key);
      auto made = *session_with("r1", 500);
      if (has_sign_in) made.signed_in_at = session::Timestamp{500, 0};
      book.record_end(made, at_unix(200));
      CHECK(book.look_up(made, at_unix(201)).is_over);
      auto later = made;
      later.created_at = session::Timestamp{400, 0};
      if (has_sign_in) later.signed_in_at = later.created_at;
      // Of another sign-in, with the same refresh token: known to be one only by its sign-in.
      CHECK(book.look_up(later, at_unix(401)).is_over == !has_sign_in);
    }
  }

  TEST_CASE("record_end: by its ticket a session is over whatever the clocks say") {
    RefreshBook book(key);
    auto made = *session_with("r1", 500);
    made.ticket = std::make_shared<const session::Ticket>(session::Ticket{"t1", Secret("s")});
    book.record_ticket_end("t1", at_unix(200));
    CHECK(book.look_up(made, at_unix(201)).is_over);
    made.ticket = std::make_shared<const session::Ticket>(session::Ticket{"t2", Secret("s")});
    CHECK_FALSE(book.look_up(made, at_unix(201)).is_over);
  }

  TEST_CASE("record: what came of a refresh was signed out before the request that waited knew") {
    for (const bool is_out : {false, true}) {
      RefreshBook book(key);
      const auto old = session_with("r1", 100), renewed = session_with("r2", 150);
      if (is_out) book.record_end(*renewed, at_unix(200));
      CHECK((book.record(*old, renewed, at_unix(201)) == nullptr) == is_out);
    }
  }

  TEST_CASE("record: a session that was signed out while its refresh was under way stays out") {
    RefreshBook book(key);
    const auto old = session_with("r1", 100), renewed = session_with("r2", 301);
    book.record_end(*old, at_unix(300));
    CHECK_FALSE(book.record(*old, renewed, at_unix(301)));
    CHECK(book.look_up(*old, at_unix(302)).is_over);
    CHECK_FALSE(book.look_up(*old, at_unix(302)).newer);
  }

  TEST_CASE(
      "may_try: pauses double from 1 s to 30 s, end with a success, and concern one provider") {
    RefreshBook book(key);
    CHECK(book.may_try("p", at_unix(0)));
    std::int64_t at = 0;
    for (const std::int64_t pause : {1, 2, 4, 8, 16, 30, 30}) {
      book.note_trouble("p", at_unix(at));
      CHECK_FALSE(book.may_try("p", at_unix(at + pause) - Duration(1)));
      CHECK(book.may_try("p", at_unix(at + pause)));
      CHECK(book.may_try("q", at_unix(at)));
      at += pause;
    }
    book.note_trouble("p", at_unix(at));
    book.note_success("p");
    CHECK(book.may_try("p", at_unix(at)));
  }
}
