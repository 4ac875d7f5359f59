// The loop and what lives beside it where an allocation fails, for every one: nobody waits for
// ever, and nothing is left half done.
#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "io/completions.hpp"
#include "io/driver.hpp"
#include "io/failing_malloc.hpp"
#include "io/inbox.hpp"
#include "io/memory_store.hpp"
#include "io/name_lookups.hpp"
#include "io/system.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using flow::StoreCall;
using namespace std::chrono_literals;

namespace {

class Refetcher final : public Services {
 public:
  void refetch(const flow::Refetch&, std::function<void(Result<flow::Refetched>)> done) override {
    done(flow::Refetched{});
  }
};

// Asks for keys, for a record, and for a moment's rest.
class Asking final : public flow::Task {
 public:
  Asking(int& num_ended, Status& status) : num_ended_(num_ended), status_(status) {}
  std::optional<flow::Effect> start(Instant) override {
    return flow::Refetch("p", flow::Refetch::What::keys);
  }
  std::optional<flow::Effect> resume(flow::Reply reply) override {
    ++num_resumed_;
    const bool goes_on = reply.outcome.ok() && num_resumed_ < 3;
    if (goes_on && num_resumed_ == 1) return StoreCall::get("a-key-that-needs-memory-of-its-own");
    if (goes_on) return flow::Delay(1ms);
    end(reply.outcome.ok() ? Status::ok : reply.outcome.error().status);
    return std::nullopt;
  }
  void abandon(Error why) override { end(why.status); }
  bool must_finish() const noexcept override { return false; }

 private:
  void end(Status status) {
    ++num_ended_;
    status_ = status;
  }
  int& num_ended_;
  Status& status_;
  int num_resumed_ = 0;
};

// Has something in hand after its first answer that it must not lose: asks again where it hears of
// a failure, a few times. Allocates nothing after it was made.
class Holding final : public flow::Task {
 public:
  static constexpr int max_failures = 4;
  Holding(int& num_resumed, int& num_ended, Status& status)
      : num_resumed_(num_resumed), num_ended_(num_ended), status_(status) {
    for (int i = 0; i < max_failures; ++i) {
      calls_.push_back(StoreCall::put("a-key-that-needs-memory-of-its-own", "v", 60s));
    }
  }
  std::optional<flow::Effect> start(Instant) override {
    return flow::Refetch("p", flow::Refetch::What::keys);
  }
  std::optional<flow::Effect> resume(flow::Reply reply) override {
    const bool is_first = ++num_resumed_ == 1;
    if (is_first && !reply.outcome.ok()) return end(reply.outcome.error().status);
    const bool rests = std::exchange(rests_, false);
    if (rests && !reply.outcome.ok()) return end(reply.outcome.error().status);
    if (!is_first && !rests && reply.outcome.ok()) return end(Status::ok);
    if (calls_.empty()) return end(reply.outcome.error().status);
    rests_ = !is_first && !rests;
    if (rests_) return flow::Delay(1ms);
    auto call = std::move(calls_.back());
    calls_.pop_back();
    return call;
  }
  void abandon(Error why) override { (void)end(why.status); }
  bool must_finish() const noexcept override { return num_resumed_ > 0; }

 private:
  std::optional<flow::Effect> end(Status status) {
    ++num_ended_;
    status_ = status;
    return std::nullopt;
  }
  std::vector<StoreCall> calls_;
  int &num_resumed_, &num_ended_;
  Status& status_;
  bool rests_ = false;
};

}  // namespace

