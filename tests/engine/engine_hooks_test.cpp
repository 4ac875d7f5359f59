// The engine with a host that has its say in the life of sessions.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/live_engine.hpp"
#include "support/host_memory.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

using Moment = SessionEvent::Moment;
using std::chrono::seconds;

// What the hooks heard, and what they say. One hook for all moments but those left out.
class Host {
 public:
  struct Heard {
    Moment moment;
    std::string user, provider, path;
    std::thread::id on;
  };
  std::optional<Moment> veto_at;
  bool throws = false;

  SessionHooks hooks() {
    const SessionHook hook = [this](const SessionEvent& event) -> Result<void> {
      const std::scoped_lock lock(mutex_);
      heard_.push_back({event.moment, std::string(event.identity.user()), event.provider,
                        event.path, std::this_thread::get_id()});
      if (event.moment != veto_at) return {};
      if (throws) throw std::string("not a std::exception");
      return Error{Status::vetoed, "on the list of leavers"};
    };
    return {hook, hook, hook, hook};
  }
  std::vector<Heard> heard() {
    const std::scoped_lock lock(mutex_);
    return heard_;
  }
  std::size_t count(Moment moment) {
    std::size_t n = 0;
    for (const auto& one : heard()) n += one.moment == moment ? 1 : 0;
    return n;
  }

 private:
  std::mutex mutex_;
  std::vector<Heard> heard_;  // guarded by mutex_
};

Options stored(Options more = {}) {
  more.emplace_back("session_store_type", "memory");
  return more;
}

struct Hooked : Host, Live {
  explicit Hooked(const Options& more = {}) : Live(more, Host::hooks()) {}
};

bool is_at_once(const Outcome<Decision>& outcome) {
  return outcome.ok() && std::holds_alternative<Decision>(*outcome);
}

// Both kinds of sessions, and both ways to turn the loop.
const Options kinds[] = {{}, {{"driver", "caller"}}, stored(), stored({{"driver", "caller"}})};

}  // namespace

