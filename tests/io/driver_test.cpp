#include "io/driver.hpp"

#include <doctest/doctest.h>
#include <sys/time.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "io/scripted_task.hpp"
#include "support/http_server.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using support::HttpPeer;
using support::HttpServer;

namespace {

// Holds a server's answer back until the test opens it.
class Gate {
 public:
  void open() {
    const std::scoped_lock lock(mutex_);
    is_open_ = true;
    opened_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    opened_.wait_for(lock, 10s, [&] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
};

HttpServer::Script answer_after(Gate& gate) {
  return [&gate](HttpPeer& peer) {
    while (peer.read_request()) {
      gate.wait();
      peer.reply(200, "late");
    }
  };
}

// What holds must hold whoever turns the loop.
template <class F>
void in_both_modes(F&& claim) {
  for (const bool own_thread : {true, false}) {
    CAPTURE(own_thread);
    claim(own_thread);
  }
}

bool arrives(Fixture& fixture, HttpServer& server, std::size_t num_requests) {
  return fixture.turn_until([&] { return server.num_requests() >= num_requests; });
}

}  // namespace

TEST_SUITE("io/driver") {
  TEST_CASE("wait: carries out a task's effects one after the other") {
    in_both_modes([](bool own_thread) {
      HttpServer server(support::answer(200, "ok"));
      Fixture fixture(own_thread);

      auto operation =
          fixture.begin(get(server.url("/1")), flow::Delay(1ms), get(server.url("/2")));

      CHECK(operation.wait(soon()).ok());
      CHECK(server.num_requests() == 2);
      CHECK(fixture.driver->num_in_flight() == 0);
    });
  }

  TEST_CASE("on_done: the descriptor becomes readable, dispatch calls back exactly once") {
    in_both_modes([](bool own_thread) {
      HttpServer server(support::answer(200, "ok"));
      Fixture fixture(own_thread);
      int called = 0;
      auto operation = fixture.begin(get(server.url()));
      operation.on_done([&](Result<Identity> result) { called += result.ok() ? 1 : 100; });

      CHECK(fixture.turn_until([&] { return called > 0; }));
      fixture.driver->dispatch(static_cast<std::size_t>(-1));

      CHECK(called == 1);
      CHECK_FALSE(is_readable(fixture.driver->fd()));
    });
  }

  TEST_CASE("wait: past the deadline it is pending, still in flight, and may be asked again") {
    in_both_modes([](bool own_thread) {
      Gate gate;
      HttpServer server(answer_after(gate));
      Fixture fixture(own_thread);
      auto operation = fixture.begin(get(server.url()));

      CHECK(status_of(operation.wait(in(20ms))) == Status::pending);
      CHECK(status_of(operation.wait(Deadline{})) == Status::pending);
      CHECK(fixture.driver->num_in_flight() == 1);
      gate.open();
      CHECK(operation.wait(Deadline::max()).ok());
    });
  }

  TEST_CASE("wait: a deadline that has passed still turns the loop in caller mode") {
    HttpServer server(support::answer(200, "ok"));
    Fixture fixture(false);
    auto operation = fixture.begin(get(server.url()));
    const auto limit = soon();
    auto result = operation.wait(Deadline{});
    while (status_of(result) == Status::pending && std::chrono::steady_clock::now() < limit) {
      result = operation.wait(Deadline{});
    }
    CHECK(result.ok());
  }

  TEST_CASE("cancel: completes with cancelled soon, and lets go of the provider") {
    in_both_modes([](bool own_thread) {
      HttpServer server(support::hang());
      Fixture fixture(own_thread);
      auto operation = fixture.begin(get(server.url()));
      REQUIRE(arrives(fixture, server, 1));

      operation.cancel();
      operation.cancel();

      CHECK(status_of(operation.wait(soon())) == Status::cancelled);
      CHECK(server.wait_for_open_connections(0));
      CHECK(fixture.driver->num_in_flight() == 0);
    });
  }

  TEST_CASE("cancel: a result that is there stays") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      auto operation = fixture.begin(flow::Delay(0ms));
      REQUIRE(fixture.turn_until([&] { return fixture.driver->num_in_flight() == 0; }));

      operation.cancel();

      CHECK(operation.wait(soon()).ok());
    });
  }

  TEST_CASE("EN-07: an operation dropped at any step is ended, and its callback never runs") {
    in_both_modes([](bool own_thread) {
      Gate gate;
      HttpServer server(answer_after(gate));
      Fixture fixture(own_thread);
      const auto captured = std::make_shared<int>(0);
      auto pacer =
          fixture.begin(flow::Delay(1h));  // waiting for it turns the loop, and dispatches nothing
      const auto reach = [&](const std::function<bool()>& step) {
        for (const auto limit = soon(); !step() && std::chrono::steady_clock::now() < limit;) {
          CHECK(status_of(pacer.wait(in(1ms))) == Status::pending);
        }
        return step();
      };
      std::size_t num_before = 0;
      const auto drop_when = [&](const std::function<bool()>& step) {
        num_before = server.num_requests();
        auto operation = fixture.begin(get(server.url()), flow::Delay(1ms), get(server.url()));
        operation.on_done([captured](Result<Identity>) { ++*captured; });
        CHECK(reach(step));
      };
      drop_when([] { return true; });
      drop_when([&] { return server.num_requests() > num_before; });  // before the first answer
      gate.open();
      drop_when([&] { return server.num_requests() > num_before + 1; });  // about the second one
      drop_when([&] { return is_readable(fixture.driver->fd()); });       // before its callback

      CHECK(reach([&] { return fixture.driver->num_in_flight() == 1; }));
      CHECK(fixture.driver->dispatch(100) == 0);
      CHECK(*captured == 0);
      CHECK(captured.use_count() == 1);
    });
  }

  TEST_CASE("a grant whose caller cancels or goes away is carried to its end") {
    in_both_modes([](bool own_thread) {
      for (const bool is_dropped : {true, false}) {
        Gate gate;
        HttpServer server(answer_after(gate));
        Fixture fixture(own_thread);
        const auto ending = std::make_shared<Ending>();
        {
          auto operation = fixture.begin_grant(grant(server.url()), ending);
          REQUIRE(arrives(fixture, server, 1));
          if (!is_dropped) {
            operation.cancel();
            CHECK(status_of(operation.wait(soon())) == Status::cancelled);  // at once
          }
        }
        CHECK(ending->num_delivered == 0);
        gate.open();

        CHECK(fixture.turn_until([&] { return ending->num_delivered == 1; }));
        CHECK(ending->status == static_cast<int>(Status::ok));
        CHECK(ending->body == "late");
        CHECK(server.num_requests() == 1);
      }
    });
  }

  TEST_CASE("deadlines: a call, then the whole task; neither waits for the provider") {
    in_both_modes([](bool own_thread) {
      HttpServer server(support::hang());
      Fixture impatient(own_thread, [](DriverSettings& s) { s.http_timeout = 50ms; });
      auto call = impatient.begin(get(server.url()));
      const auto timed_out = call.wait(soon());
      CHECK(timed_out.error().status == Status::timed_out);
      CHECK(timed_out.error().text == "the provider did not answer in time");

      Fixture brief(own_thread, [](DriverSettings& s) { s.operation_timeout = 50ms; });
      auto task = brief.begin(get(server.url()));
      CHECK(task.wait(soon()).error().text == "the operation was not done in time");
      CHECK(server.wait_for_open_connections(0));
    });
  }

  TEST_CASE("deadlines: a grant outlives its task's deadline, its caller does not wait for it") {
    in_both_modes([](bool own_thread) {
      Gate gate;
      HttpServer server(answer_after(gate));
      Fixture fixture(own_thread, [](DriverSettings& s) { s.operation_timeout = 50ms; });
      const auto ending = std::make_shared<Ending>();
      auto operation = fixture.begin_grant(grant(server.url()), ending);

      CHECK(status_of(operation.wait(soon())) == Status::timed_out);
      gate.open();
      CHECK(fixture.turn_until([&] { return ending->num_delivered == 1; }));
      CHECK(ending->status == static_cast<int>(Status::ok));
    });
  }

  TEST_CASE("submit: over the bound it is too_many_operations, and room comes back") {
    in_both_modes([](bool own_thread) {
      HttpServer server(support::hang());
      Fixture fixture(own_thread, [](DriverSettings& s) { s.max_operations = 3; });
      std::vector<Operation<Identity>> held;
      for (int i = 0; i < 3; ++i) held.push_back(fixture.begin(get(server.url())));
      CHECK(fixture.driver->num_in_flight() == 3);

      const auto ending = std::make_shared<Ending>();
      std::deque<flow::Effect> one_more;
      one_more.push_back(flow::Delay(0ms));
      const auto refused = fixture.launch(std::move(one_more), false, ending);
      CHECK(refused.error().status == Status::too_many_operations);
      CHECK(ending->num_delivered == 1);  // the task was told
      CHECK(ending->status == static_cast<int>(Status::too_many_operations));

      held.pop_back();
      CHECK(fixture.turn_until([&] { return fixture.driver->num_in_flight() == 2; }));
      CHECK(fixture.begin(flow::Delay(0ms)).wait(soon()).ok());
    });
  }

  TEST_CASE("submit: who has seen a result has room for the next, even at a bound of one") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread, [](DriverSettings& s) { s.max_operations = 1; });
      for (int i = 0; i < 200; ++i) {
        auto operation = fixture.begin(flow::Delay(0ms));
        REQUIRE(operation.wait(soon()).ok());
      }
    });
  }

  TEST_CASE("refetch: the engine answers inside the call, later, or from another thread") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      std::string asked;
      auto& services = fixture.services;
      services.on_refetch = [&](const flow::Refetch& wanted, ScriptedServices::Done done) {
        asked = wanted.provider_id;
        done(flow::Refetched{});
      };
      CHECK(fixture.begin(flow::Refetch("p", flow::Refetch::What::keys)).wait(soon()).ok());
      CHECK(asked == "p");

      services.on_refetch = [&](const flow::Refetch&, ScriptedServices::Done done) {
        fixture.driver->after(1ms, [done](Instant) {
          done(Error{Status::provider_refused, "no"});
        });
      };
      CHECK(status_of(fixture.begin(flow::Refetch("p", flow::Refetch::What::keys)).wait(soon())) ==
            Status::provider_refused);

      std::thread other;
      services.on_refetch = [&](const flow::Refetch&, ScriptedServices::Done done) {
        other = std::thread([done] { done(flow::Refetched{}); });
      };
      CHECK(fixture.begin(flow::Refetch("p", flow::Refetch::What::keys)).wait(soon()).ok());
      other.join();
    });
  }

  TEST_CASE("refetch: what the engine begins for it has room even at the bound") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread, [](DriverSettings& s) { s.max_operations = 1; });
      fixture.services.on_refetch = [&](const flow::Refetch&, ScriptedServices::Done done) {
        std::deque<flow::Effect> fetch;
        fetch.push_back(flow::Delay(1ms));
        auto task = std::make_unique<ScriptedTask>(
            std::move(fetch), [done](Result<flow::Outcome>) { done(flow::Refetched{}); });
        auto effect = task->start({});
        CHECK(fixture.driver->submit(std::move(task), std::move(*effect), nullptr).ok());
      };

      CHECK(fixture.begin(flow::Refetch("p", flow::Refetch::What::metadata)).wait(soon()).ok());
    });
  }

  TEST_CASE("a provider that hangs delays nobody who asks another") {
    in_both_modes([](bool own_thread) {
      HttpServer dead(support::hang());
      HttpServer alive(support::answer(200, "ok"));
      Fixture fixture(own_thread, [](DriverSettings& s) { s.http_connections = 4; });
      std::vector<Operation<Identity>> stuck;
      for (int i = 0; i < 50; ++i) stuck.push_back(fixture.begin(get(dead.url())));
      REQUIRE(arrives(fixture, dead, 2));

      for (int i = 0; i < 10; ++i) CHECK(fixture.begin(get(alive.url())).wait(soon()).ok());
      CHECK(dead.num_connections() == 2);
    });
  }

  TEST_CASE("a call that waits for a connection waits no longer than a call may take") {
    in_both_modes([](bool own_thread) {
      HttpServer dead(support::hang());
      Fixture fixture(own_thread, [](DriverSettings& s) {
        s.http_connections = 1;
        s.http_timeout = 50ms;
      });
      auto first = fixture.begin(get(dead.url()));
      auto second = fixture.begin(get(dead.url()));

      CHECK(status_of(second.wait(soon())) == Status::timed_out);
      CHECK(status_of(first.wait(soon())) == Status::timed_out);
    });
  }

  TEST_CASE("EN-17: stop with work in flight ends it; what comes afterwards is cancelled") {
    in_both_modes([](bool own_thread) {
      HttpServer server(support::hang());
      Fixture fixture(own_thread);
      auto call = fixture.begin(get(server.url()));
      auto delay = fixture.begin(flow::Delay(1h));
      REQUIRE(arrives(fixture, server, 1));

      fixture.driver->stop();

      CHECK(status_of(call.wait(soon())) == Status::cancelled);
      CHECK(status_of(delay.wait(soon())) == Status::cancelled);
      CHECK(fixture.driver->num_in_flight() == 0);
      CHECK(server.wait_for_open_connections(0));

      std::deque<flow::Effect> one;
      one.push_back(flow::Delay(0ms));
      CHECK(fixture.launch(std::move(one)).error().status == Status::cancelled);
      CHECK(fixture.driver->start().error().status == Status::cancelled);
      CHECK_FALSE(fixture.driver->run_once(1h));
      fixture.driver->stop();
    });
  }

  TEST_CASE("stop: a grant under way is given time to finish, up to the call's own limit") {
    in_both_modes([](bool own_thread) {
      Gate gate;
      HttpServer server(answer_after(gate));
      Fixture fixture(own_thread);
      const auto finishes = std::make_shared<Ending>(), hangs = std::make_shared<Ending>();
      auto operation = fixture.begin_grant(grant(server.url()), finishes);
      REQUIRE(arrives(fixture, server, 1));

      std::thread waiter([&] {
        CHECK(status_of(operation.wait(soon())) == Status::cancelled);  // detached at once
        gate.open();
      });
      fixture.driver->stop();
      waiter.join();

      CHECK(finishes->status == static_cast<int>(Status::ok));

      HttpServer dead(support::hang());
      Fixture brief(own_thread, [](DriverSettings& s) { s.http_timeout = 100ms; });
      (void)brief.begin_grant(grant(dead.url()), hangs);
      brief.driver->stop();
      CHECK(hangs->num_delivered == 1);
      CHECK(hangs->status != static_cast<int>(Status::ok));
    });
  }

  TEST_CASE("an operation outlives its driver, and the driver its operations") {
    in_both_modes([](bool own_thread) {
      auto fixture = std::make_unique<Fixture>(own_thread);
      auto operation = fixture->begin(flow::Delay(1h));
      fixture.reset();
      CHECK(status_of(operation.wait(soon())) == Status::cancelled);
    });
  }

  TEST_CASE("several threads wait in caller mode: one leads, all get their results") {
    HttpServer server(support::answer(200, "ok"));
    Fixture fixture(false);
    std::atomic<int> num_ok{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 20; ++i) {
          auto operation =
              fixture.begin(get(server.url()), flow::Delay(std::chrono::milliseconds(t % 3)));
          num_ok += operation.wait(soon()).ok();
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(num_ok == 160);
  }

  TEST_CASE("the lead passes on when the leader's deadline comes first") {
    Gate gate;
    HttpServer server(answer_after(gate));
    Fixture fixture(false);
    auto first = fixture.begin(get(server.url()));
    auto second = fixture.begin(get(server.url()));
    std::thread leader([&] { CHECK(status_of(first.wait(in(100ms))) == Status::pending); });
    std::thread follower([&] { CHECK(second.wait(soon()).ok()); });
    leader.join();
    gate.open();
    follower.join();
    CHECK(first.wait(soon()).ok());
  }

  TEST_CASE("a result delivered by another thread wakes who waits and who turns the loop") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      auto background = fixture.begin(flow::Delay(1h));
      const auto completion = CompletionOf<Identity>::make(fixture.driver);
      Gate turning;  // opened from the loop: whoever turns it sleeps in the next round
      fixture.driver->after(0ms, [&](Instant) { turning.open(); });
      std::thread other([&] {
        turning.wait();
        completion->deliver(Identity());
      });
      CHECK(completion->wait(in(1h)).ok());  // asleep it would not return
      other.join();

      bool called = false;
      const auto second = CompletionOf<Identity>::make(fixture.driver);
      second->on_done([&](Result<Identity>) { called = true; });
      std::thread third([&] { second->deliver(Identity()); });
      CHECK(fixture.turn_until([&] { return called; }));
      third.join();
    });
  }

  TEST_CASE("run_once: false when nothing is in flight, without waiting; never in thread mode") {
    Fixture caller(false);
    CHECK_FALSE(caller.driver->run_once(1h));
    auto operation = caller.begin(flow::Delay(1h));
    CHECK(caller.driver->run_once(1ms));
    operation.cancel();
    caller.driver->run_once(1h);
    CHECK_FALSE(caller.driver->run_once(1h));

    Fixture thread(true);
    auto running = thread.begin(flow::Delay(1h));
    CHECK_FALSE(thread.driver->run_once(1h));
  }

  TEST_CASE("after: runs on the loop when it is due, and not at all when nothing runs") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      std::atomic<int> ran{0};
      fixture.driver->after(0ms, [&](Instant) { ran += 100; });
      REQUIRE(fixture.driver->start().ok());
      fixture.driver->after(1ms, [&](Instant at) { ran += at.unix_seconds() > 0 ? 1 : 100; });
      auto keeps_turning = fixture.begin(flow::Delay(1h));

      CHECK(fixture.turn_until([&] { return ran > 0; }));
      CHECK(ran == 1);
    });
  }

  TEST_CASE("a host's signals disturb nothing: an alarm a thousand times a second") {
    signal(SIGALRM, [](int) {});
    itimerval often{{0, 1000}, {0, 1000}}, before{};
    setitimer(ITIMER_REAL, &often, &before);
    in_both_modes([](bool own_thread) {
      HttpServer server(support::answer(200, "ok"));
      Fixture fixture(own_thread);
      for (int i = 0; i < 20; ++i) {
        CHECK(fixture.begin(get(server.url()), flow::Delay(5ms)).wait(soon()).ok());
      }
      auto operation = fixture.begin(flow::Delay(1h));
      CHECK(status_of(operation.wait(in(30ms))) == Status::pending);
    });
    setitimer(ITIMER_REAL, &before, nullptr);
    signal(SIGALRM, SIG_IGN);  // what is still under way comes to nothing
    signal(SIGALRM, SIG_DFL);
  }

  TEST_CASE("create and destroy: nothing is opened before the first operation") {
    const auto next_fd = [] {
      const int fd = ::dup(0);
      ::close(fd);
      return fd;
    };
    const int before = next_fd();
    Fixture idle(true);
    CHECK(next_fd() == before);
    {
      Fixture used(true);
      CHECK(used.begin(flow::Delay(0ms)).wait(soon()).ok());
      used.driver->fd();
      CHECK(next_fd() != before);
    }
    CHECK(next_fd() == before);
  }

  TEST_CASE("memory that runs out on the loop ends the operation, not the loop or the process") {
    in_both_modes([](bool own_thread) {
      Fixture fixture(own_thread);
      fixture.services.on_refetch = [](const flow::Refetch&, const ScriptedServices::Done&) {
        throw std::bad_alloc();
      };
      auto failing = fixture.begin(flow::Refetch("p", flow::Refetch::What::keys));
      CHECK(status_of(failing.wait(soon())) == Status::out_of_memory);
      CHECK(fixture.driver->num_in_flight() == 0);
      auto next = fixture.begin(flow::Delay(1ms));
      CHECK(status_of(next.wait(soon())) == Status::ok);
    });
  }
}