TEST_SUITE("io/loop_allocation") {
  // Only what the loop's thread takes fails, here the test's own.
  TEST_CASE("a loop, from a task to its end: told once, and counted, whatever could not be had") {
    DriverSettings settings;
    settings.own_thread = false;
    settings.operation_timeout = 20ms;
    settings.store.kind = StoreSettings::Kind::memory;
    Refetcher services;
    int num_refused = 0;
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 2000);
      Driver driver(settings, system_clock(), services);
      REQUIRE(driver.start().ok());
      int num_ended = 0;
      auto status = Status::ok;
      auto task = std::make_unique<Asking>(num_ended, status);
      auto effect = task->start({});
      REQUIRE(driver.submit(std::move(task), std::move(*effect), nullptr).ok());
      const auto ends = std::chrono::steady_clock::now() + 5s;
      Failure failure(n);
      while (num_ended == 0 && std::chrono::steady_clock::now() < ends) {
        try {
          driver.run_once(5ms);
        } catch (const std::bad_alloc&) {  // on the host's own part of the way
        }
      }
      const bool has_failed = failure.end();
      CHECK(num_ended == 1);
      CHECK(driver.num_in_flight() == 0);
      num_refused += status != Status::ok;
      if (has_failed) continue;
      CHECK(status == Status::ok);
      CHECK(num_refused > 0);
      return;
    }
  }

  TEST_CASE("a loop: who must finish does, whatever could not be had behind its first answer") {
    DriverSettings settings;
    settings.own_thread = false;
    settings.store.kind = StoreSettings::Kind::memory;
    settings.store.timeout = 20ms;
    Refetcher services;
    int num_finished = 0;
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 2000);
      Driver driver(settings, system_clock(), services);
      REQUIRE(driver.start().ok());
      int num_resumed = 0, num_ended = 0;
      auto status = Status::ok;
      auto task = std::make_unique<Holding>(num_resumed, num_ended, status);
      auto effect = task->start({});
      REQUIRE(driver.submit(std::move(task), std::move(*effect), nullptr).ok());
      const auto ends = std::chrono::steady_clock::now() + 5s;
      Failure failure(n);
      while (num_ended == 0 && std::chrono::steady_clock::now() < ends) {
        (void)step([&] { driver.run_once(5ms); });
      }
      const bool has_failed = failure.end();
      CHECK(num_ended == 1);
      CHECK((num_resumed == 0 || status == Status::ok));
      num_finished += num_resumed > 0;
      if (has_failed) continue;
      CHECK(num_finished > 3);
      return;
    }
  }

  TEST_CASE("F-248: a memory store keeps what was there, or what is put, and its bound") {
    const auto clock = system_clock();
    const std::string old_value(40, 'o'), new_value(40, 'n');
    const std::string keys[] = {"a-key-that-needs-memory-of-its-own",
                                "another-key-with-such-a-name", "the-third-of-these-long-keys"};
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 200);
      MemoryStore store(2, clock, nullptr);
      const auto get = [&](const std::string& key) {
        std::string value;
        store.start(1, StoreCall::get(key), [&](const Result<flow::StoreReply>& reply) {
          value = reply.value().record.value_or("");
        });
        return value;
      };
      const auto put = [&](const std::string& key, const std::string& value) {
        store.start(1, StoreCall::put(key, value, 60s), [](const Result<flow::StoreReply>&) {});
      };
      put(keys[0], old_value);
      put(keys[1], old_value);
      Failure failure(n);
      const bool is_first_put = step([&] { put(keys[0], new_value); });
      const bool is_third_put = step([&] { put(keys[2], new_value); });
      const bool has_failed = failure.end();
      // Who was not put anew is the one that goes.
      CHECK(get(keys[0]) == (is_first_put ? new_value : is_third_put ? "" : old_value));
      CHECK(get(keys[2]) == (is_third_put ? new_value : ""));
      for (const auto& key : keys)
        put(key, new_value);  // who was lost sight of would be in the way
      CHECK(get(keys[0]).empty());
      CHECK(get(keys[1]) == new_value);
      CHECK(get(keys[2]) == new_value);
      if (has_failed) continue;
      CHECK(n > 3);
      return;
    }
  }

  TEST_CASE(
      "a callback comes, and its operation can be dropped, whatever dispatch could not have") {
    DriverSettings settings;
    settings.own_thread = false;
    Refetcher services;
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 200);
      const auto driver = std::make_shared<Driver>(settings, system_clock(), services);
      const auto completion = CompletionOf<int>::make(driver);
      int num_called = 0;
      completion->on_done([&](const Result<int>&) { ++num_called; });
      completion->deliver(7);
      Failure failure(n);
      (void)step([&] { driver->dispatch(1); });
      const bool has_failed = failure.end();
      driver->dispatch(1);
      REQUIRE(num_called == 1);
      completion->drop();
      if (!has_failed) return;
    }
  }

  TEST_CASE("an end that waits for whoever leads takes no memory") {
    Completions queue(std::make_shared<Inbox>());
    std::atomic<bool> leads = false, may_leave = false;
    const Completions::Round round = [&](Duration) {
      leads = true;
      while (!may_leave) ::usleep(100);
    };
    std::thread leader([&] { queue.turn(Deadline::max(), round); });
    while (!leads) ::usleep(100);
    std::thread releasing([&] {
      ::usleep(20'000);  // asleep by then, or it has nothing to wait for
      may_leave = true;
    });
    bool has_drained = false;
    const std::function<void()> drain = [&] { has_drained = true; };
    Failure failure(1);
    const bool has_ended = step([&] { queue.end(drain); });
    CHECK_FALSE(failure.end());
    CHECK(has_ended);
    CHECK(has_drained);
    may_leave = true;
    releasing.join();
    leader.join();
  }

  TEST_CASE("a driver with a thread: where it could not begin it begins the next time") {
    DriverSettings settings;
    settings.store.kind = StoreSettings::Kind::memory;
    Refetcher services;
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 20'000);
      std::atomic<int> num_ended = 0;
      Driver driver(settings, system_clock(), services);
      Failure failure(n);
      bool is_started = false;
      (void)step([&] { is_started = driver.start().ok(); });
      const bool has_failed = failure.end();
      REQUIRE(driver.start().ok());
      driver.after(0s, [&](Instant) { ++num_ended; });
      const auto ends = std::chrono::steady_clock::now() + 5s;
      while (num_ended == 0 && std::chrono::steady_clock::now() < ends) ::usleep(100);
      REQUIRE(num_ended == 1);
      if (has_failed) continue;
      CHECK(is_started);
      CHECK(n > 3);
      return;
    }
  }

  TEST_CASE("a name that could not be looked up once is looked up the next time") {
    const std::string host = "a-host-with-a-long-name.example";
    for (int n = 1; n < 12; ++n) {
      CAPTURE(n);
      NameLookups lookups(4, [&](const std::string&, std::uint16_t) {
        return Addresses{socket_address("/a-path")};
      });
      fail_elsewhere_at = n;
      bool is_found = false;
      const auto ends = std::chrono::steady_clock::now() + 5s;
      while (!is_found && std::chrono::steady_clock::now() < ends) {
        const auto id = lookups.start(host, 1).value();
        for (int i = 0; i < 100 && !is_found; ++i, ::usleep(100)) {
          const auto found = lookups.take(id);
          is_found = found && found->size() == 1;
        }
        lookups.forget(id);
      }
      fail_elsewhere_at = 0;
      REQUIRE(is_found);
    }
  }

  TEST_CASE("after: work that was taken runs, perhaps early; else whoever wanted it is told") {
    DriverSettings settings;
    settings.own_thread = false;
    Refetcher services;
    int num_taken = 0;
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 200);
      Driver driver(settings, system_clock(), services);
      REQUIRE(driver.start().ok());
      int num_run = 0;
      bool is_taken = false;
      Failure failure(n);
      (void)step([&] { is_taken = driver.after(1ms, [&num_run](Instant) { ++num_run; }); });
      const auto ends = std::chrono::steady_clock::now() + (is_taken ? 5s : 0s);
      do {
        (void)step([&] { driver.run_once(5ms); });
      } while (num_run == 0 && std::chrono::steady_clock::now() < ends);
      const bool has_failed = failure.end();
      CHECK(num_run == (is_taken ? 1 : 0));
      num_taken += is_taken;
      if (has_failed) continue;
      CHECK(num_taken > 1);
      CHECK(is_taken);
      return;
    }
  }
}
