// The fork rule: an engine whose driver has not started may cross a fork; a started one is an error
// in the child, never a hang.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "io/scripted_task.hpp"
#include "support/http_server.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;

namespace {

// Runs `claim` in a child; 0 when it held. A child that hangs is ended by its alarm.
template <class F>
int in_child(F&& claim) {
  const auto child = ::fork();
  if (child == 0) {
    ::alarm(10);
    ::_exit(claim());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_SUITE("io/fork") {
  TEST_CASE("a driver that has not started works in the child, and in the parent") {
    for (const bool own_thread : {true, false}) {
      Fixture fixture(own_thread);
      CHECK(in_child([&] {
              if (fixture.driver->forked()) return 1;
              return fixture.begin(flow::Delay(1ms)).wait(soon()).ok() ? 0 : 2;
            }) == 0);
      CHECK(fixture.begin(flow::Delay(1ms)).wait(soon()).ok());
    }
  }

  TEST_CASE("MA-46: a started driver is an error in the child for every call but destruction") {
    for (const bool own_thread : {true, false}) {
      CAPTURE(own_thread);
      auto fixture = std::make_unique<Fixture>(own_thread);
      auto held = std::make_unique<Operation<Identity>>(fixture->begin(flow::Delay(1h)));
      const auto completion = CompletionOf<Identity>::make(fixture->driver);
      fixture->driver->fd();
      std::atomic<bool> waits{false};
      std::thread waiter([&] {  // sleeps, or turns the loop, while the fork happens
        waits = true;
        CHECK(status_of(completion->wait(soon())) == Status::cancelled);
      });
      while (!waits) std::this_thread::yield();
      std::atomic<bool> is_over{false};
      std::thread holder([&] {  // the lock is held at the moment of the fork, as like as not
        const auto queue = fixture->driver->shared_completions();
        while (!is_over) queue->has_waiting();
      });

      const auto claim = [&] {
        auto& driver = *fixture->driver;
        if (!driver.forked()) return 1;
        std::deque<flow::Effect> one;
        one.push_back(flow::Delay(0ms));
        if (fixture->launch(std::move(one)).error().status != Status::forked) return 2;
        if (driver.start().error().status != Status::forked) return 3;
        if (status_of(held->wait(soon())) != Status::forked) return 4;
        if (driver.fd() != -1 || driver.dispatch(1) != 0 || driver.run_once(1h)) return 5;
        if (!held->is_forked()) return 6;
        held->on_done([](Result<Identity>) {});
        held->cancel();
        driver.after(0ms, [](Instant) {});
        driver.stop();
        held.reset();
        fixture.reset();
        return 0;
      };
      for (int times = 0; times < 8; ++times) CHECK(in_child(claim) == 0);

      is_over = true;
      holder.join();
      completion->cancel();
      waiter.join();
      CHECK(fixture->begin(flow::Delay(1ms)).wait(soon()).ok());  // the parent goes on
    }
  }

  TEST_CASE("F-258: a hook that waits at the fork is called in the parent only") {
    Fixture fixture(true);
    int asked = 0;
    const SessionHook hook = [&](const SessionEvent&) {
      ++asked;
      return Result<void>();
    };
    auto operation =
        fixture.begin(flow::HookCall(std::make_shared<const SessionHook>(hook), SessionEvent{}));
    CHECK(is_readable(fixture.driver->fd(), 10'000));
    CHECK(in_child([&] {
            if (fixture.driver->dispatch(10) != 0) return 1;
            if (status_of(operation.wait(soon())) != Status::forked) return 2;
            return asked;
          }) == 0);
    CHECK(operation.wait(soon()).ok());
    CHECK(asked == 1);
  }

  TEST_CASE("a descriptor made before the fork counts as started: it would be shared") {
    Fixture fixture(true);
    REQUIRE(fixture.driver->fd() >= 0);
    CHECK(in_child(
              [&] { return fixture.driver->forked() && fixture.driver->fd() == -1 ? 0 : 1; }) == 0);
  }

  TEST_CASE("a child that ends its copy does not disturb the parent's connections") {
    support::HttpServer server(support::answer(200, "ok"));
    auto fixture = std::make_unique<Fixture>(true);
    REQUIRE(fixture->begin(get(server.url())).wait(soon()).ok());

    CHECK(in_child([&] {
            fixture.reset();
            return 0;
          }) == 0);

    CHECK(fixture->begin(get(server.url())).wait(soon()).ok());
    CHECK(server.num_connections() == 1);  // still the same one
  }
}
