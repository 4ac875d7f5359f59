#include "engine/record_changes.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

using namespace gatelet;
using namespace gatelet::engine;

namespace {

constexpr std::array<unsigned char, 16> key{1, 2, 3};

}  // namespace

TEST_SUITE("engine/record_changes") {
  TEST_CASE("F-249: a store that tells nothing is believed for as long as may be, with 0 never") {
    RecordChanges changes{{1}};
    CHECK_FALSE(changes.is_told(std::chrono::hours(1), std::chrono::seconds(5)));
    changes.expect_nothing();
    CHECK(changes.is_told(std::chrono::hours(1), std::chrono::seconds(5)));
    CHECK_FALSE(changes.is_told(std::chrono::hours(1), Duration::zero()));
  }

  TEST_CASE("a change is one of what was read before it, and none of what is read after it") {
    RecordChanges changes(key);
    const auto place = changes.place_of("app-1");
    const auto before = changes.last();
    CHECK(changes.is_unchanged(place, before));
    changes.note("app-1");
    CHECK_FALSE(changes.is_unchanged(place, before));
    CHECK(changes.is_unchanged(place, changes.last()));
    CHECK(changes.last_of("app-1") == changes.last());
  }

  TEST_CASE("a change of one key is one of few others; a change of all is one of each") {
    RecordChanges changes(key);
    const auto before = changes.last();
    changes.note("app-1");
    int num_changed = 0;
    for (int i = 0; i < 10'000; ++i) {
      const auto place = changes.place_of("other-" + std::to_string(i));
      num_changed += changes.is_unchanged(place, before) ? 0 : 1;
    }
    CHECK(num_changed < 10);
    changes.note_all();
    for (int i = 0; i < 100; ++i) {
      const auto place = changes.place_of("other-" + std::to_string(i));
      CHECK_FALSE(changes.is_unchanged(place, before));
      CHECK(changes.is_unchanged(place, changes.last()));
    }
  }

  TEST_CASE(
      "is_told: up to the staleness after the moment; never before there was one, nor with 0") {
    RecordChanges changes(key);
    CHECK_FALSE(changes.is_told(Duration::zero(), 1h));
    changes.told_until(100s);
    CHECK(changes.is_told(100s, 5s));
    CHECK(changes.is_told(105s - 1ns, 5s));
    CHECK_FALSE(changes.is_told(105s, 5s));
    CHECK_FALSE(changes.is_told(100s, 0s));
    changes.told_until(Duration::max());
    CHECK(changes.is_told(24h * 366, 1ms));
    CHECK_FALSE(changes.is_told(24h * 366, 0s));
    changes.told_until(RecordChanges::never);
    CHECK_FALSE(changes.is_told(Duration::zero(), 1h));
    CHECK_FALSE(changes.is_told(24h * 366 * 100, 1h));
  }

  TEST_CASE("beside each other: no change is missed by whoever begins to read after it") {
    RecordChanges changes(key);
    const auto place = changes.place_of("k");
    std::atomic<RecordChanges::Number> noted{0};
    std::thread writer([&] {
      for (int i = 0; i < 20'000; ++i) {
        changes.note("other");
        changes.note("k");
        noted = changes.last_of("k");
      }
    });
    int num_missed = 0;
    while (noted < 40'000) {
      const auto known = noted.load();
      const auto read_after = changes.last();
      num_missed += read_after < known || changes.last_of("k") < known ? 1 : 0;
      // What was read before the change that is known now is not unchanged.
      num_missed += known > 0 && changes.is_unchanged(place, known - 1) ? 1 : 0;
    }
    writer.join();
    CHECK(num_missed == 0);
  }

  TEST_CASE("beside each other: the last change is at its place already") {
    RecordChanges changes(key);
    const auto place = changes.place_of("k");
    std::atomic<bool> is_done{false};
    std::thread writer([&] {
      for (int i = 0; i < 1'000'000; ++i) changes.note("k");
      is_done = true;
    });
    int num_early = 0;
    while (!is_done) {
      const auto last = changes.last();
      num_early += last > 0 && changes.is_unchanged(place, last - 1) ? 1 : 0;
    }
    writer.join();
    CHECK(num_early == 0);
  }

  TEST_CASE("two threads that tell of one place at once: the later change is the one that stays") {
    for (const bool of_all : {false, true}) {
      RecordChanges changes(key, 1);
      std::atomic<int> num_lost{0};
      const auto tell = [&] {
        RecordChanges::Number seen = 0;
        for (int i = 0; i < 200'000; ++i) {
          of_all ? changes.note_all() : changes.note("k");
          const auto last = changes.last_of("k");
          num_lost += last < seen ? 1 : 0;
          seen = last;
        }
      };
      std::thread other(tell);
      tell();
      other.join();
      CHECK(num_lost.load() == 0);
      CHECK(changes.last_of("k") == changes.last());
    }
  }
}
