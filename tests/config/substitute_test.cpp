#include "config/substitute.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::config;

namespace {

Settings with_environment() {
  Settings settings;
  const char* const variables[] = {"A=one", "EMPTY=", "B_2=two", "YAML=x: [1, 2]", nullptr};
  REQUIRE(settings.load_env(variables).ok());
  return settings;
}

std::string done(std::string_view text, const Settings& settings = with_environment()) {
  const auto out = substitute(text, settings);
  return out.ok() ? *out : "error: " + out.error().text;
}

constexpr auto no_expression =
    "error: line 1: expected ${NAME}, ${NAME:-text} or ${NAME:+text} on one line; write $$ for a "
    "dollar sign";

}  // namespace

TEST_SUITE("config/substitute") {
  TEST_CASE("substitute: a variable's value, in both spellings; nothing for one that is not set") {
    CHECK(done("x: $A, ${A}y ${B_2}$B_2.") == "x: one, oney twotwo.");
    CHECK(done("[$NONE${NONE}${EMPTY}]") == "[]");
    CHECK(done("${YAML}") == "x: [1, 2]");
    CHECK(done("") == "");
    CHECK(done("no variable: 100 %") == "no variable: 100 %");
  }

  TEST_CASE("substitute: defaults and alternatives as in a shell") {
    CHECK(done("${NONE:-d}${EMPTY:-d}${A:-d}") == "ddone");
    CHECK(done("${NONE:=d}${EMPTY:=d}${A:=d}") == "ddone");
    CHECK(done("${NONE-d}[${EMPTY-d}]${A-d}") == "d[]one");
    CHECK(done("${NONE=d}[${EMPTY=d}]${A=d}") == "d[]one");
    CHECK(done("[${NONE:+d}]${EMPTY:+d}${A+d}") == "[]dd");
    CHECK(done("${NONE:-}${NONE:-https://x/a?b=c}") == "https://x/a?b=c");
    CHECK(done("${NONE:-$B_2}${NONE:-$NONE}") == "two");
  }

  TEST_CASE("substitute: dollar signs that name nothing stay; $$ is one") {
    CHECK(done("/v1/$1 ^a$ $$A $$ $_ \"$\"") == "/v1/$1 ^a$ $A $ $_ \"$\"");
    CHECK(done("$") == "$");
  }

  TEST_CASE("substitute: what is no expression is refused by its line and not shown") {
    for (const auto* text : {"${}", "${", "${A", "${A\n}", "${A:}", "${A?canary}", "${:-canary}",
                             "${A:-$B_2/canary}", "${A:-${B_2}}", "${A b}", "${A:-$}canary${"}) {
      CAPTURE(text);
      CHECK(done(text).starts_with("error: line 1: expected ${NAME}"));
      CHECK(done(text).find("canary") == std::string::npos);
    }
    CHECK(done("${}") == no_expression);
    CHECK(done("a\nb\n${").starts_with("error: line 3: "));
  }

  TEST_CASE("substitute: a variable needs an environment to stand in") {
    CHECK(done("$A", {}).find("give it (load_env) before this text") != std::string::npos);
    CHECK(done("${A:-d}", {}).starts_with("error: line 1: the variable \"A\""));
    CHECK(done("$$ $1", {}) == "$ $1");
    CHECK(substitute("$A", {}).error().status == Status::invalid_argument);
  }

  TEST_CASE("substitute: the result is bounded") {
    Settings settings;
    const auto large = "L=" + std::string(64 * 1024, 'x');
    const char* const variables[] = {large.c_str(), nullptr};
    REQUIRE(settings.load_env(variables).ok());
    std::string text;
    for (int i = 0; i < 16; ++i) text += "$L";
    CHECK(done(text, settings).size() == 1024 * 1024);
    CHECK(done(text + "\n$L", settings) == "error: line 2: the text has more than 1 MiB");
  }
}
