// What every store must do, whatever it is: each runs this suite.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "flow/effect.hpp"

namespace gatelet::io::testing {

// A store as the suite sees it: asks and waits for the answer; lets time pass.
struct StoreUnderTest {
  std::function<Result<flow::StoreReply>(flow::StoreCall)> ask;
  std::function<void(Duration)> pass;
  std::string prefix;  // of every key, so that runs beside each other do not meet
};

// Whether what lasts so long is to be there still, by the clock of whoever looks on: a machine may
// be slow.
class InTime {
 public:
  explicit InTime(Duration lifetime) : end_(std::chrono::steady_clock::now() + lifetime) {}
  bool holds() const { return std::chrono::steady_clock::now() < end_; }

 private:
  const std::chrono::steady_clock::time_point end_;
};

inline void check_store_contract(const StoreUnderTest& store) {
  using flow::StoreCall;
  using namespace std::chrono_literals;
  const auto key = [&](const char* name) { return store.prefix + name; };
  const auto get = [&](const char* name) {
    return store.ask(StoreCall::get(key(name))).value().record;
  };
  const auto put = [&](const char* name, std::string record, Duration lifetime) {
    CHECK(store.ask(StoreCall::put(key(name), std::move(record), lifetime)).ok());
  };
  const auto lock = [&](const char* name, const char* owner, Duration lease) {
    return store.ask(StoreCall::lock(key(name), owner, lease)).value().is_owner;
  };
  const auto extend = [&](const char* name, const char* owner, Duration lease) {
    return store.ask(StoreCall::extend(key(name), owner, lease)).value().is_owner;
  };
  const auto unlock = [&](const char* name, const char* owner) {
    return store.ask(StoreCall::unlock(key(name), owner)).value().is_owner;
  };

  SUBCASE("a record comes back byte for byte, under its own key only") {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
    put("a", bytes, 60s);
    CHECK(get("a") == bytes);
    CHECK_FALSE(get("b"));
    CHECK_FALSE(get("A"));
    put("empty", "", 60s);
    CHECK(get("empty") == "");
    const std::string large(300'000, 'x');
    put("large", large + "\r\n$-1\r\n", 60s);
    CHECK(get("large") == large + "\r\n$-1\r\n");
  }

  SUBCASE("a key may hold any byte") {
    const std::string odd("\0 \r\n\"'{}\xff", 9);
    REQUIRE(store.ask(StoreCall::put(store.prefix + odd, "odd", 60s)).ok());
    CHECK(store.ask(StoreCall::get(store.prefix + odd)).value().record == "odd");
    CHECK_FALSE(store.ask(StoreCall::get(store.prefix + odd.substr(0, 1))).value().record);
    CHECK(store.ask(StoreCall::erase(store.prefix + odd)).ok());
  }

  SUBCASE("put replaces record and lifetime; erase leaves nothing, also twice") {
    put("a", "1", 50ms);
    put("a", "2", 60s);
    store.pass(100ms);
    CHECK(get("a") == "2");
    put("a", "3", Duration::zero());
    CHECK(get("a") == "3");
    CHECK(store.ask(StoreCall::erase(key("a"))).ok());
    CHECK_FALSE(get("a"));
    CHECK(store.ask(StoreCall::erase(key("a"))).ok());
  }

  SUBCASE("replace writes only where a record is, with a lifetime of its own") {
    const auto replace = [&](const char* name, std::string record, Duration lifetime) {
      return store.ask(StoreCall::replace(key(name), std::move(record), lifetime))
          .value()
          .was_there;
    };
    CHECK_FALSE(replace("none", "1", 60s));
    CHECK_FALSE(get("none"));
    put("a", "1", 60s);
    const InTime in_time(100ms);
    CHECK(replace("a", "2", 100ms));
    const auto there = get("a");
    CHECK((there == "2" || !in_time.holds()));
    store.pass(250ms);
    CHECK_FALSE(get("a"));
    CHECK_FALSE(replace("a", "3", 60s));
    put("b", "1", 60s);
    CHECK(replace("b", "2", Duration::zero()));
    CHECK(store.ask(StoreCall::erase(key("b"))).ok());
    CHECK_FALSE(replace("b", "3", 60s));
  }

  SUBCASE(
      "swap writes only where the very bytes it expects are, or nothing where it expects that") {
    const auto swap = [&](const char* name, std::optional<std::string> expected, std::string record,
                          Duration lifetime) {
      return store.ask(StoreCall::swap(key(name), std::move(expected), std::move(record), lifetime))
          .value()
          .was_there;
    };
    CHECK_FALSE(swap("a", "1", "2", 60s));
    CHECK_FALSE(swap("a", "", "2", 60s));  // an empty record is a record
    CHECK_FALSE(get("a"));
    CHECK(swap("a", std::nullopt, "1", 60s));
    CHECK(swap("a", std::nullopt, "1", 60s));  // sent again: the first answer was lost
    CHECK_FALSE(swap("a", std::nullopt, "2", 60s));
    CHECK_FALSE(swap("a", "1 ", "2", 60s));
    CHECK(get("a") == "1");
    CHECK(swap("a", "1", "", 60s));
    CHECK(get("a") == "");
    CHECK_FALSE(swap("a", std::nullopt, "2", 60s));
    const std::string odd("\0\r\n\xff", 4);
    CHECK(swap("a", "", odd, 100ms));
    CHECK_FALSE(swap("a", odd.substr(0, 1), "2", 60s));
    store.pass(250ms);
    CHECK_FALSE(swap("a", odd, "2", 60s));
    CHECK(swap("a", std::nullopt, odd, Duration::zero()));
    CHECK(swap("a", odd, "2", Duration::zero()));
    CHECK(store.ask(StoreCall::erase(key("a"))).ok());
  }

  SUBCASE("a record is gone after its lifetime, to the millisecond") {
    const InTime in_time(150ms);
    put("short", "s", 150ms);
    put("long", "l", 60s);
    const auto there = get("short");
    CHECK((there == "s" || !in_time.holds()));
    store.pass(300ms);
    CHECK_FALSE(get("short"));
    CHECK(get("long") == "l");
    CHECK(store.ask(StoreCall::erase(key("long"))).ok());
  }

  SUBCASE("a lock has one owner; nobody else extends or releases it") {
    CHECK(lock("l", "me", 60s));
    CHECK_FALSE(lock("l", "other", 60s));
    CHECK_FALSE(extend("l", "other", 60s));
    CHECK_FALSE(unlock("l", "other"));
    CHECK_FALSE(lock("l", "other", 60s));
    CHECK(extend("l", "me", 60s));
    CHECK(unlock("l", "me"));
    CHECK_FALSE(unlock("l", "me"));
    CHECK_FALSE(extend("l", "me", 60s));
    CHECK(lock("l", "other", 60s));
    CHECK(unlock("l", "other"));
  }

  SUBCASE("a lock asked for again by its owner is its owner's: an answer may have been lost") {
    CHECK(lock("l", "me", 60s));
    CHECK(lock("l", "me", 60s));
    CHECK(unlock("l", "me"));
  }

  SUBCASE("a lock ends with its lease, and is then another's for good") {
    CHECK(lock("l", "me", 100ms));
    store.pass(250ms);
    CHECK_FALSE(extend("l", "me", 60s));
    CHECK(lock("l", "other", 60s));
    CHECK_FALSE(unlock("l", "me"));
    CHECK(unlock("l", "other"));
  }

  SUBCASE("an extended lease counts from the extension") {
    const InTime in_time(200ms);
    CHECK(lock("l", "me", 200ms));
    const bool is_extended = extend("l", "me", 60s);
    CHECK((is_extended || !in_time.holds()));
    if (!is_extended) return;
    store.pass(400ms);
    CHECK_FALSE(lock("l", "other", 60s));
    CHECK(unlock("l", "me"));
  }

  SUBCASE("a lock and a record of different keys do not touch each other") {
    put("a", "1", 60s);
    CHECK(lock("a.lock", "me", 60s));
    CHECK(get("a") == "1");
    CHECK(store.ask(StoreCall::erase(key("a"))).ok());
    CHECK_FALSE(lock("a.lock", "other", 60s));
    CHECK(unlock("a.lock", "me"));
  }
}

}  // namespace gatelet::io::testing
