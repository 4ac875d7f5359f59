// The engine whose sessions are in a store that the host brings: in C++, and the example in C with
// SQLite.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "engine/hosted.hpp"
#ifdef GATELET_HAVE_SQLITE
#include <sqlite_store.h>

#include "store_functions.hpp"
#endif

using namespace gatelet;
using namespace gatelet::engine;
using support::HostMemory;

namespace {

using std::chrono::seconds;

void check_a_session_in_two_engines(Shared& shared) {
  const auto first = shared.engine(), second = shared.engine();
  Browser person(first);
  REQUIRE(person.sign_in(shared.provider).reason() == Reason::signed_in);
  CHECK(person.cookie_header().size() < 300);  // a ticket
  Browser there(second);
  there.cookies = person.cookies;
  const auto page = there.get("/page");
  CHECK(page.kind() == Decision::Kind::allow);
  CHECK(page.identity()->email() == "alice@example.com");

  // The tokens ran out: of both engines one asks the provider, and both have its answer.
  shared.clock->advance(seconds(3700));
  shared.provider.hold("/token");
  std::vector<Outcome<Decision>> asked;
  for (int i = 0; i < 5; ++i) {
    asked.push_back(person.ask("/page"));
    asked.push_back(there.ask("/page"));
  }
  CHECK(shared.provider.wait_for("/token", 2));
  shared.provider.let_go();
  for (auto& outcome : asked) {
    const auto answer = wait_for(std::move(outcome));
    REQUIRE_MESSAGE(answer.ok(), answer.error().text);
    CHECK(answer->kind() == Decision::Kind::allow);
  }
  CHECK(shared.num_refreshes() == 1);
  CHECK(shared.provider.with([](auto& fake) { return fake.num_reused; }) == 0);

  CHECK(person.get("/oauth2/sign_out").reason() == Reason::signed_out);
  shared.clock->advance(seconds(6));  // session_cache_max_staleness
  CHECK(there.get("/page", {{"Accept", "application/json"}}).http_status() == 401);
}

}  // namespace

