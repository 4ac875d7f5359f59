// Many threads on one driver at once, for the sanitizers and for the count: every operation ends
// exactly once.
#include <doctest/doctest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "io/scripted_task.hpp"
#include "support/http_server.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using support::HttpServer;

namespace {

constexpr int num_threads = 6;
constexpr int num_rounds = 60;

struct Tally {
  std::atomic<int> num_submitted{0}, num_refused{0}, num_tasks_ended{0};
  std::atomic<int> num_waited{0}, num_called{0}, num_dropped{0}, num_called_after_drop{0};
};

// A little of everything, differently in each round.
void play(Fixture& fixture, HttpServer& server, Tally& tally, int seed) {
  for (int i = 0; i < num_rounds; ++i) {
    const int move = (seed * 7 + i) % 6;
    std::deque<flow::Effect> effects;
    if (move % 2 == 0) effects.push_back(get(server.url()));
    effects.push_back(flow::Delay(std::chrono::microseconds(i * 10)));
    const auto ending = std::make_shared<Ending>();
    ++tally.num_submitted;
    auto launched = fixture.launch(std::move(effects), move == 5, ending);
    if (!launched.ok()) {
      ++tally.num_refused;
      continue;
    }
    std::optional<Operation<Identity>> operation(std::move(launched).value());
    if (move == 4 || move == 5) operation->cancel();
    if (move < 2 || move == 5) {
      const auto result = operation->wait(soon());
      tally.num_waited += result.ok() || result.error().status == Status::cancelled;
    } else if (move == 2) {
      const auto is_dropped = std::make_shared<std::atomic<bool>>(false);
      operation->on_done([&tally, is_dropped](Result<Identity>) {
        if (*is_dropped) ++tally.num_called_after_drop;
      });
      operation.reset();
      *is_dropped = true;
      ++tally.num_dropped;
    } else {
      const auto num_calls = std::make_shared<std::atomic<int>>(0);
      operation->on_done([num_calls](Result<Identity>) { ++*num_calls; });
      const auto deadline = soon();
      while (*num_calls == 0 && std::chrono::steady_clock::now() < deadline) {
        if (!fixture.driver->run_once(1ms)) {
          is_readable(fixture.driver->fd(), 1);
          fixture.driver->dispatch(1);
        }
      }
      operation.reset();
      tally.num_called += *num_calls;
    }
  }
}

}  // namespace

TEST_SUITE("io/driver_stress") {
  TEST_CASE(
      "K-01: threads that submit, wait, cancel, drop and dispatch at once: each ends exactly "
      "once") {
    for (const bool own_thread : {true, false}) {
      CAPTURE(own_thread);
      HttpServer server(support::answer(200, "ok"));
      Tally tally;
      {
        Fixture fixture(own_thread, [](DriverSettings& s) { s.http_connections = 8; });
        std::vector<std::thread> threads;
        for (int t = 0; t < num_threads; ++t) {
          threads.emplace_back([&, t] { play(fixture, server, tally, t); });
        }
        for (auto& thread : threads) thread.join();
        CHECK(fixture.turn_until([&] { return fixture.driver->num_in_flight() == 0; }));
      }
      CHECK(tally.num_submitted == num_threads * num_rounds);
      CHECK(tally.num_refused == 0);
      CHECK(tally.num_called_after_drop == 0);
      CHECK(tally.num_waited + tally.num_called + tally.num_dropped == num_threads * num_rounds);
    }
  }

  TEST_CASE("stop while others submit, wait and drop: nobody hangs, every task is told") {
    for (const bool own_thread : {true, false}) {
      CAPTURE(own_thread);
      for (int round = 0; round < 20; ++round) {
        Fixture fixture(own_thread, [](DriverSettings& s) { s.http_timeout = 100ms; });
        std::atomic<int> num_launched{0}, num_told{0};
        std::atomic<bool> is_over{false};
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
          threads.emplace_back([&, t] {
            while (!is_over) {
              const auto ending = std::make_shared<Ending>();
              std::deque<flow::Effect> effects;
              effects.push_back(flow::Delay(std::chrono::microseconds(t * 100)));
              ++num_launched;
              {
                auto launched = fixture.launch(std::move(effects), t == 3, ending);
                if (launched.ok() && t != 2) {
                  const auto result = launched.value().wait(soon());
                  CHECK((result.ok() || result.error().status == Status::cancelled));
                }
              }
              const auto deadline = soon();
              while (ending->num_delivered == 0 && std::chrono::steady_clock::now() < deadline) {
                fixture.driver->run_once(1ms);
                std::this_thread::yield();
              }
              num_told += ending->num_delivered;
            }
          });
        }
        while (num_launched < 40) std::this_thread::yield();
        fixture.driver->stop();
        is_over = true;
        for (auto& thread : threads) thread.join();
        CHECK(num_told == num_launched);
      }
    }
  }
}
