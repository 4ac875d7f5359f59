#include "io/completions.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "io/scripted_task.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;

namespace {

// Completions without tasks: delivered by hand.
struct Hand : Fixture {
  Hand() : Fixture(false) {}
  Completed make() { return CompletionOf<Identity>::make(driver); }
  std::size_t dispatch() { return driver->dispatch(static_cast<std::size_t>(-1)); }
};

}  // namespace

TEST_SUITE("io/completions") {
  TEST_CASE("deliver: the first result counts, later ones are ignored") {
    Hand hand;
    const auto one = hand.make();
    CHECK_FALSE(one->is_ready());

    one->deliver(Error{Status::timed_out, "first"});
    one->deliver(Identity());

    CHECK(one->is_ready());
    CHECK(one->wait(soon()).error().text == "first");
    CHECK(one->wait(soon()).error().status == Status::invalid_state);
  }

  TEST_CASE(
      "on_done: never inside a call, whichever comes first; exactly once; the descriptor says so") {
    Hand hand;
    const int fd = hand.driver->fd();
    for (const bool result_first : {true, false}) {
      CAPTURE(result_first);
      int called = 0;
      const auto one = hand.make();
      if (result_first) one->deliver(Identity());
      one->on_done([&](Result<Identity> result) { called += result.ok() ? 1 : 100; });
      if (!result_first) {
        CHECK_FALSE(is_readable(fd));
        one->deliver(Identity());
      }
      CHECK(called == 0);
      CHECK(is_readable(fd));

      CHECK(hand.dispatch() == 1);
      CHECK(called == 1);
      CHECK_FALSE(is_readable(fd));
      CHECK(hand.dispatch() == 0);
    }
  }

  TEST_CASE("on_done: a second taker is refused or ignored") {
    Hand hand;
    int called = 0;
    const auto one = hand.make();
    one->on_done([&](Result<Identity>) { ++called; });
    one->on_done([&](Result<Identity>) { called += 100; });
    CHECK(one->wait(soon()).error().status == Status::invalid_state);  // and does not wait
    one->deliver(Identity());
    hand.dispatch();
    one->on_done([&](Result<Identity>) { called += 100; });
    hand.dispatch();

    CHECK(called == 1);

    const auto waited = hand.make();
    waited->deliver(Identity());
    CHECK(waited->wait(soon()).ok());
    waited->on_done([&](Result<Identity>) { called += 100; });
    CHECK(hand.dispatch() == 0);
    CHECK(called == 1);
  }

  TEST_CASE("dispatch: at most `max`, and not what its own callbacks add") {
    Hand hand;
    std::vector<Fixture::Completed> all;
    int called = 0;
    for (int i = 0; i < 5; ++i) {
      all.push_back(hand.make());
      all.back()->deliver(Identity());
    }
    for (int i = 0; i < 3; ++i) {
      all[static_cast<std::size_t>(i)]->on_done([&, i](Result<Identity>) {
        ++called;
        if (i == 2) all[3]->on_done([&](Result<Identity>) { ++called; });
      });
    }

    CHECK(hand.driver->dispatch(2) == 2);
    CHECK(is_readable(hand.driver->fd()));
    CHECK(hand.dispatch() == 1);
    CHECK(is_readable(hand.driver->fd()));
    CHECK(hand.dispatch() == 1);
    CHECK(called == 4);
  }

  TEST_CASE("drop: no callback afterwards, and what it captured is destroyed") {
    Hand hand;
    const auto captured = std::make_shared<int>(0);
    const auto one = hand.make();
    one->deliver(Identity());
    one->on_done([captured](Result<Identity>) { ++*captured; });

    one->drop();

    CHECK(captured.use_count() == 1);
    CHECK_FALSE(is_readable(hand.driver->fd()));
    CHECK(hand.dispatch() == 0);
    one->on_done([captured](Result<Identity>) { ++*captured; });
    CHECK(hand.dispatch() == 0);
    CHECK(*captured == 0);
  }

  TEST_CASE("drop: a callback that runs on another thread has ended when it returns") {
    Hand hand;
    for (int round = 0; round < 200; ++round) {
      auto alive = std::make_unique<std::atomic<int>>(0);
      std::atomic<bool> has_begun{false};
      const auto one = hand.make();
      one->on_done([&has_begun, where = alive.get()](Result<Identity>) {
        has_begun = true;
        for (int i = 0; i < 100; ++i) {
          ++*where;
          std::this_thread::yield();
        }
      });
      one->deliver(Identity());
      std::thread other([&] { hand.dispatch(); });
      if (round % 2 == 0) {
        while (!has_begun) std::this_thread::yield();
      }
      one->drop();
      CHECK((*alive == 0 || *alive == 100));
      alive.reset();  // the sanitizers watch
      other.join();
    }
  }

  TEST_CASE("drop: inside its own callback, and two callbacks that drop each other, end") {
    Hand hand;
    auto own = hand.make();
    own->deliver(Identity());
    own->on_done([&](Result<Identity>) { own->drop(); });
    CHECK(hand.dispatch() == 1);

    const auto a = hand.make(), b = hand.make();
    std::atomic<int> num_inside{0};
    const auto drop_other = [&](const Fixture::Completed& other) {
      return [&num_inside, other](Result<Identity>) {
        ++num_inside;
        while (num_inside < 2) std::this_thread::yield();
        other->drop();
      };
    };
    a->on_done(drop_other(b));
    b->on_done(drop_other(a));
    a->deliver(Identity());
    b->deliver(Identity());
    std::thread first([&] { hand.driver->dispatch(1); });
    std::thread second([&] { hand.driver->dispatch(1); });
    first.join();
    second.join();
    CHECK(num_inside == 2);
  }

  TEST_CASE("before_handout: once, on the thread that takes the result, never after drop") {
    Hand hand;
    int hooked = 0;
    const auto waited = hand.make(), called = hand.make(), dropped = hand.make();
    for (const auto& one : {waited, called, dropped}) {
      one->before_handout([&](const Result<Identity>& result) { hooked += result.ok() ? 1 : 100; });
      one->deliver(Identity());
    }
    CHECK(hooked == 0);
    CHECK(waited->wait(soon()).ok());
    CHECK(hooked == 1);

    int hooked_first = 0;
    called->on_done([&](Result<Identity>) { hooked_first = hooked; });
    hand.dispatch();
    CHECK(hooked == 2);
    CHECK(hooked_first == 2);

    dropped->on_done([](Result<Identity>) {});
    dropped->drop();
    hand.dispatch();
    CHECK(hooked == 2);
  }

  TEST_CASE("wait: inside a callback or a hook of the same engine it is a usage error") {
    Hand hand, other_engine;
    const auto outer = hand.make(), inner = hand.make(), foreign = other_engine.make();
    inner->deliver(Identity());
    foreign->deliver(Identity());
    Status inside = Status::ok, elsewhere = Status::internal, hooked = Status::ok;
    outer->before_handout(
        [&](const Result<Identity>&) { hooked = status_of(inner->wait(soon())); });
    outer->on_done([&](Result<Identity>) {
      inside = status_of(inner->wait(soon()));
      elsewhere = status_of(foreign->wait(soon()));
      CHECK_FALSE(hand.driver->run_once(1h));
    });
    outer->deliver(Identity());
    hand.dispatch();

    CHECK(inside == Status::in_callback);
    CHECK(hooked == Status::in_callback);
    CHECK(elsewhere == Status::ok);
    CHECK(inner->wait(soon()).ok());
  }

  TEST_CASE("a callback that throws leaves everything in order") {
    Hand hand;
    const auto one = hand.make();
    one->deliver(Identity());
    one->on_done([](Result<Identity>) { throw 1; });

    CHECK_THROWS(hand.dispatch());
    CHECK_FALSE(hand.driver->shared_completions()->is_calling());
    one->drop();  // would wait for a callback that still runs
    CHECK(hand.dispatch() == 0);
  }

  TEST_CASE(
      "cancel: a completion without a task of its own is told by the loop, unless it is ready") {
    for (const bool own_thread : {true, false}) {
      Fixture fixture(own_thread);
      REQUIRE(fixture.driver->start().ok());
      const auto waits = CompletionOf<Identity>::make(fixture.driver);
      const auto is_done = CompletionOf<Identity>::make(fixture.driver);
      is_done->deliver(Identity());
      waits->cancel();
      is_done->cancel();

      CHECK(waits->is_unwanted());
      CHECK(status_of(waits->wait(soon())) == Status::cancelled);
      CHECK(is_done->wait(soon()).ok());
    }
  }

  TEST_CASE(
      "a result that comes after the engine has ended is still handed out; none is cancelled") {
    auto fixture = std::make_unique<Fixture>(true);
    const auto ready = CompletionOf<Identity>::make(fixture->driver);
    const auto never = CompletionOf<Identity>::make(fixture->driver);
    fixture.reset();
    ready->deliver(Identity());

    CHECK(ready->wait(soon()).ok());
    CHECK(status_of(never->wait(soon())) == Status::cancelled);
    never->cancel();
    never->drop();
  }

  TEST_CASE("ask_host: made by dispatch, in order, before callbacks, and counted as one") {
    Hand hand;
    const auto queue = hand.driver->shared_completions();
    const int fd = hand.driver->fd();
    std::vector<unsigned> made;
    const auto one = hand.make();
    one->deliver(Identity());
    one->on_done([&](Result<Identity>) { made.push_back(0); });
    for (const unsigned i : {1U, 2U, 3U})
      CHECK(queue->ask_host(i, [&made, i] { made.push_back(i); }));
    CHECK(queue->withdraw_call(2));
    CHECK_FALSE(queue->withdraw_call(2));
    CHECK(hand.driver->dispatch(2) == 2);
    CHECK(made == std::vector{1U, 3U});
    CHECK_FALSE(queue->withdraw_call(1));
    CHECK(is_readable(fd));
    CHECK(hand.dispatch() == 1);
    CHECK(made == std::vector{1U, 3U, 0U});
    CHECK_FALSE(is_readable(fd));
  }

  TEST_CASE(
      "ask_host: a wait makes it, one that has no time a single one; what is ready makes none") {
    Hand hand;
    const auto queue = hand.driver->shared_completions();
    int made = 0;
    const auto waited_for = hand.make();
    for (const unsigned i : {1U, 2U}) CHECK(queue->ask_host(i, [&] { ++made; }));
    CHECK(queue->ask_host(3U, [&] {
      ++made;
      waited_for->deliver(Identity());
    }));
    const auto ready = hand.make();
    ready->deliver(Identity());
    CHECK(ready->wait(soon()).ok());
    CHECK(made == 0);
    CHECK(status_of(hand.make()->wait(Deadline{})) == Status::pending);
    CHECK(made == 1);
    CHECK(waited_for->wait(soon()).ok());
    CHECK(made == 3);
  }

  TEST_CASE("ask_host: what a call captured is gone when the end is told; none is taken after it") {
    Hand hand;
    const auto queue = hand.driver->shared_completions();
    const auto captured = std::make_shared<int>(0);
    std::atomic<bool> has_begun{false}, may_end{false};
    CHECK(queue->ask_host(1, [captured, &has_begun, &may_end] {
      has_begun = true;
      while (!may_end) std::this_thread::yield();
    }));
    std::thread caller([&] { hand.dispatch(); });
    while (!has_begun) std::this_thread::yield();
    std::thread opener([&] {
      std::this_thread::sleep_for(20ms);
      may_end = true;
    });
    hand.driver->stop();
    CHECK(captured.use_count() == 1);
    CHECK_FALSE(queue->ask_host(2, [] {}));
    caller.join();
    opener.join();
  }

  TEST_CASE(
      "wait, turn: a round that throws leaves the lead to the next thread, and nothing of it") {
    Hand hand;
    const auto queue = hand.driver->shared_completions();
    const Completions::Round throwing = [](Duration) { throw std::bad_alloc(); };
    const auto one = hand.make();
    CHECK_THROWS_AS((void)queue->wait(*one, soon(), throwing), std::bad_alloc);
    CHECK_FALSE(queue->is_leader());
    CHECK_THROWS_AS(queue->turn(soon(), throwing), std::bad_alloc);
    CHECK_FALSE(queue->is_leader());

    Result<void> waited;
    std::thread other(
        [&] { waited = queue->wait(*one, in(2s), [&](Duration) { one->deliver(Identity()); }); });
    other.join();
    CHECK(waited.ok());
    hand.driver->stop();  // waits for whoever leads
  }
}
