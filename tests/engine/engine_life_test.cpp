// An engine from its making to its end: new settings, forks, and who lives beside it.
#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "engine/live_engine.hpp"
#include "support/engines.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

// In a child made by fork: the number of the first call that does not say so; 0: all do.
int first_wrong_call(Live& live, const Settings& settings) {
  const auto& engine = *live.engine;
  const auto request = request_to("/oauth2/sign_in");
  const auto says_so = [](const auto& result) {
    return !result.ok() && result.error().status == Status::forked;
  };
  const Person alice{"test", "alice"};
  const bool is_right[] = {
      says_so(engine.decide(request)),
      says_so(engine.identify(request)),
      says_so(engine.begin_login(request)),
      says_so(engine.finish_login(request)),
      says_so(engine.sign_out(request)),
      says_so(engine.set_session_data(request, "name", "value")),
      says_so(engine.list_sessions(alice, nullptr)),
      says_so(engine.revoke_session(alice, "handle")),
      says_so(engine.revoke_sessions(alice, nullptr)),
      says_so(live.engine->start()),
      says_so(live.engine->reload(settings)),
      engine.metrics().empty(),
      engine.request_line(request, Decision(), {}).empty(),
      engine.body_limit(request) == 0,
      engine.failure(request, {Status::store_unreachable, "why"}).http_status() == 503,
      engine.loop().fd() == -1,
      engine.loop().dispatch() == 0,
      !engine.loop().run_once(std::chrono::milliseconds(1)),
  };
  int number = 0;
  for (const bool one : is_right) {
    ++number;
    if (!one) return number;
  }
  return 0;
}

// -1: it did not end by itself.
int exit_code(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_SUITE("engine/engine: life") {
  TEST_CASE("F-246: three rotations under load, and no request finds itself signed out") {
    const std::array<std::string, 4> secrets = {
        std::string(support::cookie_secret), "another secret, as long as a key",
        "fedcba9876543210!bcdef0123456789", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="};
    const auto now = default_ports().clock->now();
    const support::Request request(
        "/app", {{"Accept", "application/json"},
                 {"Cookie", support::cookie_of(support::make_session(now), now)}});
    const auto engine = support::offline_engine({{"session_cache_size", "0"}});
    const auto is_in = [&] {
      const auto outcome = engine->decide(request.view());
      return outcome.ok() && std::get<Decision>(*outcome).kind() == Decision::Kind::allow;
    };
    std::atomic<bool> is_over = false;
    std::atomic<int> num_in = 0, num_out = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        while (!is_over) ++(is_in() ? num_in : num_out);
      });
    }
    std::string previous;
    for (std::size_t i = 1; i < secrets.size(); ++i) {
      previous = "\"" + secrets[i - 1] + "\"" + (i == 1 ? "" : "," + previous);
      const auto seen = num_in.load();
      while (num_in < seen + 500 && num_out == 0) std::this_thread::yield();
      const auto list = "[" + previous + "]";
      const auto settings = support::offline_settings({{"session_cache_size", "0"},
                                                       {"cookie_secret", secrets[i]},
                                                       {"cookie_secrets_previous", list}});
      CHECK(engine->reload(settings).ok());
    }
    is_over = true;
    for (auto& thread : threads) thread.join();
    CHECK(num_out == 0);
    CHECK(is_in());
    REQUIRE(engine
                ->reload(support::offline_settings(
                    {{"session_cache_size", "0"}, {"cookie_secret", secrets[3]}}))
                .ok());
    CHECK_FALSE(is_in());
  }

  TEST_CASE("reload: requests see the new settings whole; broken ones change nothing") {
    Live live;
    auto browser = live.browser();
    browser.sign_in(live.provider);
    CHECK(browser.get("/page").kind() == Decision::Kind::allow);
    const auto refused =
        live.engine->reload(live_settings(live.provider, {{"cookie_secret", "short"}}));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().status == Status::invalid_configuration);
    CHECK(browser.get("/page").kind() == Decision::Kind::allow);

    const auto reloaded =
        live.engine->reload(live_settings(live.provider, {{"pass_user_headers", "false"}}));
    REQUIRE_MESSAGE(reloaded.ok(), reloaded.error().text);
    const auto page = browser.get("/page");
    CHECK(page.kind() == Decision::Kind::allow);
    CHECK(page.upstream().empty());
    // What is known of a provider whose settings did not change stays known.
    CHECK(live.browser().get("/page").reason() == Reason::login_started);
    CHECK(live.provider.num_requests("/.well-known/openid-configuration") == 1);
  }

  TEST_CASE("create: every problem is told, and nothing is opened") {
    const auto made = Engine::create(Settings{{"client_id", "c"}});
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().status == Status::invalid_configuration);
    CHECK(made.error().text.find("cookie_secret") != std::string::npos);
  }

  TEST_CASE("fork: an engine that was started before says so in the child, at every call") {
    Live live;
    REQUIRE(live.engine->start().ok());
    const auto settings = live_settings(live.provider, {});
    const auto child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      alarm(10);
      const int wrong = first_wrong_call(live, settings);
      live.engine.reset();
      _exit(wrong);
    }
    CHECK(exit_code(child) == 0);
    CHECK(live.browser().sign_in(live.provider).reason() == Reason::signed_in);  // the parent works
  }

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
  // Not with sanitizers: their own locks are held at a fork as well.
  TEST_CASE("fork: no call in the child waits for a thread that stayed behind with a lock") {
    Live live;
    auto browser = live.browser();
    browser.sign_in(live.provider);
    const auto settings = live_settings(live.provider, {});
    std::atomic<bool> is_over{false};
    std::vector<std::thread> busy;
    for (int i = 0; i < 2; ++i) {
      busy.emplace_back([&, own = browser]() mutable {
        while (!is_over) {
          (void)live.engine->metrics();
          (void)own.get("/page");
          (void)live.engine->reload(settings);
        }
      });
    }
    for (int i = 0; i < 300; ++i) {
      const auto child = fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        alarm(5);
        _exit(first_wrong_call(live, settings));
      }
      const int code = exit_code(child);
      CHECK(code == 0);
      if (code != 0) break;
    }
    is_over = true;
    for (auto& thread : busy) thread.join();
  }
