#include "io/name_lookups.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

using namespace gatelet;
using namespace gatelet::io;
using namespace std::chrono_literals;

namespace {

// Waits as the loop does.
std::optional<Addresses> answer(NameLookups& lookups, NameLookups::Id id) {
  std::vector<SocketWait> waits;
  lookups.add_waits(waits);
  REQUIRE(waits.size() == 1);
  pollfd one{waits[0].fd, POLLIN, 0};
  REQUIRE(::poll(&one, 1, 10'000) == 1);
  return lookups.take(id);
}

std::uint16_t port_of(const SocketAddress& address) {
  return ntohs(reinterpret_cast<const sockaddr_in&>(address.bytes).sin_port);
}

Addresses one_address(std::uint16_t port) {
  return {socket_address(http::parse_ip("192.0.2.1").value(), port)};
}

// A resolver that notes what it is asked, and takes its time.
struct Slow {
  NameLookups::Resolve resolve() {
    return [this](const std::string& host, std::uint16_t port) {
      {
        const std::scoped_lock lock(mutex);
        asked.push_back(host);
      }
      const auto end = std::chrono::steady_clock::now() + 10s;
      while (!may_answer && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(1ms);
      }
      return one_address(port);
    };
  }
  std::vector<std::string> all() {
    const std::scoped_lock lock(mutex);
    return asked;
  }
  void wait_until_asked(std::size_t times) {
    while (all().size() < times) std::this_thread::sleep_for(1ms);
  }

  std::mutex mutex;
  std::vector<std::string> asked;
  std::atomic<bool> may_answer{false};
};

std::optional<Addresses> answer_in_time(NameLookups& lookups, NameLookups::Id id) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (std::chrono::steady_clock::now() < end) {
    if (auto found = lookups.take(id)) return found;
    std::this_thread::sleep_for(1ms);
  }
  return std::nullopt;
}

}  // namespace

TEST_SUITE("io/name_lookups") {
  TEST_CASE("an address literal needs nobody's answer") {
    NameLookups lookups(16, [](const std::string&, std::uint16_t) -> Addresses {
      FAIL("asked");
      return {};
    });
    for (const auto* text : {"127.0.0.1", "::1"}) {
      const auto id = lookups.start(text, 6379).value();
      const auto found = lookups.take(id);
      REQUIRE(found);
      REQUIRE(found->size() == 1);
      CHECK(port_of((*found)[0]) == 6379);
      CHECK_FALSE(lookups.take(id));
    }
  }

  TEST_CASE("the system is asked for a name; one it does not know has no address") {
    NameLookups lookups;
    const auto found = answer(lookups, lookups.start("localhost", 7).value());
    REQUIRE(found);
    REQUIRE_FALSE(found->empty());
    CHECK(port_of((*found)[0]) == 7);
    const auto nothing = answer(lookups, lookups.start("nowhere.invalid", 7).value());
    REQUIRE(nothing);
    CHECK(nothing->empty());
  }

  TEST_CASE("lookups wait for each other, only so many, and nobody blocks") {
    std::atomic<bool> may_answer{false};
    std::atomic<bool> is_asked{false};
    NameLookups lookups(
        2,
        [&](const std::string&, std::uint16_t port) {
          is_asked = true;
          while (!may_answer) std::this_thread::sleep_for(1ms);
          return one_address(port);
        },
        3s, 1);
    const auto first = lookups.start("a", 1).value();
    while (!is_asked) std::this_thread::sleep_for(1ms);
    const auto second = lookups.start("b", 2).value();
    CHECK(lookups.start("c", 3).ok());
    const auto refused = lookups.start("d", 4);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().status == Status::store_unreachable);
    CHECK_FALSE(lookups.take(first));
    may_answer = true;
    CHECK(answer(lookups, first).value().size() == 1);
    while (!lookups.take(second)) std::this_thread::sleep_for(1ms);
  }

  TEST_CASE("a name that nobody answers for holds up no other one") {
    std::atomic<bool> may_answer{false};
    NameLookups lookups(16, [&](const std::string& host, std::uint16_t port) {
      while (host.starts_with("dead") && !may_answer) std::this_thread::sleep_for(1ms);
      return one_address(port);
    });
    for (const auto* dead : {"dead-1", "dead-2", "dead-3"}) CHECK(lookups.start(dead, 1).ok());
    for (const auto* alive : {"a", "b", "c"}) {
      CHECK(answer_in_time(lookups, lookups.start(alive, 1).value()));
    }
    may_answer = true;
  }

