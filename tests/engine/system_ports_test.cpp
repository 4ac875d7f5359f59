#include "engine/system_ports.hpp"

#include <doctest/doctest.h>

#include <array>

#include "support/engines.hpp"

using namespace gatelet;

TEST_SUITE("engine/system_ports") {
  TEST_CASE("fill_missing: the system's port where there is none, the host's where there is one") {
    Ports ports;
    const auto clock = std::make_shared<support::FixedClock>(1000);
    ports.clock = clock;
    engine::fill_missing(ports);
    CHECK(ports.clock == clock);
    CHECK(ports.entropy);
    CHECK(ports.files);
    CHECK_FALSE(ports.on_event);
  }

  TEST_CASE("default_ports: time goes on, random bytes differ, a missing file is an error") {
    const auto ports = default_ports();
    CHECK(ports.clock->now().unix_seconds() > 1'700'000'000);
    std::array<std::byte, 32> one{}, two{};
    CHECK(ports.entropy->fill(one).ok());
    CHECK(ports.entropy->fill(two).ok());
    CHECK(one != two);
    const auto file = ports.files->read("/no/such/file", 10);
    REQUIRE_FALSE(file.ok());
    CHECK(file.error().status == Status::unreadable_file);
  }
}
