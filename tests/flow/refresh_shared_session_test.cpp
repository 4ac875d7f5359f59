#include "flow/refresh_shared_session.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "beside.hpp"
#include "hooks.hpp"

using namespace gatelet;
using namespace gatelet::support;
using What = flow::StoreCall::What;

TEST_SUITE("flow/refresh_shared_session") {
  TEST_CASE("F-254: look, lock, look, renew, leave the result, unlock") {
    Beside one;
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(one.world.driver.seen == std::vector<std::string>{"store get", "store lock", "store get",
                                                            "POST https://idp.example/token",
                                                            "store swap", "store unlock"});
    CHECK_FALSE(renewed->refresh_token == one.session->refresh_token);
    CHECK(one.world.store.records.size() == 1);
    CHECK(one.world.store.lifetimes.at(one.place().key) == session::refresh_result_lifetime);
    CHECK(one.world.store.locks.empty());
    CHECK(one.world.driver.must_finish);
    for (const auto& [key, record] : one.world.store.records) {
      CHECK(key.starts_with("__Host-gatelet-"));
      CHECK_FALSE(holds_canary(key));
      CHECK_FALSE(holds_canary(record));
      CHECK(record.find("alice") == std::string::npos);
    }
  }

  TEST_CASE("K-02: a late request with the old cookie, at another process: no second grant") {
    Beside one;
    const auto renewed = one.refresh();
    const auto late = one.refresh_elsewhere();
    REQUIRE(late.ok());
    CHECK(late->refresh_token == renewed->refresh_token);
    CHECK(late->access_token == renewed->access_token);
    CHECK(late->user == "alice");
    CHECK(one.world.provider.num_refreshes == 1);
    CHECK(one.world.provider.num_reused == 0);
  }

  TEST_CASE("K-02: two renewals later the oldest cookie still leads to the newest session") {
    Beside one;
    const auto second = shared(one.refresh());
    one.world.driver.now = one.world.driver.now + 30min;
    const auto third = one.refresh(second);
    const auto late = one.refresh_elsewhere();
    REQUIRE(late.ok());
    CHECK(late->refresh_token == third->refresh_token);
    CHECK(one.world.provider.num_refreshes == 2);
    CHECK(one.world.provider.num_reused == 0);
  }

  TEST_CASE("K-02: a result whose tokens are over is renewed itself, under its own lock") {
    Beside one;
    one.world.context->session.refresh_before_expiry = 1min;
    const auto second = shared(one.refresh());
    one.world.driver.now = one.world.driver.now + 59min + 30s;
    one.world.driver.seen.clear();
    const auto late = shared(one.refresh());
    CHECK_FALSE(late->refresh_token == second->refresh_token);
    CHECK(one.world.driver.seen ==
          std::vector<std::string>{"store get", "store get", "store lock", "store get",
                                   "POST https://idp.example/token", "store swap", "store unlock"});
    CHECK(one.refresh_elsewhere()->refresh_token == late->refresh_token);
    CHECK(one.refresh_elsewhere(second)->refresh_token == late->refresh_token);
    CHECK(one.world.provider.num_refreshes == 2);
    CHECK(one.world.provider.num_reused == 0);
    CHECK(one.world.store.locks.empty());
  }

  TEST_CASE("K-02: whom the provider ended since is not let in by a result, in any process") {
    Beside one;
    one.world.context->session.refresh_before_expiry = 1min;
    (void)one.refresh();
    one.world.driver.now = one.world.driver.now + 59min + 30s;
    one.answer_with(400, R"({"error":"invalid_grant"})");
    CHECK(one.status() == Status::grant_ended);
    const auto late = one.refresh_elsewhere();
    REQUIRE_FALSE(late.ok());
    CHECK(late.error().status == Status::grant_ended);
    CHECK(one.world.provider.num_refreshes == 1);
  }

  TEST_CASE("a result that is over by now: as if it had been ended, and nothing is sent") {
    Beside one;
    (void)one.refresh();
    one.world.context->session.max_lifetime = 90min;
    one.world.driver.now = one.world.driver.now + 45min;
    CHECK(one.status() == Status::grant_ended);
    CHECK(one.world.provider.num_refreshes == 1);
  }

  TEST_CASE("the store goes down after a result was found: its own token is sent, never the old") {
    Beside one;
    one.world.context->session.refresh_before_expiry = 1min;
    one.world.context->session.session_ends_with_tokens = true;
    (void)one.refresh();
    one.world.driver.now = one.world.driver.now + 2h;
    one.fail(What::lock);
    CHECK(one.refresh().ok());
    CHECK(one.world.provider.num_refreshes == 2);
    CHECK(one.world.provider.num_reused == 0);
  }

  TEST_CASE("tokens that last no longer than a renewal takes: whoever waits takes what comes") {
    Beside one;
    one.world.context->session.refresh_before_expiry = 2h;  // longer than they last
    one.world.store.locks[one.lock()] = "another process";
    one.at_call(What::get, 4, [&] {
      one.world.store.locks.clear();
      CHECK(one.refresh_elsewhere().ok());
    });
    CHECK(one.refresh().ok());
    CHECK(one.world.provider.num_refreshes == 1);
  }

  TEST_CASE("F-403: while another process holds the lock its result is waited for") {
    Beside one;
    one.world.store.locks[one.lock()] = "another process";
    one.at_call(What::get, 4, [&] {
      const auto held = std::exchange(one.world.store.locks, {});
      CHECK(one.refresh_elsewhere().ok());
      one.world.store.locks = held;
    });
    CHECK(one.refresh().ok());
    CHECK(one.world.provider.num_refreshes == 1);
    CHECK(one.world.provider.num_reused == 0);
    CHECK(one.world.driver.delays == std::vector<Duration>(3, 50ms));
    CHECK(one.world.store.locks.at(one.lock()) == "another process");
  }

  TEST_CASE("F-403: the lock came after the other's result: no second grant") {
    Beside one;
    one.at_call(What::lock, 1, [&] { CHECK(one.refresh_elsewhere().ok()); });
    CHECK(one.refresh().ok());
    CHECK(one.world.provider.num_refreshes == 1);
    CHECK(one.world.provider.num_reused == 0);
    CHECK(one.world.store.locks.empty());
  }

  TEST_CASE("F-403: a lock that is never released is waited for fifteen seconds, no longer") {
    for (const bool ends_with_tokens : {false, true}) {
      Beside one;
      one.world.context->session.session_ends_with_tokens = ends_with_tokens;
      one.world.driver.now = one.world.driver.now + 1min;
      one.world.store.locks[one.lock()] = "a process that hangs";
      const auto begun = one.world.driver.now;
      CHECK(one.status() == Status::store_unreachable);  // no trouble of the provider's
      const auto waited = one.world.driver.now.steady - begun.steady;
      CHECK(waited >= 15s);
      CHECK(waited < 16s);
      CHECK(one.world.provider.num_refreshes == 0);
    }
  }

  TEST_CASE("F-403: the leader died before it sent anything: the next one takes over") {
    Beside one;
    one.world.store.locks[one.lock()] = "a process that was killed";
    one.at_call(What::lock, 3, [&] { one.world.store.locks.clear(); });  // its lease is over
    CHECK(one.refresh().ok());
    CHECK(one.world.provider.num_refreshes == 1);
  }

  TEST_CASE("F-403: the leader died with the provider's answer: one more grant, then the end") {
    Beside one;
    (void)one.refresh();
    one.world.store.records.clear();  // it never came to write
    const auto renewed = one.refresh_elsewhere();
    REQUIRE_FALSE(renewed.ok());
    CHECK(renewed.error().status == Status::grant_ended);
    CHECK(one.world.provider.num_reused == 1);
    // Nobody tries again, wherever the old cookie turns up.
    CHECK(one.refresh_elsewhere().error().status == Status::grant_ended);
    CHECK(one.status() == Status::grant_ended);
    CHECK(one.world.provider.num_reused == 1);
    CHECK(one.world.store.locks.empty());
  }

  TEST_CASE("frozen for longer than the lease: what another process left is kept, and taken") {
    Beside one;
    one.world.provider.rotate_refresh_tokens = false;  // both grants are good
    session::Session others;
    one.at_call(What::swap, 1, [&] {
      one.world.store.locks.clear();
      one.world.driver.now = one.world.driver.now + 1min;
      others = one.refresh_elsewhere().value();
    });
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(renewed->access_token == others.access_token);
    CHECK(one.refresh_elsewhere()->access_token == others.access_token);
    CHECK(one.world.provider.num_refreshes == 2);
  }

  TEST_CASE("frozen before its grant: invalid_grant means that another process was faster") {
    Beside one;
    one.world.driver.on_http = [&, is_first = true](const HttpCall& call,
                                                    Instant now) mutable -> Result<HttpReply> {
      if (!std::exchange(is_first, false)) return one.world.provider.answer(call, now);
      one.world.store.locks.clear();
      CHECK(one.refresh_elsewhere().ok());
      HttpReply reply;  // it knows that token no more
      reply.status = 400;
      reply.body = R"({"error":"invalid_grant"})";
      return reply;
    };
    CHECK(one.refresh().ok());
    CHECK(one.world.provider.num_refreshes == 1);
  }

  TEST_CASE("frozen before its grant: the other one has new tokens, and has not left them yet") {
    for (const bool comes : {true, false}) {
      Beside one;
      const auto key = one.place().key;
      std::string result;
      one.world.driver.on_http = [&](const HttpCall&, Instant) -> Result<HttpReply> {
        one.world.store.locks.clear();
        CHECK(one.refresh_elsewhere().ok());
        result = one.world.store.records.at(key);
        one.world.store.records.erase(key);
        one.world.store.locks[one.lock()] = "the other";
        HttpReply reply;
        reply.status = 400;
        reply.body = R"({"error":"invalid_grant"})";
        return reply;
      };
      int num_looks = 0;
      one.world.driver.on_store = [&](const flow::StoreCall& call) {
        const bool is_late = call.what == Beside::What::get && !result.empty() && ++num_looks == 5;
        if (is_late && comes) one.world.store.records[key] = result;
        return one.world.store.answer(call);
      };
      const auto renewed = one.refresh();
      CHECK(renewed.ok() == comes);
      // Whose result does not come is not said to be over: the store may know later.
      if (!comes) CHECK(renewed.error().status == Status::store_unreachable);
      CHECK(one.world.store.records.contains(key) == comes);
      CHECK(one.world.store.locks[one.lock()] == "the other");
      CHECK(one.world.provider.num_refreshes == 1);
    }
  }

  TEST_CASE("OP-17: invalid_grant, and nobody was faster: over in every process; trouble is not") {
    Beside one;
    const auto provider = one.world.driver.on_http;
    one.answer_with(400, R"({"error":"invalid_grant"})");
    CHECK(one.status() == Status::grant_ended);
    one.world.driver.on_http = provider;
    CHECK(one.refresh_elsewhere().error().status == Status::grant_ended);
    CHECK(one.world.provider.num_refreshes == 0);
    CHECK(one.world.store.locks.empty());

    Beside two;
    const auto good = two.world.driver.on_http;
    two.answer_with(503, "");
    CHECK(two.status() == Status::provider_unavailable);
    CHECK(two.world.store.records.empty());
    CHECK(two.world.store.locks.empty());
    two.world.driver.on_http = good;
    CHECK(two.refresh_elsewhere().ok());
  }

  TEST_CASE("F-258: `ended` is told once it is certain, not where another process was faster") {
    for (const bool is_faster : {false, true}) {
      Beside one;
      Hooks hooks;
      one.world.context->hooks = hooks.all();
      one.world.driver.on_http = [&one, is_faster](const HttpCall&, Instant) -> Result<HttpReply> {
        if (is_faster) {
          one.world.store.locks.clear();
          CHECK(one.refresh_elsewhere().ok());
        }
        HttpReply reply;
        reply.status = 400;
        reply.body = R"({"error":"invalid_grant"})";
        return reply;
      };
      CHECK(one.status() == (is_faster ? Status::ok : Status::grant_ended));
      CHECK(hooks.moments() == std::vector<std::string>{is_faster ? "refreshed" : "ended"});
    }
  }

  TEST_CASE("F-258: new tokens that the host refuses: the session is over in every process") {
    for (const auto* veto_at : {"", "refreshed"}) {
      Beside one;
      Hooks hooks;
      hooks.veto_at = veto_at;
      one.world.context->hooks = hooks.all();
      const auto renewed = one.refresh();
      CHECK(renewed.ok() == hooks.veto_at.empty());
      if (!renewed.ok()) CHECK(renewed.error().status == Status::vetoed);
      hooks.veto_at.clear();
      const auto elsewhere = one.refresh_elsewhere();
      CHECK(elsewhere.ok() == renewed.ok());
      if (!elsewhere.ok()) CHECK(elsewhere.error().status == Status::grant_ended);
      CHECK(one.world.provider.num_refreshes == 1);
      CHECK(one.world.store.locks.empty());
    }
  }

  TEST_CASE("F-270: signed out: no late request gets the session back, in no process") {
    Beside one;
    const auto renewed = shared(one.refresh());
    const auto out = one.sign_out(renewed);
    REQUIRE(out.ok());
    CHECK(out->reason() == Reason::signed_out);
    CHECK(one.refresh_elsewhere().error().status == Status::grant_ended);
    CHECK(one.refresh_elsewhere(renewed).error().status == Status::grant_ended);
    CHECK(one.world.provider.num_refreshes == 1);

    Beside two;  // signed out while the provider answers
    two.at_call(What::swap, 1, [&] {
      ScriptedDriver other;
      other.on_store = [&](const flow::StoreCall& call) { return two.world.store.answer(call); };
      other.now = two.world.driver.now;
      CHECK(other.run(flow::end_shared_session(two.world.context, two.session)).ok());
    });
    CHECK(two.status() == Status::grant_ended);
    CHECK(two.refresh_elsewhere().error().status == Status::grant_ended);
  }

  TEST_CASE("F-270: signed out with a replaced cookie: what it was renewed to is over as well") {
    Beside one;
    const auto second = shared(one.refresh());
    one.world.driver.now = one.world.driver.now + 30min;
    const auto third = shared(one.refresh(second));
    one.world.driver.now = one.world.driver.now + Duration(-1min);  // by a clock that is behind
    CHECK(one.sign_out(one.session)->reason() == Reason::signed_out);
    one.world.driver.now = one.world.driver.now + 30min;
    for (const auto& session : {third, second, one.session}) {
      const auto late = one.refresh_elsewhere(session);
      REQUIRE_FALSE(late.ok());
      CHECK(late.error().status == Status::grant_ended);
    }
    CHECK(one.world.provider.num_refreshes == 2);
    CHECK(one.world.store.records.size() == 3);  // each old cookie finds an end of its own
    const auto again = one.world.store.records;
    CHECK(one.sign_out(one.session)->reason() == Reason::signed_out);
    CHECK(one.world.store.records.size() == again.size());

    Beside kept;  // by a provider that keeps the token
    kept.world.provider.rotate_refresh_tokens = false;
    const auto newer = shared(kept.refresh());
    CHECK(kept.sign_out(kept.session)->reason() == Reason::signed_out);
    CHECK(kept.refresh_elsewhere(newer).error().status == Status::grant_ended);
  }

  TEST_CASE("F-270: renewed while it is signed out: what came of it is over as well") {
    Beside one;
    session::Session renewed;
    one.at_call(What::swap, 1, [&] { renewed = one.refresh_elsewhere().value(); });
    CHECK(one.sign_out(one.session)->reason() == Reason::signed_out);
    const auto late = one.refresh_elsewhere(std::make_shared<const session::Session>(renewed));
    REQUIRE_FALSE(late.ok());
    CHECK(late.error().status == Status::grant_ended);
    CHECK(one.status() == Status::grant_ended);
    CHECK(one.world.provider.num_refreshes == 1);
  }

  TEST_CASE("frozen before its grant: what another process leaves just before the end lives") {
    Beside one;
    session::Session renewed;
    one.answer_with(400, R"({"error":"invalid_grant"})");
    one.at_call(What::swap, 1, [&] {
      one.world.store.locks.clear();
      renewed = one.refresh_elsewhere().value();
    });
    CHECK(one.status() == Status::grant_ended);
    const auto late = one.refresh_elsewhere();
    REQUIRE(late.ok());
    CHECK(late->refresh_token == renewed.refresh_token);
    CHECK(one.world.provider.num_refreshes == 1);
  }

  TEST_CASE("F-270: a later sign-in that got the same refresh token is not meant") {
    Beside one;
    one.world.provider.rotate_refresh_tokens = false;
    CHECK(one.sign_out(one.session).ok());
    auto later = *one.session;
    later.created_at = later.signed_in_at = session::to_timestamp(one.world.driver.now + 1min);
    one.world.driver.now = one.world.driver.now + 1h;
    const auto renewed = one.refresh(std::make_shared<const session::Session>(later));
    REQUIRE(renewed.ok());
    CHECK(one.refresh_elsewhere(std::make_shared<const session::Session>(later))->access_token ==
          renewed->access_token);
    const auto old = one.refresh();  // a session of its own, whatever the provider says of it
    CHECK((!old.ok() || !(old->access_token == renewed->access_token)));
  }

  TEST_CASE("a sign-out is no failure when the store cannot be told") {
    for (const auto what : {What::get, What::swap, What::put}) {
      Beside one;
      (void)one.refresh();
      one.fail(what);
      const auto out = one.sign_out(one.session);
      REQUIRE(out.ok());
      CHECK(out->reason() == Reason::signed_out);
      CHECK(expires_cookie(*out, "__Host-gatelet"));
    }
  }

  TEST_CASE("a record that does not open is nobody's result, and makes way for ours") {
    Beside one;
    one.world.store.records[one.place().key] = "not ours";
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(one.refresh_elsewhere()->refresh_token == renewed->refresh_token);
    CHECK(one.world.provider.num_refreshes == 1);
  }

  TEST_CASE("K-02: a result above session_limit is shared, without the tokens that may go") {
    Beside one;
    one.world.context->session.record_limit = 700;
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK_FALSE(renewed->access_token.empty());
    const auto late = one.refresh_elsewhere();
    REQUIRE(late.ok());
    CHECK(late->refresh_token == renewed->refresh_token);
    CHECK(late->access_token.empty());
    CHECK(one.world.provider.num_refreshes == 1);
    CHECK(one.world.provider.num_reused == 0);
  }

  TEST_CASE("a provider that keeps the refresh token: each renewal replaces the last") {
    Beside one;
    one.world.provider.rotate_refresh_tokens = false;
    const auto second = shared(one.refresh());
    CHECK(second->refresh_token == one.session->refresh_token);
    one.world.driver.now = one.world.driver.now + 1h;
    const auto third = one.refresh(second);
    REQUIRE(third.ok());
    CHECK(third->created_at > second->created_at);
    CHECK(one.world.provider.num_refreshes == 2);
    CHECK(one.refresh_elsewhere()->created_at == third->created_at);
    CHECK(one.refresh_elsewhere(second)->created_at == third->created_at);
    CHECK(one.world.provider.num_refreshes == 2);
  }

  TEST_CASE("a provider that keeps the token, a cookie of oauth2-proxy's: its result is known") {
    for (const bool writes_sign_in : {true, false}) {
      Beside one;
      one.world.provider.rotate_refresh_tokens = false;
      auto& settings = one.world.context->session;
      if (!writes_sign_in) settings.format = session::CookieFormat::oauth2_proxy;
      settings.write_extra_keys = writes_sign_in;
      auto theirs = *one.session;
      theirs.signed_in_at.reset();
      one.session = std::make_shared<const session::Session>(theirs);
      const auto renewed = one.refresh();
      REQUIRE(renewed.ok());
      CHECK(one.refresh_elsewhere()->access_token == renewed->access_token);
      CHECK(one.world.provider.num_refreshes == 1);
    }
  }
}
