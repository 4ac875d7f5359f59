#include "config/resolve_logging.hpp"

#include <doctest/doctest.h>

#include <array>

#include <string>

#include "config/resolve.hpp"
#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;

TEST_SUITE("config/resolve_logging") {
  TEST_CASE("formats: oauth2-proxy's own unless set") {
    const auto resolved = config::resolve(complete());
    REQUIRE(resolved.problems.empty());
    const auto& logging = resolved.policy.logging;
    REQUIRE(logging.request_format != nullptr);
    REQUIRE(logging.standard_format != nullptr);
    CHECK(logging.standard_format->render(
              std::array<http::TemplateValue, 3>{{{"t"}, {"f"}, {"m"}}}) == "[t] [f] m");
    CHECK(logging.auth_format->prints("Status"));
    CHECK(logging.request_format->prints("RequestURI"));
  }

  TEST_CASE("formats: one that cannot be used is a problem that names what is known") {
    CHECK(
        problem(complete({{"request_logging_format", "{{.Clent}}"}})) ==
        "request_logging_format: cannot be used: line 1: the field .Clent is not known; known are "
        ".Client .Host .Protocol .RequestDuration .RequestID .RequestMethod .RequestURI "
        ".ResponseSize .StatusCode .Timestamp .Upstream .UserAgent .Username");
    CHECK(problem(complete({{"auth_logging_format", "{{.Status"}})) ==
          "auth_logging_format: cannot be used: line 1: an action does not end with }}");
    CHECK(problem(complete({{"standard_logging_format", "{{.Client}}"}}))
              .starts_with("standard_logging_format: cannot be used: line 1: the field .Client"));
  }
}
