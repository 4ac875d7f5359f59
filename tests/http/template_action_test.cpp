#include "http/template_action.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using namespace gatelet::http;

namespace {

using Kind = TemplateExpr::Kind;

TemplateExpr expr_of(std::string_view text) {
  TemplateAction action(text, 1);
  auto read = action.pipeline();
  REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.error().text));
  CHECK(action.end().ok());
  return std::move(read).value();
}

std::string refusal(std::string_view text) {
  TemplateAction action(text, 3);
  auto read = action.pipeline();
  if (!read.ok()) return read.error().text;
  const auto ended = action.end();
  return ended.ok() ? "read" : ended.error().text;
}

}  // namespace

TEST_SUITE("http/template_action") {
  TEST_CASE("word, symbol, text: taken off one after the other") {
    TemplateAction action(" block \"a b\" . ", 1);
    CHECK(action.word() == "block");
    CHECK(*action.text() == "a b");
    CHECK_FALSE(action.at_end());
    CHECK_FALSE(action.symbol('$'));
    CHECK(action.symbol('.'));
    CHECK(action.at_end());
    CHECK(action.word().empty());
    CHECK_FALSE(action.text().ok());
  }

  TEST_CASE("skip_dot: a dot, a dollar, or nothing") {
    for (const auto* text : {".", "$", "", " . "}) {
      TemplateAction action(text, 1);
      action.skip_dot();
      CHECK(action.end().ok());
    }
    TemplateAction more("..", 1);
    more.skip_dot();
    CHECK_FALSE(more.end().ok());
  }

  TEST_CASE("pipeline: fields, texts, numbers, truth") {
    CHECK(expr_of(".Name").text == "Name");
    CHECK(expr_of("$.Name").kind == Kind::field);
    CHECK(expr_of("`a\"b`").text == "a\"b");
    CHECK(expr_of(R"("a\"\\\n\t")").text == "a\"\\\n\t");
    CHECK(expr_of("-12").number == -12);
    CHECK(expr_of("true").number == 1);
    CHECK(expr_of("false").kind == Kind::boolean);
  }

  TEST_CASE("pipeline: functions with their values; what is piped comes last") {
    const auto call = expr_of("eq .A 1 2");
    CHECK(call.kind == Kind::call);
    CHECK(call.arguments.size() == 3);
    const auto piped = expr_of(".A | eq 1 | not");
    CHECK(piped.text == "not");
    CHECK(piped.arguments[0].text == "eq");
    CHECK(piped.arguments[0].arguments[1].text == "A");
    CHECK(expr_of("not (or .A (and .B .C))").arguments[0].arguments.size() == 2);
  }

  TEST_CASE("line: counted on over line ends inside an action") {
    TemplateAction action("or .A\n\n.B", 7);
    const auto read = action.pipeline();
    REQUIRE(read.ok());
    CHECK(read->line == 7);
    CHECK(read->arguments[1].line == 9);
  }

  TEST_CASE("pipeline: what is wrong is said, with the line") {
    CHECK(refusal("foo .A").starts_with("line 3: the function \"foo\" is not known; known are eq"));
    CHECK(refusal(".A .B").starts_with("line 3: expected a function"));
    CHECK(refusal(".A | .B") == "line 3: expected a function after |");
    CHECK(refusal("len") == "line 3: len has 0 values; it takes 1");
    CHECK(refusal("eq " + std::string(40, '1') + " 2") == "line 3: expected a whole number");
    CHECK(refusal("(.A") == "line 3: expected )");
    CHECK(refusal("").starts_with("line 3: expected a field"));
    CHECK(refusal("`a").starts_with("line 3: a text in `` does not end"));
    CHECK(refusal(".A }").starts_with("line 3: expected a function"));
    std::string deep(100000, '(');
    CHECK(refusal(deep) == "line 3: parentheses stand too deep inside each other");
    std::string many = "or";
    for (int i = 0; i < 20; ++i) many += " .A";
    CHECK(refusal(many) == "line 3: or has 17 values; it takes 1 or more");
  }
}