#endif

  TEST_CASE("an event sink may drop the last engine, also inside its loop's dispatch") {
    Live live;
    auto ports = default_ports();
    std::shared_ptr<Engine> engine;
    bool was_dropped = false;
    ports.on_event = [&](const Event& event) {
      if (event.code != "provider-fetch-failed") return;
      engine.reset();
      was_dropped = true;
    };
    auto made = Engine::create(
        live_settings(live.provider, {{"oidc_issuer_url", "http://127.0.0.1:1"}}), ports);
    REQUIRE_MESSAGE(made.ok(), made.error().text);
    engine = std::move(made).value();
    const auto asked = engine->decide(request_to("/"));
    REQUIRE(asked.ok());
    REQUIRE(std::holds_alternative<Operation<Decision>>(*asked));
    for (int i = 0; i < 1000 && engine; ++i) {
      engine->loop().dispatch();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    CHECK(was_dropped);
  }

  TEST_CASE("the end: an engine that goes away cancels what is in flight") {
    Live live;
    live.provider.hold("/.well-known/openid-configuration");
    auto asked = live.browser().ask("/page");
    REQUIRE(std::holds_alternative<Operation<Decision>>(*asked));
    CHECK(live.provider.wait_for("/.well-known/openid-configuration", 1));
    live.engine.reset();
    live.provider.let_go();
    const auto result = wait_for(std::move(asked));
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().status == Status::cancelled);
  }

  TEST_CASE("several engines live in one process without knowing of each other") {
    Live one, two(Options{{"cookie_secret", "another secret, as long as a key"}});
    auto browser = one.browser();
    browser.sign_in(one.provider);
    auto stranger = two.browser();
    stranger.cookies = browser.cookies;
    CHECK(stranger.get("/page").kind() == Decision::Kind::redirect);
    CHECK(browser.get("/page").kind() == Decision::Kind::allow);
  }
}
