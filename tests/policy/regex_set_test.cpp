#include "policy/regex_set.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace gatelet;
using policy::RegexSet;

#ifdef GATELET_HAVE_RE2

namespace {

RegexSet set_of(const std::vector<std::string>& patterns,
                std::int64_t memory = RegexSet::default_memory) {
  RegexSet set(memory);
  for (const auto& pattern : patterns) REQUIRE(set.add(pattern).ok());
  set.unite();
  return set;
}

}  // namespace

TEST_SUITE("policy/regex_set") {
  TEST_CASE("any_matches, all_match: an empty set") {
    const auto set = set_of({});
    CHECK(set.is_empty());
    CHECK_FALSE(set.any_matches(""));
    CHECK_FALSE(set.any_matches("/"));
    CHECK(set.all_match("/"));
  }

  TEST_CASE("any_matches: one pattern, anywhere unless it is anchored") {
    const auto set = set_of({"^/a"});
    CHECK_FALSE(set.is_empty());
    CHECK(set.any_matches("/a"));
    CHECK(set.any_matches("/ab"));
    CHECK_FALSE(set.any_matches("/b/a"));
    CHECK(set_of({"/a"}).any_matches("/b/a"));
    CHECK(set_of({""}).any_matches("/b"));
  }

  TEST_CASE("any_matches, all_match: several patterns, united or not") {
    const std::vector<std::string> patterns = {"^/a", "b$", "^/abc"};
    RegexSet loose;
    for (const auto& pattern : patterns) REQUIRE(loose.add(pattern).ok());
    const auto united = set_of(patterns);
    for (const RegexSet* set : {&std::as_const(loose), &united}) {
      CHECK(set->any_matches("/a"));
      CHECK(set->any_matches("/xb"));
      CHECK_FALSE(set->any_matches("/x"));
      CHECK_FALSE(set->all_match("/ab"));
      CHECK(set->all_match("/abcb"));
    }
  }

  TEST_CASE("add: after unite, the new pattern counts too") {
    auto set = set_of({"^/a", "^/b"});
    REQUIRE(set.add("^/c").ok());
    CHECK(set.any_matches("/c"));
    CHECK(set.any_matches("/a"));
    set.unite();
    CHECK(set.any_matches("/c"));
  }

  TEST_CASE("H-08: add: what is no pattern, looks around or refers back is refused") {
    RegexSet set;
    for (const auto* pattern :
         {"(", "[", "^/x(?=y)", "(a)\\1", "a{1001}", "*", "\\", "a\\", "[z-a]", "(?P<n", "\xff"}) {
      CAPTURE(pattern);
      const auto done = set.add(pattern);
      REQUIRE_FALSE(done.ok());
      CHECK(done.error().status == Status::invalid_value);
      CHECK_FALSE(done.error().text.empty());
    }
    CHECK(set.is_empty());
    CHECK_FALSE(set.any_matches("(?=y)"));
  }

  TEST_CASE("add: what is said of a pattern does not repeat it") {
    RegexSet set;
    const auto done = set.add("canary(");
    REQUIRE_FALSE(done.ok());
    CHECK(done.error().text.find("canary") == std::string::npos);
  }

  TEST_CASE("H-08: any_matches: patterns that take others exponential time") {
    const auto set = set_of({"^(a+)+$", "(a|aa)+b$", "(.*)*c$"});
    CHECK(set.any_matches(std::string(64 * 1024, 'a')));
    CHECK_FALSE(set.any_matches("/" + std::string(64 * 1024, 'a')));
  }

  TEST_CASE("any_matches: a set without memory for its automaton still answers right") {
    std::vector<std::string> patterns;
    for (int i = 0; i < 40; ++i) {
      patterns.push_back("[ab]*a[ab]{" + std::to_string(8 + i % 5) + "}x" + std::to_string(i) +
                         "$");
    }
    const auto set = set_of(patterns, 64 << 10);
    const std::string ab = "/abaabbbabababbababaaabbbabababaaababbabab";
    CHECK(set.any_matches(ab + "aabababababbx7"));
    CHECK_FALSE(set.any_matches(ab + "x77"));
    CHECK_FALSE(set.any_matches(ab + ab + ab + ab));
  }

  TEST_CASE("any_matches: a thousand patterns") {
    std::vector<std::string> patterns;
    for (int i = 0; i < 1000; ++i) patterns.push_back("^/page" + std::to_string(i) + "(/.*)?$");
    const auto set = set_of(patterns);
    CHECK(set.any_matches("/page999/x"));
    CHECK(set.any_matches("/page0"));
    CHECK_FALSE(set.any_matches("/page1000"));
    CHECK_FALSE(set.any_matches("/pag"));
  }
}

#else

TEST_SUITE("policy/regex_set") {
  TEST_CASE("add: a build without RE2 names the build option") {
    RegexSet set;
    const auto done = set.add("^/a");
    REQUIRE_FALSE(done.ok());
    CHECK(done.error().status == Status::not_built);
    CHECK(done.error().text.find("-Dre2=enabled") != std::string::npos);
    CHECK_FALSE(set.any_matches("/a"));
  }
}

#endif
