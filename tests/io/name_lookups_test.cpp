#include "io/name_lookups.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <thread>

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
    NameLookups lookups(2, [&](const std::string&, std::uint16_t port) {
      is_asked = true;
      while (!may_answer) std::this_thread::sleep_for(1ms);
      return one_address(port);
    });
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
}
