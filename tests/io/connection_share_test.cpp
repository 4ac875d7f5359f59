#include "io/connection_share.hpp"

#include <doctest/doctest.h>

#include <vector>

using gatelet::io::ConnectionShare;

namespace {

std::vector<ConnectionShare::Id> all_next(ConnectionShare& share) {
  std::vector<ConnectionShare::Id> ids;
  while (const auto id = share.next()) ids.push_back(*id);
  return ids;
}

}  // namespace

TEST_SUITE("io/connection_share") {
  TEST_CASE("next: oldest first, and no more than are left free") {
    ConnectionShare share(4);
    for (ConnectionShare::Id id = 1; id <= 5; ++id) share.enqueue(id, "a");

    CHECK(all_next(share) == std::vector<ConnectionShare::Id>{1, 2});
    share.release("a");
    CHECK(all_next(share) == std::vector<ConnectionShare::Id>{3});
  }

  TEST_CASE("next: with one connection in all, it goes round") {
    ConnectionShare share(1);
    share.enqueue(1, "a");
    share.enqueue(2, "b");

    CHECK(all_next(share) == std::vector<ConnectionShare::Id>{1});
    share.release("a");
    CHECK(all_next(share) == std::vector<ConnectionShare::Id>{2});
  }

  TEST_CASE("next: however many origins are dead, one more is served") {
    ConnectionShare share(128);
    ConnectionShare::Id id = 0;
    for (const char* dead : {"a", "b", "c", "d", "e", "f"}) {
      for (int i = 0; i < 200; ++i) share.enqueue(++id, dead);
      CHECK_FALSE(all_next(share).empty());
    }
    share.enqueue(9999, "alive");
    CHECK(all_next(share) == std::vector<ConnectionShare::Id>{9999});
  }

  TEST_CASE("withdraw: a call that waits is passed over, the others keep their order") {
    ConnectionShare share(1);
    for (ConnectionShare::Id id = 1; id <= 3; ++id) share.enqueue(id, "a");
    share.withdraw(1, "a");
    share.withdraw(3, "a");

    CHECK(all_next(share) == std::vector<ConnectionShare::Id>{2});
    share.release("a");
    CHECK(all_next(share).empty());
  }
}
