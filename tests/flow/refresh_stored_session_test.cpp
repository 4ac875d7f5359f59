#include "flow/refresh_stored_session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <new>

#include "flow/load_session.hpp"
#include "hooks.hpp"
#include "session/host_data.hpp"
#include "session/lifetime.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;
using What = flow::StoreCall::What;

namespace {

// Somebody who signed in an hour ago, whose session is in the store.
struct Stored {
  World world;
  std::shared_ptr<const session::Session> session;
  std::shared_ptr<const session::Session> not_put;  // as on_not_put was told
  bool takes_over = true;                           // ... and what it says
  bool throws = false;                              // ... or that it has no memory
  bool is_over = false;                             // as the engine knows
  std::string left_out;
  Stored() {
    world.keep_in_store();
    session = std::make_shared<const session::Session>(world.sign_in());
    REQUIRE(session->ticket);
    world.driver.seen.clear();
    world.driver.now = world.driver.now + 1h;
  }
  Result<session::Session> refresh() {
    flow::RefreshSession in(world.context);
    in.provider = world.state;
    in.session = session;
    in.on_not_put = [this](const auto&, const auto& one) {
      not_put = one;
      if (throws) throw std::bad_alloc();
      return takes_over;
    };
    in.last_patience = 10s;
    in.is_over = [this](const auto&, const auto&) { return is_over; };
    in.on_left_out = [this](const std::string& tokens) { left_out = tokens; };
    return world.driver.run(flow::refresh_stored_session(std::move(in)));
  }
  Result<bool> put_again() { return world.driver.run(flow::put_renewed(world.context, not_put)); }
  Status status() {
    const auto renewed = refresh();
    return renewed.ok() ? Status::ok : renewed.error().status;
  }
  std::string lock() const { return session::lock_key(*session->ticket); }

  // Another process has renewed it: the store holds a newer session.
  void renew_elsewhere() {
    auto newer = *session;
    newer.user = "renewed elsewhere";
    newer.created_at = session::to_timestamp(world.driver.now);
    world.store.records[session->ticket->id] =
        session::seal_record(world.context->session, *world.context->gcm, *session->ticket, newer,
                             *world.context->entropy)
            .value();
  }
  // Another process notes a use, which is no refresh.
  void use_elsewhere() {
    auto used = *world.session();
    used.last_used = session::to_timestamp(world.driver.now);
    world.store.records[session->ticket->id] =
        session::seal_record(world.context->session, *world.context->gcm, *session->ticket, used,
                             *world.context->entropy)
            .value();
  }
  // `act` runs at the nth call of this kind, before it is answered.
  void at_call(What what, int nth, std::function<void()> act) {
    world.driver.on_store = [this, what, nth, act, seen = 0](const flow::StoreCall& call) mutable {
      if (call.what == what && ++seen == nth) act();
      return world.store.answer(call);
    };
  }
  void store_is_back() {
    world.driver.on_store = [this](const flow::StoreCall& call) {
      return world.store.answer(call);
    };
  }
  // The provider refuses the grant; `meanwhile` happens before.
  void refuse(std::function<void()> meanwhile) {
    world.driver.on_http = [meanwhile](const HttpCall&, Instant) -> Result<HttpReply> {
      meanwhile();
      HttpReply reply;
      reply.status = 400;
      reply.body = R"({"error":"invalid_grant"})";
      return reply;
    };
  }
  void lose_lock() { world.store.locks[lock()] = "another process"; }
  void fail(What what) {
    world.driver.on_store = [this, what](const flow::StoreCall& call) -> Result<flow::StoreReply> {
      if (call.what == what) return Error{Status::store_unreachable, "gone"};
      return world.store.answer(call);
    };
  }
};

}  // namespace

