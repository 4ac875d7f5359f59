#include "io/store.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "io/host_store.hpp"
#include "io/memory_store.hpp"
#include "io/system.hpp"
#include "support/host_memory.hpp"

using namespace gatelet;
using namespace gatelet::io;

TEST_SUITE("io/store") {
  TEST_CASE("make_store: the one that was asked for, or none") {
    CHECK(make_store({}, system_clock()).value() == nullptr);
    StoreSettings settings;
    settings.kind = StoreSettings::Kind::memory;
    const auto made = make_store(settings, system_clock());
    CHECK(dynamic_cast<MemoryStore*>(made.value().get()) != nullptr);
  }

  TEST_CASE("age_of: how long ago it was, by the clock that Deadlines are of") {
    const auto now = std::chrono::steady_clock::now();
    CHECK(age_of(now - std::chrono::hours(1)) >= std::chrono::hours(1));
    CHECK(age_of(now - std::chrono::hours(1)) < std::chrono::hours(2));
    CHECK(age_of(now + std::chrono::hours(1)) < Duration::zero());
  }

  TEST_CASE("make_store: the host's own, which is not called for that") {
    StoreSettings settings;
    settings.kind = StoreSettings::Kind::host;
    const auto host = std::make_shared<support::HostMemory>();
    host->on_call = [](std::string_view) { FAIL("the host was called"); };
    settings.host = host;
    const auto made = make_store(settings, system_clock());
    CHECK(dynamic_cast<HostStore*>(made.value().get()) != nullptr);
  }

  TEST_CASE("make_store: Redis where it was built; else the build option is named") {
    StoreSettings settings;
    settings.kind = StoreSettings::Kind::redis;
    settings.redis.urls = {http::parse_redis_url("rediss://localhost").value()};
    settings.redis.ca_pem = "nothing";
    const auto made = make_store(settings, system_clock());
    REQUIRE_FALSE(made.ok());
#ifdef GATELET_HAVE_REDIS
    CHECK(made.error().status == Status::invalid_configuration);
    settings.redis.ca_pem.clear();
    CHECK(make_store(settings, system_clock()).ok());
    settings.redis.urls = {http::parse_redis_url("unix:///run/redis.sock").value()};
    CHECK(make_store(settings, system_clock()).ok());
    settings.redis.urls[0].is_tls = true;
    CHECK(make_store(settings, system_clock()).error().status == Status::invalid_configuration);
#else
    CHECK(made.error().status == Status::not_built);
    CHECK(made.error().text.find("build option redis") != std::string::npos);
#endif
  }
}
