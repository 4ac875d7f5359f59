// Whoever the application denied stays out of every engine over the same store, in every kind of
// session, and whoever it did not stays in.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "engine/hosted.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using support::HostMemory;

namespace {

using std::chrono::seconds;

// What is under keys that have `mark` in them is gone.
void lose(HostMemory& memory, std::string_view mark) {
  for (const auto& key : memory.keys()) {
    if (key.find(mark) == std::string::npos) continue;
    SessionStore::Write erase;
    erase.key = key;
    REQUIRE(memory.write(erase).ok());
  }
}

}  // namespace

TEST_SUITE("engine/engine: denials") {
  TEST_CASE(
      "F-251: what one engine denies the other learns from the store, though no index knows it") {
    const auto memory = std::make_shared<HostMemory>();
    Shared shared([&] { return memory; });
    const auto first = shared.engine(), second = shared.engine();
    Browser person(second);
    REQUIRE(person.sign_in(shared.provider).reason() == Reason::signed_in);
    CHECK(person.get("/page").kind() == Decision::Kind::allow);
    lose(*memory, "-sessions-");
    shared.clock->advance(seconds(1));
    auto revoking = first->revoke_sessions({{}, "alice"});
    REQUIRE(revoking.ok());
    CHECK(std::get<Operation<Sessions>>(*revoking).wait(soon()).value().empty());
    shared.clock->advance(seconds(6));  // session_cache_max_staleness
    const auto refused = person.get("/page", {{"Accept", "application/json"}});
    CHECK(refused.http_status() == 401);
    CHECK(refused.reason() == Reason::session_revoked);
  }

  TEST_CASE(
      "F-251: a session in cookies beside a store is out at the first request, not the second") {
    Beside beside;
    CHECK(beside.person.get("/page").kind() == Decision::Kind::allow);
    beside.revoke();
    beside.shared.clock->advance(seconds(6));  // session_cache_max_staleness
    const auto refused = beside.person.get("/page", {{"Accept", "application/json"}});
    CHECK(refused.http_status() == 401);
    CHECK(refused.reason() == Reason::session_revoked);
  }

  TEST_CASE("F-251: a session in cookies is kept when all others end, however old the list is") {
    Beside beside;
    CHECK(beside.person.get("/page").kind() == Decision::Kind::allow);
    beside.shared.clock->advance(seconds(6));
    const auto cookies = beside.person.cookie_header();
    const std::vector<HeaderView> headers = {{"Cookie", cookies}};
    auto view = request_to("/");
    view.headers = headers;
    auto revoking = beside.here->revoke_sessions({{}, "alice"}, &view);
    REQUIRE(revoking.ok());
    REQUIRE(std::get<Operation<Sessions>>(*revoking).wait(soon()).ok());
    CHECK(beside.person.get("/page").kind() == Decision::Kind::allow);
  }

  TEST_CASE(
      "a session in cookies beside a store that fails counts, and waits for it once a while") {
    Beside beside;
    CHECK(beside.person.get("/page").kind() == Decision::Kind::allow);
    beside.memory->fail_with(Error{Status::store_unreachable, "out of order"});
    beside.shared.clock->advance(seconds(6));
    auto waits = beside.person.ask("/page");
    REQUIRE(waits.ok());
    CHECK(std::holds_alternative<Operation<Decision>>(*waits));
    CHECK(wait_for(std::move(waits))->kind() == Decision::Kind::allow);
    const auto at_once = beside.person.ask("/page");
    REQUIRE(at_once.ok());
    REQUIRE(std::holds_alternative<Decision>(*at_once));
    CHECK(std::get<Decision>(*at_once).kind() == Decision::Kind::allow);

    // Back again: asked behind that answer, and told by it.
    beside.memory->fail_with(std::nullopt);
    beside.revoke();
    beside.shared.clock->advance(seconds(60));
    CHECK(beside.person.get("/page", {{"Accept", "application/json"}}).http_status() == 401);
  }

  TEST_CASE("F-270: a store that was emptied is told again whom the application denied") {
    Beside beside;
    const auto copied = beside.person.cookies;
    const auto is_out = [&](Browser& browser) {
      beside.shared.clock->advance(seconds(6));
      browser.cookies = copied;
      return browser.get("/page", {{"Accept", "application/json"}}).http_status() == 401;
    };
    beside.revoke();
    CHECK(is_out(beside.person));
    lose(*beside.memory, "");
    CHECK(beside.memory->keys().empty());
    CHECK(is_out(beside.person));
    for (int i = 0; i < 1000 && beside.memory->keys().empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    auto late = Browser(beside.shared.engine({{"session_fallback_to_cookie", "true"}}));
    CHECK(is_out(late));
  }

  TEST_CASE("F-270: denied elsewhere while it is renewed here: not even as oauth2-proxy's") {
    struct Case {
      std::string name;
      Options options;
      bool in_cookies;
    };
    for (const auto& one : {Case{"native", {}, true}, Case{"compat", compat_options, true},
                            Case{"compat, in the store", compat_options, false}}) {
      CAPTURE(one.name);
      Beside beside(one.options, one.in_cookies);
      beside.shared.clock->advance(seconds(3700));
      beside.shared.provider.hold("/token");
      const auto before = beside.person.cookies;
      auto asked = beside.person.ask("/page", {{"Accept", "application/json"}});
      REQUIRE(beside.shared.provider.wait_for("/token", 2));
      if (!one.in_cookies) lose(*beside.memory, "-sessions-");  // it might have been oauth2-proxy's
      beside.revoke();
      beside.shared.clock->advance(seconds(1));
      beside.shared.provider.let_go();
      const auto answer = wait_for(std::move(asked));
      REQUIRE_MESSAGE(answer.ok(), answer.error().text);
      CHECK(answer->kind() != Decision::Kind::allow);
      CHECK(answer->reason() == Reason::session_revoked);
      beside.person.cookies = before;
      CHECK(beside.person.get("/page").kind() != Decision::Kind::allow);
      // Of a process that begins later, too.
      auto late = Browser(beside.shared.engine(one.options));
      late.cookies = before;
      CHECK(late.get("/page").kind() != Decision::Kind::allow);
    }
  }

  TEST_CASE("F-270: denied while it is renewed: its record is gone, however the store takes that") {
    enum class Trouble { slow, erases_nothing, tells_nothing };
    for (const auto trouble : {Trouble::slow, Trouble::erases_nothing, Trouble::tells_nothing}) {
      CAPTURE(static_cast<int>(trouble));
      enum : int { before_grant, granted, is_put, works };
      std::atomic<int> stage{before_grant};
      const auto memory = std::make_shared<HostMemory>();
      memory->on_call = [&](std::string_view what) {
        int expected = granted;
        if (what == "write" && stage.compare_exchange_strong(expected, is_put)) return;
        if (stage != is_put) return;
        const auto failing = trouble == Trouble::erases_nothing ? "write" : "get";
        if (trouble != Trouble::slow && what == failing) throw std::runtime_error("out of order");
        if (trouble == Trouble::slow && what == "write") {
          std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
      };
      Shared shared([&] { return memory; });
      const auto here = shared.engine(compat_options), other = shared.engine(compat_options);
      Browser person(here);
      REQUIRE(person.sign_in(shared.provider).reason() == Reason::signed_in);
      const auto before = person.cookies;
      shared.clock->advance(seconds(3700));
      shared.provider.hold("/token");
      auto asked = person.ask("/page", {{"Accept", "application/json"}});
      REQUIRE(shared.provider.wait_for("/token", 2));
      lose(*memory, "-sessions-");  // it might have been oauth2-proxy's
      auto revoking = other->revoke_sessions({{}, "alice"});
      REQUIRE(std::get<Operation<Sessions>>(*revoking).wait(soon()).ok());
      shared.clock->advance(seconds(1));
      stage = granted;
      shared.provider.let_go();
      const auto answer = wait_for(std::move(asked));
      REQUIRE_MESSAGE(answer.ok(), answer.error().text);
      if (trouble != Trouble::tells_nothing) CHECK(answer->reason() == Reason::session_revoked);
      shared.clock->advance(seconds(7200));  // longer than what is over is remembered
      stage = works;
      const auto is_in = [&] {
        auto late = Browser(shared.engine(compat_options));
        late.cookies = before;
        return late.get("/page").kind() == Decision::Kind::allow;
      };
      const bool may_take_time = trouble != Trouble::slow;
      for (const auto end = soon();
           may_take_time && is_in() && std::chrono::steady_clock::now() < end;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
      CHECK_FALSE(is_in());
    }
  }

  TEST_CASE("F-270: denied here, while the store takes nothing: new tokens are not put any more") {
    Hosted one(compat_options);
    REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
    renew_untaken(one);
    auto revoking = one.engine->revoke_sessions({{}, "alice"});
    CHECK_FALSE(std::get<Operation<Sessions>>(*revoking).wait(soon()).ok());
    one.memory->refuse_writes(false);
    const auto is_there = [&] {
      for (const auto& key : one.memory->keys()) {
        if (one.memory->get(key).value().value_or("").size() > 500) return true;
      }
      return false;
    };
    for (const auto end = soon(); is_there() && std::chrono::steady_clock::now() < end;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    CHECK_FALSE(is_there());
  }

  TEST_CASE("F-270: a store that did not take the denials it had lost is told again") {
    Beside beside(Options{{"session_cache_max_staleness", "60s"}});
    beside.revoke();
    CHECK(beside.person.get("/page").kind() != Decision::Kind::allow);
    const auto has_list = [&] {
      for (const auto& key : beside.memory->keys()) {
        if (key.find("-denied-") != std::string::npos) return true;
      }
      return false;
    };
    REQUIRE(has_list());
    lose(*beside.memory, "-denied-");
    beside.memory->refuse_writes(true);
    beside.shared.clock->advance(seconds(90));
    Browser somebody(beside.here);
    REQUIRE(somebody.sign_in(beside.shared.provider).reason() == Reason::signed_in);
    (void)somebody.get("/page");  // the list is read, and the store told in vain
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    CHECK_FALSE(has_list());
    beside.memory->refuse_writes(false);
    for (const auto end = soon(); !has_list() && std::chrono::steady_clock::now() < end;) {
      (void)somebody.get("/page");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    CHECK(has_list());
  }

  TEST_CASE("F-270: after a reload the deny list is read anew: other secrets have others") {
    const Options options{{"session_fallback_to_cookie", "true"}};
    Beside beside;
    CHECK(beside.person.get("/page").kind() == Decision::Kind::allow);
    const auto is_at_once = [&] {
      return std::holds_alternative<Decision>(beside.person.ask("/page").value());
    };
    CHECK(is_at_once());
    auto again = options;
    again.emplace_back("session_store_type", "host");
    REQUIRE(beside.here->reload(live_settings(beside.shared.provider, again)).ok());
    CHECK_FALSE(is_at_once());
    CHECK(beside.person.get("/page").kind() == Decision::Kind::allow);
    CHECK(is_at_once());
  }

  TEST_CASE("OP-18: while the deny list cannot be read identify() knows who decide() lets in") {
    Beside beside;
    beside.memory->fail_with(Error{Status::store_unreachable, "out of order"});
    const support::Request request("/page", {{"Cookie", beside.person.cookie_header()}});
    auto asked = beside.here->identify(request.view());
    REQUIRE(asked.ok());
    REQUIRE(std::holds_alternative<Operation<Identity>>(*asked));
    const auto known = std::get<Operation<Identity>>(*asked).wait(soon());
    REQUIRE_MESSAGE(known.ok(), known.error().text);
    CHECK(known->user() == "alice");
  }

  TEST_CASE("F-251: a session that could not be entered into its index is when it comes again") {
    Hosted one(compat_options);
    REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
    const auto has_index = [&] {
      for (const auto& key : one.memory->keys()) {
        if (key.find("-sessions-") != std::string::npos) return true;
      }
      return false;
    };
    lose(*one.memory, "-sessions-");  // it might have been oauth2-proxy's
    one.memory->refuse_writes(true);
    CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    CHECK_FALSE(has_index());
    one.memory->refuse_writes(false);
    for (const auto end = soon(); !has_index() && std::chrono::steady_clock::now() < end;) {
      one.shared.clock->advance(seconds(6));  // session_cache_max_staleness
      CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    CHECK(has_index());
  }
}
