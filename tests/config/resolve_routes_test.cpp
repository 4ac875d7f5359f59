#include "config/resolve_routes.hpp"

#include <doctest/doctest.h>

#include <string>

#include "config/resolve.hpp"
#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;

TEST_SUITE("config/resolve_routes") {
#ifdef GATELET_HAVE_RE2
  TEST_CASE("skip_auth_routes, skip_auth_regex, api_routes: what they match") {
    const auto resolved = config::resolve(complete({{"skip_auth_routes", "GET=^/open,!=^/a"},
                                                    {"skip_auth_regex", "^/a/b=c$"},
                                                    {"api_routes", "^/api,format=json$"}}));
    REQUIRE(resolved.problems.empty());
    REQUIRE(resolved.policy.free_pass.routes != nullptr);
    const auto& routes = *resolved.policy.free_pass.routes;
    CHECK(routes.matches("GET", "/open"));
    CHECK(routes.matches("POST", "/x"));
    CHECK(routes.matches("POST", "/a/b=c"));
    CHECK_FALSE(routes.matches("GET", "/a"));
    CHECK_FALSE(routes.matches("GET", "/a/b"));
    CHECK(resolved.policy.api_routes->any_matches("/x?format=json"));
    CHECK_FALSE(resolved.policy.api_routes->any_matches("/x?format=json&a"));
    CHECK_FALSE(resolved.policy.free_pass.routes_cover_own_endpoints);
    CHECK(config::resolve(complete_compat()).policy.free_pass.routes_cover_own_endpoints);
  }

  TEST_CASE("none set: nothing to ask") {
    const auto resolved = config::resolve(complete());
    CHECK(resolved.policy.free_pass.routes == nullptr);
    CHECK(resolved.policy.api_routes == nullptr);
  }

  TEST_CASE("patterns that are none: each is told, with what to write") {
    const auto said = problems(complete({{"skip_auth_routes", "GET=[,^/ok,(,^/a=b"},
                                         {"skip_auth_regex", "^/x(?=y)"},
                                         {"api_routes", "*"}}));
    REQUIRE(said.size() == 5);
    CHECK(said[0] ==
          "api_routes: \"*\": is no pattern (RE2 says: no argument for repetition operator); write "
          "it in Go's syntax");
    CHECK(said[1].starts_with("skip_auth_routes: \"GET=[\": is no pattern (RE2 says: missing ]"));
    CHECK(said[2].starts_with("skip_auth_routes: \"(\": is no pattern"));
    CHECK(said[3].starts_with("skip_auth_routes: \"^/a=b\": what stands before the first = is no"));
    CHECK(said[4].starts_with("skip_auth_regex: \"^/x(?=y)\": is no pattern"));
  }

  TEST_CASE("an empty entry, which the reference takes for every path, is refused") {
    for (const auto* key : {"skip_auth_routes", "skip_auth_regex", "api_routes"}) {
      CHECK(problem(complete({{key, "^/a,"}})) ==
            std::string(key) + ": has an empty entry; leave it out");
      CHECK(problem(complete_compat({{key, "^/a,"}})) ==
            std::string(key) + ": has an empty entry; leave it out");
    }
  }

  TEST_CASE("compat: entries that never match are taken as the reference takes them") {
    const auto resolved =
        config::resolve(complete_compat({{"skip_auth_routes", "^/a=b$,GET=^/x!=y"}}));
    CHECK(resolved.problems.empty());
    CHECK_FALSE(resolved.policy.free_pass.routes->matches("POST", "/a=b"));
    CHECK(resolved.policy.free_pass.routes->matches("GET", "/z"));
  }
#else
  TEST_CASE("a build without RE2 refuses every pattern, and never drops a rule") {
    for (const auto* key : {"skip_auth_routes", "skip_auth_regex", "api_routes"}) {
      CHECK(problem(complete({{key, "^/a"}})).find("-Dre2=enabled") != std::string::npos);
    }
  }
#endif
}
