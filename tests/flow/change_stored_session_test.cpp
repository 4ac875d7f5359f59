#include "flow/change_stored_session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "flow/refresh_stored_session.hpp"
#include "session/host_data.hpp"
#include "session/lifetime.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;
using What = flow::StoreCall::What;

namespace {

// Somebody who signed in ten minutes ago, where sessions end half an hour after their last use.
struct Stored {
  World world;
  session::Session session;
  Stored() {
    world.keep_in_store();
    world.context->session.idle_timeout = 30min;
    session = world.sign_in();
    REQUIRE(session.ticket);
    world.driver.seen.clear();
    world.driver.now = world.driver.now + 10min;
  }
  void move_to(Duration age) {
    const auto& begun = *session.created_at;
    world.driver.now = at_unix(begun.seconds) + std::chrono::nanoseconds(begun.nanos) + age;
  }
  Result<flow::SharedSession> change(flow::ChangeStored::Change change) {
    flow::ChangeStored in(world.context);
    in.ticket = session.ticket;
    in.at = world.driver.now;
    in.change = std::move(change);
    return world.driver.run(flow::change_stored_session(std::move(in)));
  }
  Result<flow::SharedSession> note_use() {
    return change(flow::noting_use(world.context, world.driver.now));
  }
  std::string& record() { return world.store.records[session.ticket->id]; }
  void write(const session::Session& changed) {
    record() = session::seal_record(world.context->session, *world.context->gcm, *session.ticket,
                                    changed, *world.context->entropy)
                   .value();
  }
  // `act` runs at the nth call of this kind, before it is answered.
  void at_call(What what, int nth, std::function<void()> act) {
    world.driver.on_store = [this, what, nth, act, seen = 0](const flow::StoreCall& call) mutable {
      if (call.what == what && ++seen == nth) act();
      return world.store.answer(call);
    };
  }
  std::ptrdiff_t num_swaps() const {
    const auto& seen = world.driver.seen;
    return std::count(seen.begin(), seen.end(), "store swap");
  }
};

flow::ChangeStored::Change renaming(std::string user) {
  return [user](const session::Session& session) {
    auto changed = session;
    changed.user = user;
    return Result<std::optional<session::Session>>(std::move(changed));
  };
}

}  // namespace