  TEST_CASE("what was forgotten is not told, and wakes nobody") {
    std::atomic<bool> may_answer{false};
    NameLookups lookups(16, [&](const std::string&, std::uint16_t port) {
      while (!may_answer) std::this_thread::sleep_for(1ms);
      return one_address(port);
    });
    const auto id = lookups.start("a", 1).value();
    lookups.forget(id);
    std::vector<SocketWait> waits;
    lookups.add_waits(waits);
    CHECK(waits.empty());
    may_answer = true;
    const auto next = lookups.start("b", 2).value();
    CHECK(answer(lookups, next));
    CHECK_FALSE(lookups.take(id));
  }

  TEST_CASE("what nobody wants any more is not looked up") {
    Slow slow;
    NameLookups lookups(16, slow.resolve(), 3s, 1);
    const auto first = lookups.start("a", 1).value();
    slow.wait_until_asked(1);
    const auto second = lookups.start("b", 1).value();
    const auto third = lookups.start("c", 1).value();
    const auto again = lookups.start("d", 1).value();
    lookups.forget(second);
    lookups.forget(again);
    const auto fourth = lookups.start("d", 1).value();
    slow.may_answer = true;
    for (const auto id : {first, third, fourth}) CHECK(answer_in_time(lookups, id));
    CHECK(slow.all() == std::vector<std::string>{"a", "c", "d"});
  }

  TEST_CASE("who wants a name that is being looked up joins, and the queue does not grow") {
    Slow slow;
    NameLookups lookups(1, slow.resolve());
    auto id = lookups.start("a", 1).value();
    slow.wait_until_asked(1);
    for (int i = 0; i < 100; ++i) {
      lookups.forget(id);
      const auto joined = lookups.start("a", 1);
      REQUIRE(joined.ok());
      id = *joined;
    }
    const auto beside = lookups.start("a", 1).value();
    const auto other_port = lookups.start("a", 2).value();
    slow.may_answer = true;
    CHECK(port_of(answer_in_time(lookups, id).value().at(0)) == 1);
    CHECK(port_of(answer_in_time(lookups, beside).value().at(0)) == 1);
    CHECK(port_of(answer_in_time(lookups, other_port).value().at(0)) == 2);
    CHECK(slow.all() == std::vector<std::string>{"a", "a"});
    std::vector<SocketWait> waits;
    lookups.add_waits(waits);
    CHECK(waits.empty());
  }

  TEST_CASE("an answer that nobody waited for is there for whoever asks next, not for long") {
    for (const Duration kept_for : {Duration(1h), Duration(1ms)}) {
      Slow slow;
      NameLookups lookups(16, slow.resolve(), kept_for, 1);
      lookups.forget(lookups.start("a", 1).value());
      const auto first = lookups.start("a", 1).value();
      slow.wait_until_asked(1);
      lookups.forget(first);
      slow.may_answer = true;
      REQUIRE(answer_in_time(lookups, lookups.start("b", 1).value()));
      std::this_thread::sleep_for(5ms);
      const bool is_there = kept_for == Duration(1h);
      for (int i = 0; i < (is_there ? 2 : 0); ++i) {
        CHECK(lookups.take(lookups.start("a", 1).value()));
      }
      CHECK(answer_in_time(lookups, lookups.start("a", 1).value()));
      CHECK(slow.all().size() == (is_there ? 2 : 3));
    }
  }

  TEST_CASE("that there is no address is told to who waits, and not kept") {
    std::atomic<int> num_asked{0};
    NameLookups lookups(
        16,
        [&](const std::string& host, std::uint16_t) -> Addresses {
          if (host == "a") ++num_asked;
          return {};
        },
        3s, 1);
    const auto first = lookups.start("a", 1).value();
    while (num_asked == 0) std::this_thread::sleep_for(1ms);
    lookups.forget(first);
    REQUIRE(answer_in_time(lookups, lookups.start("b", 1).value()));
    CHECK(answer_in_time(lookups, lookups.start("a", 1).value()).value().empty());
    CHECK(num_asked == 2);
  }

  TEST_CASE("a resolver without memory has no address, and is asked again") {
    std::atomic<int> num_asked = 0;
    NameLookups lookups(16, [&](const std::string&, std::uint16_t port) {
      if (++num_asked == 1) throw std::bad_alloc();
      return one_address(port);
    });
    const auto first = lookups.start("a.example", 1);
    REQUIRE(first.ok());
    CHECK(answer(lookups, *first)->empty());
    const auto second = lookups.start("a.example", 1);
    REQUIRE(second.ok());
    CHECK(answer(lookups, *second)->size() == 1);
  }
}
