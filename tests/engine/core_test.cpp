#include "engine/core.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "engine/live_provider.hpp"
#include "support/engines.hpp"

using namespace gatelet;
using namespace gatelet::engine;

// Run under ThreadSanitizer as well: many threads decide while the settings are replaced, sessions
// are renewed, people sign in and out, and callers lose interest.
TEST_SUITE("engine/core") {
  TEST_CASE("threads: decide, reload, refresh, sign in and sign out beside each other") {
    auto clock = std::make_shared<ShiftedClock>();
    LiveProvider provider(clock);
    provider.with([](auto& fake) {
      fake.edit_token_reply = [](support::JsonText& reply) { reply.set_number("expires_in", 40); };
      return 0;
    });
    std::atomic<std::size_t> num_events{0};
    auto ports = default_ports();
    ports.clock = clock;
    ports.on_event = [&](const Event&) { ++num_events; };
    const auto engine = *Engine::create(live_settings(provider), std::move(ports));

    Browser first(engine);
    first.sign_in(provider);
    std::atomic<bool> stop{false};
    std::atomic<std::size_t> allowed{0}, wrong{0};
    std::vector<std::thread> threads;

    // Two browsers that share cookies: most of what they send is in parallel.
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&, cookies = first.cookies] {
        Browser browser(engine);
        browser.cookies = cookies;
        while (!stop) {
          auto result = wait_for(browser.ask("/page"));
          if (!result.ok()) {
            ++wrong;
            continue;
          }
          if (result->kind() == Decision::Kind::allow) {
            ++allowed;
            if (result->identity()->email() != "alice@example.com") ++wrong;
          } else {
            ++wrong;
          }
          browser.keep(std::move(result).value());
        }
      });
    }
    // One that never waits for its answers.
    threads.emplace_back([&, cookies = first.cookies] {
      Browser browser(engine);
      browser.cookies = cookies;
      while (!stop) {
        (void)browser.ask("/page").ok();
        (void)engine->metrics();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    // People who come and go.
    threads.emplace_back([&] {
      while (!stop) {
        Browser browser(engine);
        auto start = wait_for(browser.ask("/in"));
        if (!start.ok() || start->kind() != Decision::Kind::redirect) {
          ++wrong;
          continue;
        }
        const auto callback = "/oauth2/callback?" + provider.approve(location_of(*start));
        browser.keep(std::move(start).value());
        auto back = wait_for(browser.ask(callback));
        if (!back.ok() || back->reason() != Reason::signed_in) {
          ++wrong;
          continue;
        }
        browser.keep(std::move(back).value());
        auto out = wait_for(browser.ask("/oauth2/sign_out"));
        if (!out.ok() || out->reason() != Reason::signed_out) ++wrong;
      }
    });
    // The operator, and time.
    threads.emplace_back([&] {
      const auto begun = clock->now().steady;
      // In all less than the minute for which a replaced cookie is good.
      for (int i = 0; i < 20 && clock->now().steady - begun < std::chrono::seconds(45); ++i) {
        clock->advance(std::chrono::seconds(2));
        const bool ok =
            engine->reload(live_settings(provider, {{"cookie_expire", i % 2 ? "24h" : "48h"}}))
                .ok();
        if (!ok) ++wrong;
        engine->loop().dispatch();
        std::this_thread::sleep_for(std::chrono::milliseconds(25));
      }
      stop = true;
    });
    for (auto& thread : threads) thread.join();

    CHECK(wrong == 0);
    CHECK(allowed > 0);
    CHECK(num_events > 0);
    CHECK(provider.with([](auto& fake) { return fake.num_reused; }) == 0);
    CHECK(provider.with([](auto& fake) { return fake.num_refreshes; }) > 0);
  }
}
