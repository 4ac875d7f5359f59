#include "engine/request_number.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace gatelet::engine;

TEST_SUITE("engine/request_number") {
  TEST_CASE("next: 16 hexadecimal digits, never the same twice, other ones under another key") {
    RequestNumbers numbers({1}), others({2});
    std::set<std::string> seen;
    RequestNumbers::Text text;
    for (int i = 0; i < 1000; ++i) {
      const auto number = numbers.next(text);
      CHECK(number.size() == 16);
      CHECK(number.find_first_not_of("0123456789abcdef") == std::string_view::npos);
      CHECK(seen.insert(std::string(number)).second);
      CHECK(seen.insert(std::string(others.next(text))).second);
    }
  }
}
