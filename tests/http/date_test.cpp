#include "http/date.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using gatelet::http::date_text;

TEST_SUITE("http/date") {
  TEST_CASE("date_text: as the calendar has it") {
    CHECK(date_text(0) == "1970-01-01 00:00:00");
    CHECK(date_text(1772323199) == "2026-02-28 23:59:59");
    CHECK(date_text(1709164800, '/') == "2024/02/29 00:00:00");
    CHECK(date_text(-1) == "1969-12-31 23:59:59");
  }

  TEST_CASE("date_text: no moment is too far") {
    CHECK(date_text(std::numeric_limits<std::int64_t>::max()) == "9999-12-31 23:59:59");
    CHECK(date_text(std::numeric_limits<std::int64_t>::min()) == "0000-01-01 00:00:00");
  }
}
