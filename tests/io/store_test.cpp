#include "io/store.hpp"

#include <doctest/doctest.h>

#include "io/memory_store.hpp"
#include "io/system.hpp"

using namespace gatelet;
using namespace gatelet::io;

TEST_SUITE("io/store") {
  TEST_CASE("make_store: the one that was asked for, or none") {
    CHECK(make_store({}, system_clock()) == nullptr);
    StoreSettings settings;
    settings.kind = StoreSettings::Kind::memory;
    const auto made = make_store(settings, system_clock());
    CHECK(dynamic_cast<MemoryStore*>(made.get()) != nullptr);
  }
}
