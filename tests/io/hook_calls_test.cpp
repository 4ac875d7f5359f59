// Hooks of the host: who calls them, when, and what becomes of whoever waits for their word.
#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "io/scripted_task.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;

namespace {

flow::HookCall ask(SessionHook hook) {
  return {std::make_shared<const SessionHook>(std::move(hook)), SessionEvent{}};
}

// A task that waits for one hook, or for a hook and then something else.
Operation<Identity> begin_grant(Fixture& fixture, flow::HookCall hook,
                                std::shared_ptr<Ending> ending = nullptr) {
  std::deque<flow::Effect> effects;
  effects.push_back(std::move(hook));
  effects.push_back(flow::Delay(1ms));
  return fixture.launch(std::move(effects), true, std::move(ending)).value();
}

template <class F>
void in_both_modes(F&& claim) {
  for (const bool own_thread : {true, false}) {
    CAPTURE(own_thread);
    claim(own_thread);
  }
}

// Lets the loop go as far as it can without a host's code being called: until a hook waits.
// Beside a thread of its own a wait would do nothing but call it.
bool hook_waits(Fixture& fixture, bool own_thread) {
  const auto queue = fixture.driver->shared_completions();
  if (!fixture.driver->start().ok()) return false;
  const auto deadline = soon();
  while (!queue->has_waiting()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    // In caller mode a wait that has no time turns the loop once, before it looks for hooks.
    const auto other = CompletionOf<Identity>::make(fixture.driver);
    if (!own_thread) (void)other->wait(Deadline{});
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

}  // namespace

TEST_SUITE("io/hook_calls") {
  TEST_CASE("F-258: a hook runs on the thread that waits, once; then the task goes on") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      std::vector<std::thread::id> called;
      auto operation = fixture.begin(flow::Delay(1ms), ask([&](const SessionEvent&) {
                                       called.push_back(std::this_thread::get_id());
                                       return Result<void>();
                                     }),
                                     flow::Delay(1ms));
      CHECK(operation.wait(soon()).ok());
      CHECK(called == std::vector{std::this_thread::get_id()});
    });
  }

  TEST_CASE("F-258: the descriptor says that a hook waits; dispatch calls it") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      int asked = 0, done = 0;
      auto operation = fixture.begin(ask([&](const SessionEvent&) {
        ++asked;
        return Result<void>();
      }));
      operation.on_done([&](Result<Identity> result) { done += result.ok() ? 1 : 100; });
      REQUIRE(hook_waits(fixture, own_thread));
      CHECK(is_readable(fixture.driver->fd()));
      CHECK(fixture.driver->dispatch(1) == 1);
      CHECK(asked == 1);
      CHECK(fixture.turn_until([&] { return done > 0; }));
      CHECK(done == 1);
      CHECK(asked == 1);
      CHECK_FALSE(is_readable(fixture.driver->fd()));
    });
  }

  TEST_CASE("F-258: whoever waits for something else calls it too") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      const auto other = CompletionOf<Identity>::make(fixture.driver);
      auto with_hook = fixture.begin(ask([&](const SessionEvent&) {
        other->deliver(Identity());
        return Result<void>();
      }));
      CHECK(other->wait(soon()).ok());
      CHECK(with_hook.wait(soon()).ok());
    });
  }

  TEST_CASE("F-258: anything but a plain yes is a veto; its text is one line") {
    const std::pair<SessionHook, std::string> hooks[] = {
        {[](const SessionEvent&) -> Result<void> {
           return Error{Status::vetoed, "not today"};
         },
         "not today"},
        {[](const SessionEvent&) -> Result<void> {
           return Error{Status::internal, "a\nforged line"};
         },
         "a forged line"},
        {[](const SessionEvent&) -> Result<void> {
           return Error{Status::ok, std::string(10'000, 'x')};
         },
         std::string(256, 'x')},
        {[](const SessionEvent&) -> Result<void> { throw 1; }, "the hook threw"}};
    for (const auto& [hook, text] : hooks) {
      in_both_modes([&hook = hook, &text = text](bool own_thread) {
        Fixture fixture(own_thread);
        const auto result = fixture.begin(ask(hook), flow::Delay(1h)).wait(soon());
        REQUIRE_FALSE(result.ok());
        CHECK(result.error().status == Status::vetoed);
        CHECK(result.error().text == text);
      });
    }
  }

  TEST_CASE("F-258: waiting inside a hook is a usage error; the loop goes on while a hook blocks") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      auto inner = fixture.begin(flow::Delay(1ms));
      std::atomic<bool> is_inside{false}, is_over{false};
      Status waited = Status::ok;
      auto outer = fixture.begin(ask([&](const SessionEvent&) {
        waited = status_of(inner.wait(soon()));
        is_inside = true;
        const auto limit = soon();
        while (!is_over && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
        return Result<void>();
      }));
      std::thread other([&] {
        while (!is_inside) std::this_thread::yield();
        auto later = fixture.begin(flow::Delay(5ms));
        CHECK(later.wait(soon()).ok());
        is_over = true;
      });
      CHECK(outer.wait(soon()).ok());
      other.join();
      CHECK(is_over);
      CHECK(waited == Status::in_callback);
      CHECK(inner.wait(soon()).ok());
    });
  }

  TEST_CASE("F-258: nobody comes in time: it is a veto, and the hook is not called any more") {
    Fixture fixture(true, [](DriverSettings& s) { s.operation_timeout = 30ms; });
    std::atomic<int> asked{0};
    const auto ending = std::make_shared<Ending>();
    std::deque<flow::Effect> one;
    one.push_back(ask([&](const SessionEvent&) {
      ++asked;
      return Result<void>();
    }));
    auto operation = fixture.launch(std::move(one), false, ending).value();
    const auto limit = soon();
    while (ending->num_delivered == 0 && std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(1ms);
    }
    CHECK(ending->status == static_cast<int>(Status::vetoed));
    fixture.driver->dispatch(100);
    CHECK(operation.wait(soon()).error().text == "no thread of the host called the hook in time");
    CHECK(asked == 0);
  }

  TEST_CASE("F-258: a dropped operation takes its hook along; that of a grant is called still") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      int asked = 0, asked_for_grant = 0;
      const auto ending = std::make_shared<Ending>();
      {
        auto dropped = fixture.begin(ask([&](const SessionEvent&) {
          ++asked;
          return Result<void>();
        }));
        REQUIRE(hook_waits(fixture, own_thread));
      }
      CHECK(fixture.turn_until([&] { return fixture.driver->num_in_flight() == 0; }));
      if (!own_thread) CHECK(asked == 0);  // else dispatch may come before the loop hears of it
      {
        auto dropped = begin_grant(fixture, ask([&](const SessionEvent&) {
                                     ++asked_for_grant;
                                     return Result<void>();
                                   }),
                                   ending);
        REQUIRE(hook_waits(fixture, own_thread));
      }
      CHECK(fixture.turn_until([&] { return ending->num_delivered > 0; }));
      CHECK(asked_for_grant == 1);
      CHECK(ending->status == static_cast<int>(Status::ok));
    });
  }

  TEST_CASE("F-258: once the engine ends no hook begins; who waited for one is cancelled") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread, [](DriverSettings& s) { s.http_timeout = 40s; });
      int asked = 0;
      const auto hook = [&](const SessionEvent&) {
        ++asked;
        return Result<void>();
      };
      const auto ending = std::make_shared<Ending>();
      auto plain = fixture.begin(ask(hook));
      auto with_grant = begin_grant(fixture, ask(hook), ending);
      REQUIRE(hook_waits(fixture, own_thread));
      const auto limit = in(20s);
      fixture.driver->stop();
      CHECK(std::chrono::steady_clock::now() < limit);  // it does not wait for a word
      CHECK(asked == 0);
      CHECK(status_of(plain.wait(soon())) == Status::cancelled);
      CHECK(status_of(with_grant.wait(soon())) == Status::cancelled);
      CHECK(ending->status == static_cast<int>(Status::cancelled));  // not a veto: nothing ended
      CHECK(fixture.driver->dispatch(100) == 0);
      CHECK(asked == 0);
    });
  }

  TEST_CASE("F-258: a hook that runs while the engine ends is waited for, and its word counts") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      std::atomic<bool> is_inside{false}, has_returned{false};
      const auto ending = std::make_shared<Ending>();
      auto operation = begin_grant(fixture, ask([&](const SessionEvent&) {
                                     is_inside = true;
                                     std::this_thread::sleep_for(50ms);
                                     has_returned = true;
                                     return Result<void>();
                                   }),
                                   ending);
      std::thread waiter([&] { (void)operation.wait(soon()).ok(); });
      while (!is_inside) std::this_thread::yield();
      fixture.driver->stop();
      CHECK(has_returned);
      CHECK(ending->status == static_cast<int>(Status::ok));
      waiter.join();
    });
  }

  TEST_CASE("F-258: a callback may end the engine while a hook waits") {
    auto fixture = std::make_unique<Fixture>(true);
    int asked = 0;
    auto with_hook = fixture->begin(ask([&](const SessionEvent&) {
      ++asked;
      return Result<void>();
    }));
    REQUIRE(hook_waits(*fixture, true));
    {
      // A hook may not, and yet it is no deadlock: it is not waited for.
      Fixture other(false, [](DriverSettings& s) { s.http_timeout = 10ms; });
      auto operation = begin_grant(other, ask([&](const SessionEvent&) {
                                     other.driver->stop();
                                     return Result<void>();
                                   }));
      CHECK(status_of(operation.wait(soon())) == Status::cancelled);
    }
    fixture.reset();
    CHECK(status_of(with_hook.wait(soon())) == Status::cancelled);
    CHECK(asked == 0);
  }

  TEST_CASE("F-258: hooks by the hundred, called by whoever comes, each once") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      constexpr int num_threads = 4, num_each = 50;
      std::atomic<int> asked{0}, passed{0};
      std::vector<std::thread> threads;
      for (int t = 0; t < num_threads; ++t) {
        threads.emplace_back([&] {
          for (int i = 0; i < num_each; ++i) {
            auto operation = fixture.begin(ask([&, i](const SessionEvent&) -> Result<void> {
              ++asked;
              if (i % 5 == 0) return Error{Status::vetoed, "no"};
              return {};
            }));
            if (i % 7 == 0) fixture.driver->dispatch(3);
            if (operation.wait(soon()).ok()) ++passed;
          }
        });
      }
      for (auto& thread : threads) thread.join();
      CHECK(asked == num_threads * num_each);
      CHECK(passed == num_threads * num_each * 4 / 5);
      CHECK(fixture.driver->num_in_flight() == 0);
    });
  }
}
