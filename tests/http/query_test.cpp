#include "http/query.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::http;

TEST_SUITE("http/query") {
  TEST_CASE("query_value: the decoded value, wherever it stands") {
    CHECK(**query_value("rd=%2Fa%3Fb%3D1", "rd") == "/a?b=1");
    CHECK(**query_value("x=1&rd=/a+b&y=2", "rd") == "/a b");
    CHECK(**query_value("r%64=1", "rd") == "1");
    CHECK(**query_value("rd", "rd") == "");
    CHECK(**query_value("rd=", "rd") == "");
  }

  TEST_CASE("F-015: query_value: behind a semicolon only where it separates; no value twice") {
    CHECK_FALSE(query_value("a=1;b=2", "b").ok());
    CHECK(**query_value("a=1;b=2", "b", Semicolon::separates) == "2");
    CHECK_FALSE(query_value("b=1;b=2", "b", Semicolon::separates).ok());
  }

  TEST_CASE("query_value: absent is nullopt") {
    CHECK_FALSE(*query_value("", "rd"));
    CHECK_FALSE(*query_value("RD=1&rdx=2&x=rd", "rd"));
    CHECK_FALSE(*query_value("a=1&a=2", "rd"));
  }

  TEST_CASE(
      "MA-18: query_value: a name that stands twice is refused, equal values and other spelling "
      "too") {
    for (const auto* query : {"rd=1&rd=2", "rd=1&rd=1", "rd&rd", "rd=1&x=2&r%64=3"}) {
      const auto value = query_value(query, "rd");
      REQUIRE_FALSE(value.ok());
      CHECK(value.error().status == Status::malformed);
    }
  }

  TEST_CASE("query_value: what parse_form refuses is refused, also behind the value") {
    for (const auto* query :
         {"rd=%", "rd=1&x=%", "rd=1;x=2", "rd=%00", "rd=1&x=%ff", "x=%0a&rd=1"}) {
      CHECK_FALSE(query_value(query, "rd").ok());
    }
  }
}
