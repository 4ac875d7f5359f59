#include "io/timers.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace gatelet;
using gatelet::io::Timers;
using namespace std::chrono_literals;

TEST_SUITE("io/timers") {
  const Deadline noon{};

  TEST_CASE("fire: runs what is due, in the order of its times, and nothing else") {
    Timers timers;
    std::string ran;
    timers.add(noon + 2s, [&] { ran += 'b'; });
    timers.add(noon + 3s, [&] { ran += 'c'; });
    timers.add(noon + 1s, [&] { ran += 'a'; });

    timers.fire(noon + 2s);

    CHECK(ran == "ab");
    CHECK(timers.next() == noon + 3s);
  }

  TEST_CASE("fire: equal times run in the order they were added") {
    Timers timers;
    std::string ran;
    for (const char c : {'x', 'y', 'z'}) timers.add(noon, [&ran, c] { ran += c; });

    timers.fire(noon);

    CHECK(ran == "xyz");
    CHECK_FALSE(timers.next());
  }

  TEST_CASE("remove: a removed timer never fires; none is ignored") {
    Timers timers;
    int fired = 0;
    const auto id = timers.add(noon, [&] { ++fired; });

    timers.remove(id);
    timers.remove(id);
    timers.remove({});
    timers.fire(noon + 1h);

    CHECK(fired == 0);
  }

  TEST_CASE("add: one added after others were removed or fired has its own time, place and work") {
    Timers timers;
    std::string ran;
    const auto owner = std::make_shared<int>();
    for (int i = 0; i < 400; ++i) timers.remove(timers.add(noon + 2s, [owner] {}));
    CHECK(owner.use_count() == 1);  // what a removed timer held is let go
    timers.add(noon + 2s, [&] { ran += 'b'; });
    const auto removed = timers.add(noon + 1s, [&] { ran += 'x'; });
    timers.remove(removed);
    timers.add(noon + 1s, [&] { ran += 'a'; });
    timers.remove(removed);
    timers.fire(noon + 1s);
    timers.add(noon + 2s, [&] { ran += 'c'; });

    timers.fire(noon + 2s);

    CHECK(ran == "abc");
  }

  TEST_CASE("fire: work may add and remove timers, itself included") {
    Timers timers;
    int fired = 0;
    Timers::Id later;
    const auto first = timers.add(noon, [&] {
      ++fired;
      timers.remove(later);
      timers.add(noon, [&] { ++fired; });
      timers.add(noon + 1h, [&] { fired += 100; });
    });
    later = timers.add(noon, [&] { fired += 1000; });

    timers.fire(noon);
    timers.remove(first);

    CHECK(fired == 2);
    CHECK(timers.next() == noon + 1h);
  }
}
