#include "io/memory_store.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "io/scripted_watcher.hpp"
#include "io/store_contract.hpp"

using namespace gatelet;
using namespace gatelet::io;
using flow::StoreCall;

namespace {

struct SteppedClock final : Clock {
  Instant at{std::chrono::hours(1), std::chrono::hours(1)};
  Instant now() const noexcept override { return at; }
};

struct Stored {
  explicit Stored(std::size_t max_records) : store(max_records, clock) {}

  Result<flow::StoreReply> ask(StoreCall call) {
    Result<flow::StoreReply> answer = Error{Status::internal, "not answered inside the call"};
    store.start(1, std::move(call), [&](Result<flow::StoreReply> r) { answer = std::move(r); });
    return answer;
  }
  bool has(const std::string& key) { return ask(StoreCall::get(key)).value().record.has_value(); }
  void put(const std::string& key, Duration lifetime = std::chrono::hours(1)) {
    REQUIRE(ask(StoreCall::put(key, "of " + key, lifetime)).ok());
  }

  const std::shared_ptr<SteppedClock> clock = std::make_shared<SteppedClock>();
  MemoryStore store;
};

}  // namespace

TEST_SUITE("io/memory_store") {
  TEST_CASE("F-248: what every store must do") {
    Stored stored(1000);
    testing::check_store_contract(
        {[&](StoreCall call) { return stored.ask(std::move(call)); },
         [&](Duration time) { stored.clock->at = stored.clock->at + time; }, "p:"});
  }

  TEST_CASE("F-248: above the bound the record that was not asked for the longest goes") {
    Stored stored(3);
    for (const auto* key : {"a", "b", "c"}) stored.put(key);
    CHECK(stored.has("a"));  // so "b" is the oldest now
    stored.put("d");
    CHECK(stored.store.num_records() == 3);
    CHECK_FALSE(stored.has("b"));
    for (const auto* key : {"a", "c", "d"}) {
      CHECK(stored.ask(StoreCall::get(key)).value().record == "of " + std::string(key));
    }
    stored.put("a");  // one of those that are there: nobody goes
    CHECK(stored.has("c"));
    CHECK(stored.has("d"));
  }

  TEST_CASE("F-248: records that have ended make room before anybody else must go") {
    Stored stored(3);
    stored.put("old", std::chrono::hours(9));
    stored.put("a", std::chrono::seconds(1));
    stored.put("b", std::chrono::seconds(1));
    stored.clock->at = stored.clock->at + std::chrono::seconds(2);
    stored.put("c");
    CHECK(stored.store.num_records() == 2);
    CHECK(stored.has("old"));
  }

  TEST_CASE("F-251: books made by swaps and sessions do not push each other out") {
    Stored stored(2);
    const auto swap = [&](const std::string& key) {
      return stored.ask(StoreCall::swap(key, std::nullopt, "book", std::chrono::hours(1)));
    };
    for (const auto* key : {"a", "b"}) stored.put(key);
    for (const auto* key : {"x", "y", "z"}) CHECK(swap(key).value().was_there);
    CHECK(stored.store.num_records() == 4);
    CHECK_FALSE(stored.has("x"));
    for (const auto* key : {"a", "b", "y", "z"}) CHECK(stored.has(key));
    // A session that is swapped for a newer one is still a session.
    CHECK(stored.ask(StoreCall::swap("a", "of a", "new", std::chrono::hours(1))).value().was_there);
    stored.put("c");
    CHECK_FALSE(stored.has("b"));
    for (const auto* key : {"a", "c", "y", "z"}) CHECK(stored.has(key));
  }

  TEST_CASE("locks that were never released do not pile up") {
    Stored stored(10);
    for (int i = 0; i < 10'000; ++i) {
      const auto lock = StoreCall::lock("k" + std::to_string(i), "o", std::chrono::milliseconds(1));
      CHECK(stored.ask(lock).value().is_owner);
      stored.clock->at = stored.clock->at + std::chrono::milliseconds(2);
    }
    CHECK(stored.store.num_locks() < 1000);
  }

  TEST_CASE("without room nothing is kept") {
    Stored stored(0);
    stored.put("a");
    CHECK_FALSE(stored.has("a"));
  }

  TEST_CASE("F-427: tells of every record that is put or goes, whatever the reason; of no lock") {
    testing::ScriptedWatcher watcher;
    const auto clock = std::make_shared<SteppedClock>();
    MemoryStore store(2, clock, &watcher);
    CHECK(watcher.told == std::vector<Deadline>{Deadline::max()});
    const auto told_by = [&](StoreCall call) {
      watcher.keys.clear();
      store.start(1, std::move(call), [](const Result<flow::StoreReply>&) {});
      return watcher.keys.empty() ? "" : watcher.keys.back();
    };
    const Duration hour = std::chrono::hours(1), second = std::chrono::seconds(1);
    CHECK(told_by(StoreCall::put("a", "1", hour)) == "a");
    CHECK(told_by(StoreCall::get("a")).empty());
    CHECK(told_by(StoreCall::replace("a", "2", hour)) == "a");
    CHECK(told_by(StoreCall::replace("b", "2", hour)).empty());
    CHECK(told_by(StoreCall::swap("a", "2", "3", hour)) == "a");
    CHECK(told_by(StoreCall::swap("a", "other", "4", hour)).empty());
    CHECK(told_by(StoreCall::erase("a")) == "a");
    CHECK(told_by(StoreCall::erase("a")).empty());
    CHECK(told_by(StoreCall::lock("a.lock", "me", hour)).empty());
    CHECK(told_by(StoreCall::unlock("a.lock", "me")).empty());

    CHECK(told_by(StoreCall::put("a", "1", second)) == "a");
    CHECK(told_by(StoreCall::put("b", "1", hour)) == "b");
    CHECK(told_by(StoreCall::put("c", "1", hour)) == "a");  // no room: it goes
    CHECK(told_by(StoreCall::put("d", "1", second)) == "b");
    clock->at = clock->at + second;
    CHECK(told_by(StoreCall::get("d")) == "d");  // it has expired
    CHECK(watcher.num_all == 0);
    CHECK(watcher.told.size() == 1);
  }
}