TEST_SUITE("flow/refresh_stored_session") {
  TEST_CASE("F-403: lock, look, renew, swap under the same ticket, unlock") {
    Stored one;
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(one.world.driver.seen == std::vector<std::string>{"store lock", "store get",
                                                            "POST https://idp.example/token",
                                                            "store swap", "store unlock"});
    CHECK(renewed->ticket == one.session->ticket);
    CHECK_FALSE(renewed->refresh_token == one.session->refresh_token);
    CHECK(one.world.session()->refresh_token == renewed->refresh_token);
    CHECK(one.world.store.locks.empty());
    CHECK(one.world.store.lifetimes.at(one.session->ticket->id) ==
          one.world.context->session.cookie_expire);
    CHECK(one.world.driver.must_finish);
  }

  TEST_CASE(
      "F-403: while another process holds the lock its result is waited for, no grant is sent") {
    Stored one;
    one.world.store.locks[one.lock()] = "another process";
    one.at_call(What::get, 4, [&] { one.renew_elsewhere(); });
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(renewed->user == "renewed elsewhere");
    CHECK(one.world.provider.num_refreshes == 0);
    CHECK(one.world.driver.delays == std::vector<Duration>(4, 50ms));
    CHECK(one.world.store.locks.at(one.lock()) == "another process");
  }

  TEST_CASE("F-403: the lock came after the other's result: no second grant") {
    Stored one;
    one.at_call(What::get, 1, [&] { one.renew_elsewhere(); });
    CHECK(one.refresh()->user == "renewed elsewhere");
    CHECK(one.world.provider.num_refreshes == 0);
    CHECK(one.world.store.locks.empty());
  }

  TEST_CASE("F-403: a lock that is never released is waited for fifteen seconds, no longer") {
    Stored one;
    one.world.store.locks[one.lock()] = "a process that hangs";
    const auto begun = one.world.driver.now;
    CHECK(one.status() == Status::store_unreachable);
    const auto waited = one.world.driver.now.steady - begun.steady;
    CHECK(waited >= 15s);
    CHECK(waited < 16s);
    CHECK(one.world.provider.num_refreshes == 0);
  }

  TEST_CASE("F-403: the leader died with its lock: whoever comes next takes over with one grant") {
    Stored one;
    one.world.store.locks[one.lock()] = "a process that was killed";
    one.at_call(What::lock, 3, [&] { one.world.store.locks.clear(); });  // its lease is over
    CHECK(one.refresh().ok());
    CHECK(one.world.provider.num_refreshes == 1);
  }

  TEST_CASE("frozen for longer than the lease: the other's newer result stays") {
    Stored one;
    one.at_call(What::swap, 1, [&] {
      one.world.driver.now = one.world.driver.now + 1min;
      one.renew_elsewhere();
      one.world.store.locks[one.lock()] = "the next one";
    });
    CHECK(one.refresh()->user == "renewed elsewhere");
    CHECK(one.world.session()->user == "renewed elsewhere");
    CHECK(one.world.store.locks.at(one.lock()) == "the next one");
  }

  TEST_CASE("frozen for longer than the lease, and nobody came: the new tokens are kept") {
    Stored one;
    one.at_call(What::swap, 1, [&] { one.world.store.locks.clear(); });
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(one.world.session()->refresh_token == renewed->refresh_token);
  }

  TEST_CASE("F-270: signed out meanwhile: nothing is brought back") {
    Stored one;
    one.at_call(What::get, 1, [&] { one.world.store.records.clear(); });
    CHECK(one.status() == Status::grant_ended);
    CHECK(one.world.provider.num_refreshes == 0);

    Stored two;
    two.world.store.locks[two.lock()] = "another process";
    two.at_call(What::get, 2, [&] { two.world.store.records.clear(); });
    CHECK(two.status() == Status::grant_ended);
    CHECK(two.world.store.records.empty());

    Stored three;  // while the provider answers
    three.at_call(What::swap, 1, [&] { three.world.store.records.clear(); });
    CHECK(three.status() == Status::grant_ended);
    CHECK(three.world.provider.num_refreshes == 1);
    CHECK(three.world.store.records.empty());
  }

  TEST_CASE("F-420: a record that others changed meanwhile is no reason to lose the new tokens") {
    Stored one;
    one.at_call(What::swap, 1, [&] { one.use_elsewhere(); });
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(one.world.provider.num_refreshes == 1);
    CHECK(one.world.session()->refresh_token == renewed->refresh_token);
    CHECK(one.world.driver.seen ==
          std::vector<std::string>{"store lock", "store get", "POST https://idp.example/token",
                                   "store swap", "store get", "store swap", "store unlock"});

    Stored two;  // changed, then signed out
    two.world.driver.on_store = [&, num_gets = 0](const flow::StoreCall& call) mutable {
      if (call.what == What::swap) two.use_elsewhere();
      if (call.what == What::get && ++num_gets == 2) two.world.store.records.clear();
      return two.world.store.answer(call);
    };
    CHECK(two.status() == Status::grant_ended);
    CHECK(two.world.store.records.empty());
  }

  TEST_CASE("F-420: data that was written beside a refresh stays, and so do the new tokens") {
    const auto write = [](Stored& one) {
      auto changed = *one.world.session();
      changed.data = std::make_shared<const session::HostData>(
          session::HostData{{{"cart", "three"}}, session::to_timestamp(one.world.driver.now)});
      one.world.store.records[one.session->ticket->id] =
          session::seal_record(one.world.context->session, *one.world.context->gcm,
                               *one.session->ticket, changed, *one.world.context->entropy)
              .value();
    };
    for (const auto what : {What::lock, What::get, What::swap}) {
      Stored one;
      one.at_call(what, 1, [&] { write(one); });
      const auto renewed = one.refresh();
      REQUIRE(renewed.ok());
      CHECK(session::find_data(*renewed, "cart") == "three");
      CHECK(*one.world.session()->data == *renewed->data);
      CHECK(one.world.session()->refresh_token == renewed->refresh_token);
      CHECK(one.world.provider.num_refreshes == 1);
    }
  }

  TEST_CASE("F-420: a record that changes without end: the new tokens count in this process") {
    Stored one;
    one.world.driver.on_store = [&](const flow::StoreCall& call) {
      if (call.what == What::swap) one.use_elsewhere();
      return one.world.store.answer(call);
    };
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK_FALSE(renewed->refresh_token == one.session->refresh_token);
    const auto& seen = one.world.driver.seen;
    CHECK(std::count(seen.begin(), seen.end(), "store swap") == 16);
    CHECK(one.world.store.locks.empty());
  }

  TEST_CASE("a swap whose reply was lost is no conflict: the same bytes are sent again") {
    Stored one;
    bool is_lost = false;
    one.world.driver.on_store = [&](const flow::StoreCall& call) -> Result<flow::StoreReply> {
      auto reply = one.world.store.answer(call);
      if (call.what != What::swap || std::exchange(is_lost, true)) return reply;
      return Error{Status::store_unreachable, "gone"};
    };
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(one.world.session()->refresh_token == renewed->refresh_token);
    const auto& seen = one.world.driver.seen;
    CHECK(std::count(seen.begin(), seen.end(), "store swap") == 2);
    CHECK(std::count(seen.begin(), seen.end(), "store get") == 1);
  }

  TEST_CASE("OP-17: the provider ended the grant: the record goes; trouble leaves it") {
    Stored one;
    one.world.driver.on_http = [](const HttpCall&, Instant) -> Result<HttpReply> {
      HttpReply reply;
      reply.status = 400;
      reply.body = R"({"error":"invalid_grant"})";
      return reply;
    };
    CHECK(one.status() == Status::grant_ended);
    CHECK(one.world.num_sessions() == 0);
    CHECK(one.world.store.locks.empty());

    Stored two;
    two.world.driver.on_http = [](const HttpCall&, Instant) -> Result<HttpReply> {
      return Error{Status::provider_unreachable, "refused"};
    };
    CHECK(two.status() == Status::provider_unreachable);
    CHECK(two.world.num_sessions() == 1);
    CHECK(two.world.store.locks.empty());
  }

  TEST_CASE("F-258: `ended` is told once it is certain, not where another process was faster") {
    for (const bool is_faster : {false, true}) {
      Stored one;
      Hooks hooks;
      one.world.context->hooks = hooks.all();
      one.refuse([&] {
        if (is_faster) one.renew_elsewhere();
      });
      CHECK(one.status() == (is_faster ? Status::ok : Status::grant_ended));
      CHECK(hooks.moments() ==
            (is_faster ? std::vector<std::string>{} : std::vector<std::string>{"ended"}));
    }
  }

  TEST_CASE("F-247: a session is not renewed past its end, and its record is kept no longer") {
    Stored one;
    one.world.context->session.max_lifetime = 90min;
    CHECK(one.refresh().ok());
    CHECK(one.world.store.lifetimes.at(one.session->ticket->id) == 30min);

    Stored two;
    two.world.context->session.max_lifetime = 1h;
    CHECK(two.status() == Status::grant_ended);
    CHECK(two.world.provider.num_refreshes == 0);
    CHECK(two.world.store.locks.empty());
  }

  TEST_CASE("a store that is down before the grant: nothing is sent") {
    for (const auto what : {What::lock, What::get}) {
      Stored one;
      one.fail(what);
      CHECK(one.status() == Status::store_unreachable);
      CHECK(one.world.provider.num_refreshes == 0);
    }
  }

  TEST_CASE("F-403: what nobody takes over, the engine ends or has no memory, goes on by itself") {
    enum class Host { refuses, takes_over, throws };
    for (const auto host : {Host::refuses, Host::takes_over, Host::throws}) {
      const bool takes_over = host == Host::takes_over;
      CAPTURE(static_cast<int>(host));
      Stored one;
      one.takes_over = takes_over;
      one.throws = host == Host::throws;
      int num_swaps = 0;
      one.world.driver.on_store = [&](const flow::StoreCall& call) -> Result<flow::StoreReply> {
        if (call.what == What::swap && ++num_swaps < 20) {
          return Error{Status::store_unreachable, "gone"};
        }
        return one.world.store.answer(call);
      };
      const auto renewed = one.refresh();
      REQUIRE(renewed.ok());
      REQUIRE(one.not_put);
      const auto stored = one.world.session();
      REQUIRE(stored.ok());
      CHECK((stored->refresh_token == renewed->refresh_token) == !takes_over);
    }
  }

  TEST_CASE("F-270: denied, or ended, by the time its new tokens are put: its record goes") {
    Stored one;
    one.at_call(What::swap, 1, [&] { one.is_over = true; });
    CHECK(one.refresh().ok());  // whoever renews has the last word
    CHECK(one.world.num_sessions() == 0);
    CHECK_FALSE(one.not_put);
    Stored two;
    CHECK(two.refresh().ok());
    CHECK(two.world.num_sessions() == 1);
    Stored three;  // whose store does not erase it: later
    three.is_over = true;
    three.fail(What::erase);
    CHECK(three.refresh().ok());
    CHECK(three.not_put);
  }

  TEST_CASE("F-403: ... for so long, and no longer") {
    Stored one;
    one.takes_over = false;
    one.fail(What::swap);
    const auto begun = one.world.driver.now;
    REQUIRE(one.refresh().ok());
    CHECK(one.world.driver.now.steady - begun.steady > 10s);
    CHECK(one.world.driver.now.steady - begun.steady < 20s);
  }

  TEST_CASE("a store that goes down after the grant: put again for a while, and kept here") {
    Stored one;
    one.fail(What::swap);
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK_FALSE(renewed->refresh_token == one.session->refresh_token);
    const auto& seen = one.world.driver.seen;
    CHECK(std::count(seen.begin(), seen.end(), "store swap") == 7);
    CHECK(one.world.provider.num_refreshes == 1);
    REQUIRE(one.not_put);
    CHECK(one.not_put->refresh_token == renewed->refresh_token);

    Stored two;
    int num_failures = 0;
    two.world.driver.on_store = [&](const flow::StoreCall& call) -> Result<flow::StoreReply> {
      if (call.what == What::swap && ++num_failures < 3) {
        return Error{Status::store_unreachable, "gone"};
      }
      return two.world.store.answer(call);
    };
    CHECK(two.world.session()->refresh_token == two.session->refresh_token);
    const auto kept = two.refresh();
    CHECK(two.world.session()->refresh_token == kept->refresh_token);
  }

  TEST_CASE(
      "put_renewed: new tokens reach the store once it is back, unless they are old by then") {
    Stored one;
    one.fail(What::swap);
    const auto renewed = one.refresh();
    REQUIRE(one.not_put);
    CHECK(one.put_again().error().status == Status::store_unreachable);
    CHECK(one.world.session()->refresh_token == one.session->refresh_token);
    one.store_is_back();
    CHECK(one.put_again().ok());
    CHECK(one.world.session()->refresh_token == renewed->refresh_token);

    one.world.driver.now = one.world.driver.now + 1h;
    one.renew_elsewhere();
    CHECK(one.put_again().ok());
    CHECK(one.world.session()->user == "renewed elsewhere");

    one.world.store.records.clear();
    CHECK(one.put_again().ok());
    CHECK(one.world.num_sessions() == 0);
  }

  TEST_CASE("put_renewed: a use that was noted after the renewal stays noted") {
    Stored one;
    one.world.context->session.idle_timeout = std::chrono::hours(2);
    one.fail(What::swap);
    const auto renewed = one.refresh();
    REQUIRE(one.not_put);
    one.world.driver.now = one.world.driver.now + 10min;
    one.store_is_back();
    const auto used_at = session::to_timestamp(one.world.driver.now);
    one.use_elsewhere();
    CHECK(one.put_again().ok());
    CHECK(one.world.session()->refresh_token == renewed->refresh_token);
    REQUIRE(one.world.session()->last_used);
    CHECK(one.world.session()->last_used->seconds == used_at.seconds);
  }

  TEST_CASE("held up before its grant: invalid_grant means that another process was faster") {
    Stored one;  // it has put its result already
    one.refuse([&] { one.renew_elsewhere(); });
    CHECK(one.refresh()->user == "renewed elsewhere");
    CHECK(one.world.num_sessions() == 1);

    Stored two;  // it has the lock, and will
    two.refuse([&] { two.lose_lock(); });
    two.at_call(What::get, 5, [&] { two.renew_elsewhere(); });
    CHECK(two.refresh()->user == "renewed elsewhere");
    CHECK(two.world.num_sessions() == 1);
    CHECK(two.world.store.locks.at(two.lock()) == "another process");

    Stored three;  // it ends the session
    three.refuse([&] { three.lose_lock(); });
    three.at_call(What::get, 5, [&] { three.world.store.records.clear(); });
    CHECK(three.status() == Status::grant_ended);

    Stored four;  // it never comes to an end: nothing is erased
    four.refuse([&] { four.lose_lock(); });
    CHECK(four.status() == Status::store_unreachable);
    CHECK(four.world.num_sessions() == 1);

    Stored five;  // what has become of it cannot be seen: nothing is erased
    five.refuse([&] { five.fail(What::get); });
    CHECK(five.status() == Status::store_unreachable);
    CHECK(five.world.num_sessions() == 1);
  }

  TEST_CASE(
      "F-412: a record that would be too large goes without tokens, not without the new one") {
    Stored one;
    one.world.provider.edit_token_reply = [](JsonText& reply) {
      reply.set_string("access_token", std::string(4096, 'a'));
    };
    one.world.provider.refresh_with_id_token = false;
    one.world.context->session.record_limit = 4096;
    const auto renewed = one.refresh();
    REQUIRE_MESSAGE(renewed.ok(), renewed.error().text);
    CHECK(one.left_out.find("access token") != std::string::npos);
    CHECK(one.world.session()->refresh_token == renewed->refresh_token);
    CHECK_FALSE(renewed->refresh_token == one.session->refresh_token);
    CHECK(one.world.session()->access_token.empty());
  }

  TEST_CASE("F-258: new tokens that the host refuses are not put, and the record goes") {
    for (const auto* veto_at : {"", "refreshed"}) {
      Stored one;
      Hooks hooks;
      hooks.veto_at = veto_at;
      one.world.context->hooks = hooks.all();
      const auto renewed = one.refresh();
      CHECK(renewed.ok() == hooks.veto_at.empty());
      CHECK(one.world.num_sessions() == (renewed.ok() ? 1 : 0));
      CHECK(one.world.store.locks.empty());
      CHECK(hooks.moments() == std::vector<std::string>{"refreshed"});
      if (!renewed.ok()) CHECK(renewed.error().status == Status::vetoed);
    }
  }

  TEST_CASE("F-258: the engine ends while the hook waits: the new tokens are put, it is no veto") {
    Stored one;
    Hooks hooks;
    one.world.context->hooks = hooks.all();
    one.world.driver.fault = [](std::size_t, const flow::Effect& effect, flow::Reply good) {
      if (!std::holds_alternative<flow::HookCall>(effect)) return good;
      return flow::Reply(Error{Status::cancelled, "the engine ends"}, good.arrived);
    };
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK_FALSE(renewed->refresh_token == one.session->refresh_token);
    CHECK(one.world.session()->refresh_token == renewed->refresh_token);
    CHECK(one.world.store.locks.empty());
  }
}
