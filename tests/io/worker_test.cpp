#include "io/worker.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <new>
#include <thread>
#include <vector>

using namespace gatelet;
using io::Worker;

namespace {

// A job that holds the worker's thread until it is let go.
class Gate {
 public:
  std::function<void()> job() {
    return [this] {
      entered_.set_value();
      open_.get_future().wait();
    };
  }
  void wait_until_entered() { entered_.get_future().wait(); }
  void open() { open_.set_value(); }

 private:
  std::promise<void> entered_, open_;
};

}  // namespace

TEST_SUITE("io/worker") {
  TEST_CASE("push: jobs run in order, on another thread that takes no signals") {
    std::vector<int> order;
    std::promise<void> done;
    std::thread::id where;
    sigset_t mask;
    {
      Worker worker(8);
      for (int i = 0; i < 3; ++i) REQUIRE(worker.push([&, i] { order.push_back(i); }).ok());
      REQUIRE(worker
                  .push([&] {
                    where = std::this_thread::get_id();
                    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
                    done.set_value();
                  })
                  .ok());
      done.get_future().wait();
    }
    CHECK(order == std::vector<int>{0, 1, 2});
    CHECK(where != std::this_thread::get_id());
    CHECK(sigismember(&mask, SIGTERM) == 1);
    CHECK(sigismember(&mask, SIGSEGV) == 0);
  }

  TEST_CASE("push: more than may wait is refused, and the refused job is dropped") {
    Gate gate;
    Worker worker(2);
    REQUIRE(worker.push(gate.job()).ok());
    gate.wait_until_entered();  // what runs does not wait
    int num_done = 0;
    std::promise<void> done;
    CHECK(worker.push([&] { ++num_done; }).ok());
    CHECK(worker.push([&] { done.set_value(); }).ok());
    const auto held = std::make_shared<int>(0);
    const auto refused = worker.push([held] {});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().status == Status::too_many_operations);
    CHECK(held.use_count() == 1);
    gate.open();
    done.get_future().wait();
    CHECK(num_done == 1);
    CHECK(worker.push([] {}).ok());
  }

  TEST_CASE("end: drops what waits, and waits for the job under way") {
    Gate gate;
    auto worker = std::make_unique<Worker>(8);
    bool was_finished = false, was_dropped = true;
    REQUIRE(worker
                ->push([&, hold = gate.job()] {
                  hold();
                  was_finished = true;
                })
                .ok());
    gate.wait_until_entered();
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> waiting = held;
    REQUIRE(worker->push([&, held = std::move(held)] { was_dropped = false; }).ok());
    std::thread opener([&] {
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      while (!waiting.expired() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
      }
      gate.open();
    });
    worker.reset();
    CHECK(was_finished);
    CHECK(was_dropped);
    opener.join();
  }

  TEST_CASE("push: with more threads as many jobs are under way, and the next waits") {
    Gate first, second, third;
    std::promise<void> done;
    Worker worker(8, 2);  // ends before what its jobs use
    REQUIRE(worker.push(first.job()).ok());
    REQUIRE(worker.push(second.job()).ok());
    first.wait_until_entered();
    second.wait_until_entered();
    auto is_done = done.get_future();
    REQUIRE(worker.push([&] { done.set_value(); }).ok());
    CHECK(is_done.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
    second.open();
    CHECK(is_done.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
    REQUIRE(worker.push(third.job()).ok());
    third.wait_until_entered();
    third.open();
    first.open();
  }

  TEST_CASE("end: a worker that never had a job has no thread") { const Worker worker(1); }

  TEST_CASE("push: what a job throws ends neither the thread nor the jobs behind it") {
    Worker worker(8);
    std::promise<void> done;
    REQUIRE(worker.push([] { throw std::bad_alloc(); }).ok());
    REQUIRE(worker.push([&] { done.set_value(); }).ok());
    CHECK(done.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  }
}