TEST_SUITE("flow/change_stored_session") {
  TEST_CASE("F-247: a use is noted, and the record is kept for as long as it lasts unused") {
    Stored one;
    const auto at = session::to_timestamp(one.world.driver.now);
    const auto noted = one.note_use().value();
    REQUIRE(noted);
    CHECK(noted->last_used == at);
    CHECK(one.world.session()->last_used == at);
    CHECK(one.world.session()->created_at == one.session.created_at);
    CHECK(one.world.store.lifetimes.at(one.session.ticket->id) == 31min);
    CHECK(one.world.driver.seen == std::vector<std::string>{"store get", "store swap"});
  }

  TEST_CASE("F-247: where a use was noted within a minute nothing is written") {
    Stored one;
    CHECK(one.note_use().ok());
    one.world.driver.now = one.world.driver.now + 50s;
    const auto before = one.record();
    const auto noted = one.note_use().value();
    REQUIRE(noted);
    CHECK(one.record() == before);
    CHECK(one.num_swaps() == 1);
    one.world.driver.now = one.world.driver.now + 10s;
    CHECK(one.note_use().ok());
    CHECK(one.num_swaps() == 2);
  }

  TEST_CASE("F-247: a use noted by a clock that was wrong is put right") {
    Stored one;
    auto wrong = *one.world.session();
    wrong.last_used = session::to_timestamp(one.world.driver.now + 24h);
    one.write(wrong);
    const auto at = session::to_timestamp(one.world.driver.now);
    CHECK(one.note_use().value()->last_used == at);
  }

  TEST_CASE("F-270: noting a use brings no session back that was signed out, whenever it was") {
    for (const auto what : {What::get, What::swap}) {
      Stored one;
      one.at_call(what, 1, [&] { one.world.store.records.clear(); });
      const auto noted = one.note_use();
      REQUIRE(noted.ok());
      CHECK_FALSE(*noted);
      CHECK(one.world.store.records.empty());
    }
  }

  TEST_CASE("F-247: noting a use undoes no refresh beside it, whenever that came") {
    for (const auto what : {What::get, What::swap}) {
      Stored one;
      auto renewed = *one.world.session();
      renewed.refresh_token = Secret("the successor");
      renewed.created_at = session::to_timestamp(one.world.driver.now);
      one.at_call(what, 1, [&] { one.write(renewed); });
      REQUIRE(one.note_use().ok());
      CHECK(one.world.session()->refresh_token == renewed.refresh_token);
      CHECK(one.world.session()->created_at == renewed.created_at);
      CHECK_FALSE(one.world.session()->last_used);  // the refresh was a use
    }
  }

  TEST_CASE(
      "F-247: a refresh undoes no use that was noted beside it, whole flow beside whole flow") {
    for (int nth = 1; nth <= 2; ++nth) {  // before the record is read, before it is swapped
      Stored one;
      flow::RefreshSession in(one.world.context);
      in.provider = one.world.state;
      in.session = std::make_shared<const session::Session>(one.session);
      one.at_call(nth == 1 ? What::get : What::swap, 1, [&] {
        auto inner = one.world.driver;  // another process, whose store is the same
        inner.on_store = [&](const flow::StoreCall& call) { return one.world.store.answer(call); };
        flow::ChangeStored use(one.world.context);
        use.ticket = one.session.ticket;
        use.at = inner.now;
        use.change = flow::noting_use(one.world.context, inner.now);
        REQUIRE(inner.run(flow::change_stored_session(std::move(use))).ok());
      });
      const auto renewed = one.world.driver.run(flow::refresh_stored_session(std::move(in)));
      REQUIRE(renewed.ok());
      CHECK(one.world.session()->refresh_token == renewed->refresh_token);
      CHECK_FALSE(session::is_use_due(*one.world.session(), one.world.context->session,
                                      one.world.driver.now));
    }
  }

  TEST_CASE("F-420: of two who write different names at once neither loses anything") {
    Stored one;
    const auto setting = [&](std::string name) {
      return flow::setting_data(one.world.context, std::move(name), "v", one.world.driver.now);
    };
    one.at_call(What::swap, 1, [&] {
      auto inner = one.world.driver;
      inner.on_store = [&](const flow::StoreCall& call) { return one.world.store.answer(call); };
      flow::ChangeStored other(one.world.context);
      other.ticket = one.session.ticket;
      other.at = inner.now;
      other.change = setting("theirs");
      REQUIRE(inner.run(flow::change_stored_session(std::move(other))).ok());
    });
    REQUIRE(one.change(setting("ours")).ok());
    CHECK(session::data_of(*one.world.session()).size() == 2);
  }

  TEST_CASE(
      "F-420: data that is refused, or with which the record is too large: nothing is written") {
    Stored one;
    const auto before = one.record();
    const auto at = one.world.driver.now;
    CHECK(one.change(flow::setting_data(one.world.context, "a b", "v", at)).error().status ==
          Status::invalid_argument);
    one.world.context->session.record_limit = before.size();
    const auto large = std::string(before.size(), 'x');
    CHECK(one.change(flow::setting_data(one.world.context, "a", large, at)).error().status ==
          Status::data_too_large);
    CHECK(one.record() == before);
  }

  TEST_CASE("a session that is over is not changed: idle, or past its end") {
    Stored one;
    one.move_to(31min - 1ns);
    CHECK(one.change(renaming("x")).value());
    Stored two;
    two.move_to(31min);
    CHECK_FALSE(two.change(renaming("x")).value());
    CHECK(two.num_swaps() == 0);
    Stored three;
    three.world.context->session.max_lifetime = 10min;
    CHECK_FALSE(three.change(renaming("x")).value());
    CHECK(three.num_swaps() == 0);
  }

  TEST_CASE("a change is made anew on what another process has put there, sixteen times at most") {
    Stored one;
    one.at_call(What::swap, 1, [&] {
      auto others = one.session;
      others.email = "elsewhere@example.com";
      one.write(others);
    });
    const auto changed = one.change(renaming("here")).value();
    CHECK(changed->user == "here");
    CHECK(changed->email == "elsewhere@example.com");
    CHECK(one.world.session()->user == "here");

    Stored two;
    two.world.driver.on_store = [&](const flow::StoreCall& call) {
      if (call.what == What::swap) two.write(two.session);
      return two.world.store.answer(call);
    };
    CHECK(two.change(renaming("here")).error().status == Status::store_unreachable);
    CHECK(two.num_swaps() == 16);
    CHECK(two.world.session()->user == "alice");
  }

  TEST_CASE("a change that is refused, or a store that is down: an error, and nothing is written") {
    Stored one;
    const auto before = one.record();
    const auto refused = one.change([](const session::Session&) {
      return Result<std::optional<session::Session>>(Error{Status::invalid_argument, "no"});
    });
    CHECK(refused.error().status == Status::invalid_argument);
    CHECK(one.record() == before);
    one.world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::store_unreachable, "gone"};
    };
    CHECK(one.change(renaming("x")).error().status == Status::store_unreachable);
  }
}
