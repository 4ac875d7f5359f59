#include <doctest/doctest.h>

#include <chrono>

#include "samples.hpp"
#include "session/cookie_split.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

SessionSettings named(std::string name, bool newest_of_duplicates = true) {
  SessionSettings settings;
  settings.cookie_name = std::move(name);
  settings.newest_of_duplicates = newest_of_duplicates;
  return settings;
}

std::vector<std::string> values(const SessionSettings& settings, std::string_view cookies) {
  const HeaderView header{"Cookie", cookies};
  std::vector<std::string> out;
  for (const auto& found : find_session_cookies(settings, {&header, 1}))
    out.emplace_back(found.value());
  return out;
}

using Values = std::vector<std::string>;

// A value whose time stamp is `seconds`; nothing else about it is right.
std::string stamped(std::string_view payload, int seconds) {
  return std::string(payload) + "|" + std::to_string(seconds) + "|" + std::string(43, 'A') + "=";
}

}  // namespace

TEST_SUITE("session/cookie_search") {
  TEST_CASE("find_session_cookies: one cookie of the name, among others and over several fields") {
    for (const bool newest : {true, false}) {
      const auto settings = named("n", newest);
      CHECK(values(settings, "a=1; n=v; nn=2; N=3; n_csrf=4") == Values{"v"});
      CHECK(values(settings, "a=1; nn=2; n_csrf=4") == Values{});
      CHECK(values(settings, "") == Values{});
      const HeaderView fields[] = {{"Cookie", "a=1"}, {"cookie", "n_1=w; n_0=v"}, {"X", "n=x"}};
      const auto found = find_session_cookies(settings, fields);
      REQUIRE(found.size() == 1);
      CHECK(found.front().value() == "vw");
      CHECK(found.front().signed_name.empty());
    }
  }

  TEST_CASE("find_session_cookies: parts are joined by number up to the first gap") {
    for (const bool newest : {true, false}) {
      const auto settings = named("n", newest);
      CHECK(values(settings, "n_2=c; n_0=a; n_1=b; n_4=e") == Values{"abc"});
      CHECK(values(settings, "n_0=a; n_1=; n_2=c") == Values{"ac"});
      CHECK(values(settings, "n_1=b; n_2=c") == Values{});
      CHECK(values(settings, "n_00=a; n_01=b") == Values{});
    }
  }

  TEST_CASE("find_session_cookies: a lone part keeps its own name under the MAC") {
    const HeaderView header{"Cookie", "n_0=a"};
    const auto found = find_session_cookies(named("n"), {&header, 1});
    REQUIRE(found.size() == 1);
    CHECK(found.front().signed_name == "n_0");
  }

  TEST_CASE("H-01: several cookies of one name are all candidates, the later stamp first") {
    const auto a = stamped("a", 1), b = stamped("b", 2);
    CHECK(values(named("n"), "n=" + a + "; n=" + b) == Values{b, a});
    CHECK(values(named("n"), "n=" + b + "; n=" + a) == Values{b, a});
    CHECK(values(named("n"), "n=junk; n=" + a) == Values{a, "junk"});
    CHECK(values(named("n"), "n=1; n=2; n=3; n=4; n=5") == Values{"1", "2", "3", "4"});
  }

  TEST_CASE("H-04: whole and split values compete, and so do parts that came twice") {
    const auto old = stamped("old", 1), newer = stamped("new", 2);
    const auto half = newer.size() / 2;
    const auto parts = "n_0=" + newer.substr(0, half) + "; n_1=" + newer.substr(half);
    CHECK(values(named("n"), "n=" + old + "; " + parts) == Values{newer, old});
    CHECK(values(named("n"), parts + "; n=" + old) == Values{newer, old});
    CHECK(values(named("n"), "n_0=tossed; " + parts).size() == 2);
    CHECK(values(named("n"), "n_0=tossed; " + parts).front() == newer);
    CHECK(values(named("n"), "n=; " + parts) == Values{newer});
  }

  TEST_CASE("find_session_cookies: compat takes the first, and NAME hides the parts") {
    const auto settings = named("n", false);
    CHECK(values(settings, "n=1; n=2") == Values{"1"});
    CHECK(values(settings, "n_0=a; n_1=b; n=w") == Values{"w"});
    CHECK(values(settings, "n=; n_0=a; n_1=b") == Values{""});
    CHECK(values(settings, "n_0=a; n_0=x; n_1=b") == Values{"ab"});
  }

  TEST_CASE("MA-13: part numbers beyond the sixteenth, wrong or missing are never followed") {
    std::string cookies = "n_chunks=99999999; n_-1=x; n_1e9=x; n_007=x; n_3x=x; n_99999999=x";
    CHECK(values(named("n"), cookies) == Values{});
    for (int i = 0; i < 40; ++i) cookies += "; n_" + std::to_string(i) + "=v";
    CHECK(values(named("n"), cookies) == Values{std::string(max_parts, 'v')});
  }

  TEST_CASE("MA-12: fields of separators only hold nothing") {
    for (const std::string& junk :
         {std::string(";"), std::string(";;;"), std::string("a"), std::string("="),
          std::string("a=;;b"), std::string(" ; "), std::string(65536, ';')})
      CHECK(values(named("n"), junk) == Values{});
  }

  TEST_CASE("H-02: ten times the cookies take about ten times the time") {
    const auto time_of = [](std::size_t num_cookies) {
      std::string cookies;
      for (std::size_t i = 0; i < num_cookies; ++i) cookies += "n=v; n_1=w; n_0=v; ";
      auto best = std::chrono::nanoseconds::max();
      for (int i = 0; i < 20; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        CHECK(values(named("n"), cookies).size() <= 4);
        best = std::min(best, std::chrono::steady_clock::now() - begin);
      }
      return static_cast<double>(best.count());
    };
    // The row asks for 11 on a machine of its own; quadratic time would be 100.
    CHECK(time_of(3000) < 50 * time_of(300));
  }
}