TEST_SUITE("engine/engine: hooks") {
  TEST_CASE("F-258: a sign-in: who it is, then whether to begin; on this thread, never in decide") {
    for (const auto& options : kinds) {
      Hooked live(options);
      auto browser = live.browser();
      CHECK(browser.sign_in(live.provider).reason() == Reason::signed_in);
      const auto heard = live.heard();
      REQUIRE(heard.size() == 2);
      CHECK(heard[0].moment == Moment::authenticated);
      CHECK(heard[1].moment == Moment::created);
      for (const auto& one : heard) {
        CHECK(one.user == "alice");
        CHECK(one.provider == "default");
        CHECK(one.path == "/oauth2/callback");
        CHECK(one.on == std::this_thread::get_id());
      }
      CHECK(browser.get("/page").kind() == Decision::Kind::allow);
      CHECK(live.heard().size() == 2);  // a request is no moment
    }
  }

  TEST_CASE("F-258: a veto at a sign-in, or a hook that throws: 403, and nobody is in") {
    for (const auto& options : kinds) {
      for (const auto moment : {Moment::authenticated, Moment::created}) {
        for (const bool throws : {false, true}) {
          Hooked live(options);
          live.veto_at = moment;
          live.throws = throws;
          auto browser = live.browser();
          const auto answer = browser.sign_in(live.provider);
          CHECK(answer.http_status() == 403);
          CHECK(answer.reason() == Reason::vetoed);
          CHECK(answer.detail() == (throws ? "the hook threw" : "on the list of leavers"));
          CHECK(answer.body().find("leavers") == std::string_view::npos);
          CHECK_FALSE(browser.has_session());
          CHECK(live.has_event("vetoed"));
          CHECK(browser.get("/page").kind() != Decision::Kind::allow);
        }
      }
    }
  }

  TEST_CASE("F-258: fifty requests share a refresh: one call; its veto is a 403 for each of them") {
    for (const auto& options : kinds) {
      for (const bool is_vetoed : {false, true}) {
        Hooked live(options);
        auto browser = live.browser();
        browser.sign_in(live.provider);
        const auto before = browser.cookies;
        live.let_tokens_run_out();
        if (is_vetoed) live.veto_at = Moment::refreshed;
        std::vector<Outcome<Decision>> asked;
        for (int i = 0; i < 50; ++i) asked.push_back(browser.ask("/page"));
        for (auto& one : asked) {
          CHECK_FALSE(is_at_once(one));  // in a store too: no refresh behind an answer
          const auto answer = wait_for(std::move(one));
          REQUIRE(answer.ok());
          CHECK(answer->reason() == (is_vetoed ? Reason::vetoed : Reason::session_refreshed));
          CHECK(answer->http_status() == (is_vetoed ? 403 : 200));
          const auto cookie = session_cookie_of(*answer);
          CHECK((cookie.find("Max-Age=0") != std::string::npos) == is_vetoed);
        }
        CHECK(live.count(Moment::refreshed) == 1);
        CHECK(live.count(Moment::ended) == 0);
        CHECK(live.provider.with([](auto& fake) { return fake.num_refreshes; }) == 1);
        CHECK(live.has_event("refresh-vetoed") == is_vetoed);

        // Over is over: not for the cookie from before, nor when this process has forgotten.
        browser.cookies = before;
        CHECK((browser.get("/page").kind() == Decision::Kind::allow) == !is_vetoed);
        CHECK(live.provider.with([](auto& fake) { return fake.num_reused; }) == 0);
      }
    }
  }

  TEST_CASE("F-258: whose client went away during the refresh: another's wait calls the hook") {
    for (const auto& options : kinds) {
      Hooked live(options);
      auto browser = live.browser(), other = live.browser();
      browser.sign_in(live.provider);
      other.sign_in(live.provider);
      live.let_tokens_run_out();
      { auto dropped = browser.ask("/page"); }
      CHECK(other.get("/page").kind() == Decision::Kind::allow);
      CHECK(browser.get("/page").kind() == Decision::Kind::allow);
      CHECK(live.count(Moment::refreshed) == 2);
      CHECK(live.provider.with([](auto& fake) { return fake.num_refreshes; }) == 2);
    }
  }

  TEST_CASE("F-258: nobody comes to call it in time: the new tokens are not used, it is over") {
    Hooked live(Options{{"http_timeout", "2s"}});
    auto browser = live.browser();
    browser.sign_in(live.provider);
    live.let_tokens_run_out();
    { auto dropped = browser.ask("/page"); }
    REQUIRE(live.provider.wait_for("/token", 2));
    REQUIRE(live.wait_for_quiet());
    CHECK(live.count(Moment::refreshed) == 0);
    CHECK(browser.get("/page").kind() != Decision::Kind::allow);
    CHECK(live.has_event("refresh-vetoed no thread of the host called the hook in time"));
  }

  TEST_CASE("F-258: without a hook for refreshes they stay behind the answer") {
    Host host;
    auto hooks = host.hooks();
    hooks.refreshed = nullptr;
    Live live(stored(), std::move(hooks));
    auto browser = live.browser();
    browser.sign_in(live.provider);
    (void)browser.get("/page");
    live.let_tokens_run_out();
    live.provider.hold("/token");
    (void)browser.get("/page");
    CHECK(is_at_once(browser.ask("/page")));
    CHECK(live.provider.wait_for("/token", 2));
    live.provider.let_go();
    CHECK(host.count(Moment::refreshed) == 0);
  }

  TEST_CASE("F-258: a sign-out is told; a veto cannot keep anybody signed in") {
    for (const auto& options : kinds) {
      for (const bool is_vetoed : {false, true}) {
        Hooked live(options);
        auto browser = live.browser();
        browser.sign_in(live.provider);
        const auto before = browser.cookies;
        if (is_vetoed) live.veto_at = Moment::ended;
        const auto answer = browser.get("/oauth2/sign_out");
        CHECK(answer.http_status() == (is_vetoed ? 403 : 302));
        CHECK(answer.reason() == (is_vetoed ? Reason::vetoed : Reason::signed_out));
        CHECK(live.count(Moment::ended) == 1);
        CHECK_FALSE(browser.has_session());
        browser.cookies = before;
        CHECK(browser.get("/page").kind() != Decision::Kind::allow);
        // Nobody is there to sign out a second time.
        (void)browser.get("/oauth2/sign_out");
        CHECK(live.count(Moment::ended) == 1);
      }
    }
  }

  TEST_CASE("F-258: bearer tokens are no sessions: no hook is called") {
    Hooked live(Options{{"skip_jwt_bearer_tokens", "true"}});
    live.veto_at = Moment::authenticated;
    const auto token = live.provider.bearer_token();
    CHECK(ask(live, "Bearer " + token).kind() == Decision::Kind::allow);
    CHECK(live.heard().empty());
  }

  TEST_CASE("F-258: a route that is open to everybody stays open after a veto") {
    Hooked live(Options{{"optional_auth_routes", "^/open"}});
    auto browser = live.browser();
    browser.sign_in(live.provider);
    live.let_tokens_run_out();
    live.veto_at = Moment::refreshed;
    const auto answer = browser.get("/open");
    CHECK(answer.kind() == Decision::Kind::allow);
    CHECK(answer.identity() == nullptr);
    CHECK_FALSE(browser.has_session());
  }

  TEST_CASE("F-258: the engine ends while a hook waits: it is not called, and no token is lost") {
    Host host;
    auto live = std::make_unique<Live>(Options{}, host.hooks());
    auto browser = live->browser();
    browser.sign_in(live->provider);
    live->let_tokens_run_out();
    auto asked = browser.ask("/page");
    REQUIRE(std::holds_alternative<Operation<Decision>>(*asked));
    REQUIRE(live->provider.wait_for("/token", 2));
    browser = Browser(nullptr);
    live->engine.reset();
    // The provider has taken back the old tokens: the answer carries the new ones.
    const auto answer = wait_for(std::move(asked));
    REQUIRE(answer.ok());
    CHECK(answer->reason() == Reason::session_refreshed);
    CHECK_FALSE(session_cookie_of(*answer).empty());
    CHECK(host.count(Moment::refreshed) == 0);
    CHECK_FALSE(live->has_event("refresh-vetoed"));
  }

  TEST_CASE("F-258: the engine ends while a hook waits: the next one finds the new tokens") {
    Host host;
    auto clock = std::make_shared<ShiftedClock>();
    LiveProvider provider(clock);
    const auto store = std::make_shared<support::HostMemory>();
    const auto start = [&] {
      auto ports = default_ports();
      ports.hooks = host.hooks();
      ports.clock = clock;
      ports.store = store;
      return Engine::create(live_settings(provider, {{"session_store_type", "host"}}),
                            std::move(ports))
          .value();
    };
    auto engine = start();
    Browser browser(engine);
    REQUIRE(browser.sign_in(provider).reason() == Reason::signed_in);
    clock->advance(seconds(3700));
    auto asked = browser.ask("/page");
    REQUIRE(provider.wait_for("/token", 2));
    const auto cookies = browser.cookies;
    browser = Browser(nullptr);
    engine.reset();
    (void)wait_for(std::move(asked));
    CHECK(host.count(Moment::refreshed) == 0);
    CHECK(provider.with([](auto& fake) { return fake.num_refreshes; }) == 1);

    Browser again(start());
    again.cookies = cookies;
    CHECK(again.get("/page").kind() == Decision::Kind::allow);
    clock->advance(seconds(3700));
    CHECK(again.get("/page").kind() == Decision::Kind::allow);
    CHECK(provider.with([](auto& fake) { return fake.num_refreshes; }) == 2);
    CHECK(provider.with([](auto& fake) { return fake.num_reused; }) == 0);
  }
}