TEST_SUITE("engine/engine: a host's store") {
  TEST_CASE("OP-18: a store that can be read and takes no writes signs nobody out") {
    for (const bool sets_data : {false, true}) {
      Hosted one(Options{{"session_ends_with_tokens", "true"}});
      REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
      one.shared.clock->advance(seconds(3700));
      one.memory->refuse_writes(true);
      const auto before = one.person.cookies;
      const auto failed = wait_for(one.person.ask("/page", {{"Accept", "application/json"}}));
      REQUIRE_FALSE(failed.ok());
      CHECK(failed.error().status == Status::store_unreachable);
      CHECK(one.shared.num_refreshes() == 0);

      one.memory->refuse_writes(false);
      const auto answer = sets_data ? one.person.set("cart", "one") : one.person.get("/page");
      CHECK(answer.kind() == Decision::Kind::allow);
      CHECK(one.shared.num_refreshes() == 1);
      const auto next = one.person.get("/page");
      CHECK(next.identity()->data("cart") == (sets_data ? "one" : ""));
    }
  }

  TEST_CASE("RD-08: a record of somebody's making is nobody's session; the operator is told why") {
    Hosted one;
    REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
    const auto cookies = one.person.cookies;
    const auto keys = one.memory->keys();
    const auto is_record = [&](const std::string& key) {
      const auto value = one.memory->get(key).value().value_or("");
      return value.size() > 500;
    };
    const auto key = *std::find_if(keys.begin(), keys.end(), is_record);
    const auto good = one.memory->get(key).value().value();
    const std::string bads[] = {"short", good.substr(1), std::string(1024 * 1024 + 1, 'x')};
    const std::string reasons[] = {"at least 28", "not authentic", "more than 1 MiB"};
    for (std::size_t i = 0; i < std::size(bads); ++i) {
      SessionStore::Write write;
      write.key = key;
      write.value = bads[i];
      REQUIRE(one.memory->write(write).ok());
      one.shared.clock->advance(seconds(6));  // session_cache_max_staleness
      one.person.cookies = cookies;
      const auto answer = one.person.get("/page", {{"Accept", "application/json"}});
      CHECK(answer.http_status() == 401);
      CHECK(answer.reason() == Reason::session_invalid);
      CHECK(one.memory->get(key).value() == bads[i]);  // it may be anybody's
      const std::scoped_lock lock(one.shared.mutex);
      REQUIRE_FALSE(one.shared.events.empty());
      const auto is_told = [&](const std::string& event) {
        return event.starts_with("record-refused ") && event.find(reasons[i]) != std::string::npos;
      };
      CHECK(std::any_of(one.shared.events.begin(), one.shared.events.end(), is_told));
      one.shared.events.clear();
    }
    SessionStore::Write back;
    back.key = key;
    back.value = good;
    REQUIRE(one.memory->write(back).ok());
    one.shared.clock->advance(seconds(6));
    one.person.cookies = cookies;
    CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
    const std::scoped_lock lock(one.shared.mutex);
    for (const auto& event : one.shared.events) CHECK_FALSE(event.starts_with("record-refused"));
  }

  TEST_CASE("a sign-out whose session could not be read is no success, and ends it all the same") {
    std::atomic<bool> fails_to_read{false};
    const auto memory = std::make_shared<HostMemory>();
    memory->on_call = [&](std::string_view what) {
      const bool fails = fails_to_read && what == "get";
      memory->fail_with(fails ? std::optional(Error{Status::store_unreachable, "out of order"})
                              : std::nullopt);
    };
    Shared shared([&] { return memory; });
    const auto engine = shared.engine();
    Browser person(engine);
    REQUIRE(person.sign_in(shared.provider).reason() == Reason::signed_in);
    const auto cookies = person.cookies;
    shared.clock->advance(seconds(6));  // session_cache_max_staleness
    fails_to_read = true;
    const auto answer = person.get("/oauth2/sign_out");
    CHECK(answer.http_status() == 503);
    CHECK(person.cookies.empty());
    fails_to_read = false;
    person.cookies = cookies;
    CHECK(person.get("/page", {{"Accept", "application/json"}}).http_status() == 401);
  }

  TEST_CASE("F-249: sign in, load, refresh under the lock, sign out, in two engines") {
    const auto memory = std::make_shared<HostMemory>();
    Shared shared([&] { return memory; });
    check_a_session_in_two_engines(shared);
    // No session is left; the index of the person's stays, with nothing in it.
    for (const auto& key : memory->keys()) CHECK(key.find("-sessions-") != std::string::npos);
  }

#ifdef GATELET_HAVE_SQLITE
  TEST_CASE("F-249: the same in one SQLite file, by the example in C") {
    char folder[] = "/tmp/gatelet-sqlite-XXXXXX";
    REQUIRE(::mkdtemp(folder) != nullptr);
    const auto path = std::string(folder) + "/sessions.db";
    {
      Shared shared([&]() -> std::shared_ptr<SessionStore> {
        auto* user = sqlite_store_open(path.c_str(), 5000);
        REQUIRE(user != nullptr);
        return std::make_shared<capi::StoreFunctions>(sqlite_store,
                                                      capi::User(user, sqlite_store_close));
      });
      check_a_session_in_two_engines(shared);
    }
    for (const auto* end : {"", "-wal", "-shm"}) std::remove((path + end).c_str());
    CHECK(std::remove(folder) == 0);  // the last connection took the other files with it
  }
#endif

  TEST_CASE("the store's answer wakes a host that turns the loop itself") {
    Hosted hosted(Options{{"driver", "caller"}, {"session_cache_size", "0"}});
    REQUIRE(hosted.person.sign_in(hosted.shared.provider).reason() == Reason::signed_in);
    auto asked = hosted.person.ask("/page");
    REQUIRE(asked.ok());
    auto& operation = std::get<Operation<Decision>>(*asked);
    std::optional<Result<Decision>> answer;
    operation.on_done([&](Result<Decision> result) { answer = std::move(result); });
    for (int i = 0; i < 100 && !answer; ++i) hosted.engine->loop().run_once(seconds(1));
    REQUIRE(answer);
    REQUIRE(answer->ok());
    CHECK((*answer)->kind() == Decision::Kind::allow);
  }

  TEST_CASE("a store that fails: 503, the session stays, and is there when the store is back") {
    Hosted hosted(Options{{"session_cache_size", "0"}});
    REQUIRE(hosted.person.sign_in(hosted.shared.provider).reason() == Reason::signed_in);
    hosted.memory->fail_with(Error{Status::session_invalid, "out of order"});
    const auto answer = wait_for(hosted.person.ask("/page"));
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().status == Status::store_unreachable);
    CHECK(answer.error().text == "the host's session store failed: out of order");
    CHECK(hosted.person.get("/ready").http_status() == 503);
    CHECK(hosted.person.has_session());
    hosted.memory->fail_with(std::nullopt);
    CHECK(hosted.person.get("/page").kind() == Decision::Kind::allow);
    CHECK(hosted.person.get("/ready").http_status() == 200);
  }

  TEST_CASE("a call that blocks: whoever waits has 503 after store_timeout, and decide() returns") {
    Hosted hosted(Options{{"session_cache_size", "0"}, {"store_timeout", "1s"}});
    REQUIRE(hosted.person.sign_in(hosted.shared.provider).reason() == Reason::signed_in);
    std::promise<void> gate;
    const auto open = gate.get_future().share();
    hosted.memory->on_call = [open](std::string_view) { open.wait(); };
    for (int i = 0; i < 3; ++i) {
      auto asked = hosted.person.ask("/page");
      REQUIRE(asked.ok());
      const auto answer = wait_for(std::move(asked));
      REQUIRE_FALSE(answer.ok());
      CHECK(answer.error().status == Status::store_unreachable);
      CHECK(answer.error().text == "the session store did not answer in time");
    }
    gate.set_value();
    CHECK(hosted.person.get("/page").kind() == Decision::Kind::allow);
  }

  TEST_CASE("F-247: a use that the store did not note is noted by the next one") {
    std::atomic<int> num_writes{0};
    Hosted one(Options{{"session_idle_timeout", "4m"}, {"session_cache_max_staleness", "1h"}});
    one.memory->on_call = [&](std::string_view what) { num_writes += what == "write" ? 1 : 0; };
    REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
    const auto use_after = [&](int passed) {
      const int before = num_writes;
      one.shared.clock->advance(std::chrono::seconds(passed));
      bool is_in = one.person.get("/page").kind() == Decision::Kind::allow;
      // Behind the answer; one that failed is tried again after a second's rest.
      const auto is_noted = [&] {
        return num_writes > before &&
               one.engine->metrics().find("gatelet_inflight 0\n") != std::string::npos;
      };
      for (const auto end = soon();
           is_in && !is_noted() && std::chrono::steady_clock::now() < end;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        is_in = one.person.get("/page").kind() == Decision::Kind::allow;
      }
      return is_in && is_noted();
    };
    one.memory->refuse_writes(true);
    CHECK(use_after(60));
    one.memory->refuse_writes(false);
    CHECK(use_after(40));
    CHECK(use_after(210));
  }

  TEST_CASE(
      "F-270: whoever asks to be signed out and goes away is, before the store has answered") {
    for (const bool is_known : {false, true}) {  // is the store asked for the session first?
      std::atomic<bool> waits{false};
      Hosted one(Options{{"session_cache_max_staleness", "1h"}});
      one.memory->on_call = [&](std::string_view) {
        while (waits) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      };
      REQUIRE(one.person.sign_in(one.shared.provider).reason() == Reason::signed_in);
      if (is_known) CHECK(one.person.get("/page").kind() == Decision::Kind::allow);
      waits = true;
      {
        const auto asked = one.person.ask("/oauth2/sign_out");
        REQUIRE(asked.ok());
        REQUIRE(std::holds_alternative<Operation<Decision>>(*asked));
      }
      waits = false;
      const auto is_there = [&] {
        const auto keys = one.memory->keys();
        return std::any_of(keys.begin(), keys.end(), [](const auto& key) {
          return key.find("-sessions-") == std::string::npos &&
                 key.find("-denied-") == std::string::npos;
        });
      };
      for (const auto end = soon(); is_there() && std::chrono::steady_clock::now() < end;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
      CHECK_FALSE(is_there());
    }
  }

  TEST_CASE("an engine that ends lets its store go, and operations end with it") {
    auto memory = std::make_shared<HostMemory>();
    const std::weak_ptr<HostMemory> kept = memory;
    Shared shared([&] { return memory; });
    auto engine = shared.engine();
    Browser person(engine);
    REQUIRE(person.sign_in(shared.provider).reason() == Reason::signed_in);
    std::promise<void> entered, gate;
    std::atomic<bool> is_first{true};
    memory->on_call = [&, open = gate.get_future().share()](std::string_view) {
      if (is_first.exchange(false)) entered.set_value();
      open.wait();
    };
    shared.clock->advance(seconds(6));
    auto asked = person.ask("/page");
    entered.get_future().wait();
    memory.reset();
    person = Browser(nullptr);
    std::optional<Result<Decision>> answer;
    std::thread opener([&] {
      answer = wait_for(std::move(asked));  // the engine's end tells, before the call comes back
      gate.set_value();
    });
    engine.reset();  // waits for the call
    opener.join();
    CHECK(kept.expired());
    REQUIRE_FALSE(answer->ok());
  }

  TEST_CASE("a reload keeps the host's store, and cannot leave it") {
    Hosted hosted;
    REQUIRE(hosted.person.sign_in(hosted.shared.provider).reason() == Reason::signed_in);
    const auto reload = [&](Options more) {
      return hosted.engine->reload(live_settings(hosted.shared.provider, more));
    };
    CHECK(reload({{"session_store_type", "host"}, {"banner", "x"}}).ok());
    CHECK(hosted.person.get("/page").kind() == Decision::Kind::allow);
    for (const auto* other : {"cookie", "memory"}) {
      const auto refused = reload({{"session_store_type", other}});
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.error().text.starts_with("session_store_type, "));
    }
    CHECK(hosted.person.get("/page").kind() == Decision::Kind::allow);
  }
}
