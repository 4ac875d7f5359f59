#include "http/template_syntax.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using namespace gatelet::http;

namespace {

using Kind = TemplateNode::Kind;

TemplateParts parsed(std::string_view text) {
  TemplateParts parts;
  const auto done = parse_template("page", text, parts);
  REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().text));
  return parts;
}

std::string refusal(std::string_view text) {
  TemplateParts parts;
  const auto done = parse_template("page", text, parts);
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().status == Status::malformed);
  return done.error().text;
}

// The texts of a part in a row, actions as "*".
std::string shape(const std::vector<TemplateNode>& nodes) {
  std::string out;
  for (const auto& node : nodes) out += node.kind == Kind::text ? node.text : "*";
  return out;
}

}  // namespace

TEST_SUITE("http/template_syntax") {
  TEST_CASE("parse_template: text and fields, each with its line") {
    const auto parts = parsed("a\n{{.Name}} b {{ $.Other }}");
    const auto& nodes = parts.at("page");
    REQUIRE(nodes.size() == 4);
    CHECK(nodes[0].text == "a\n");
    CHECK(nodes[1].kind == Kind::print);
    CHECK(nodes[1].expr.text == "Name");
    CHECK(nodes[1].line == 2);
    CHECK(nodes[3].expr.text == "Other");
  }

  TEST_CASE("parse_template: trim markers and comments take white space away, as in Go") {
    CHECK(shape(parsed("a \n {{- .X -}} \t b").at("page")) == "a*b");
    CHECK(shape(parsed("a {{.X -}}\n\n b").at("page")) == "a *b");
    CHECK(shape(parsed("a {{/* said }} nowhere */}} b").at("page")) == "a  b");
    CHECK(shape(parsed("a {{- /* x */ -}} b").at("page")) == "ab");
    CHECK(parsed("{{-3}}").at("page").front().expr.number == -3);  // no space: a number
  }

  TEST_CASE("parse_template: if, else if, else") {
    const auto parts = parsed("{{if .A}}1{{else if eq .B 2 3}}2{{else}}3{{end}}4");
    const auto& branch = parts.at("page").front();
    REQUIRE(branch.kind == Kind::branch);
    CHECK(shape(branch.then) == "1");
    REQUIRE(branch.otherwise.size() == 1);
    CHECK(shape(branch.otherwise[0].then) == "2");
    CHECK(shape(branch.otherwise[0].otherwise) == "3");
    CHECK(branch.otherwise[0].expr.arguments.size() == 3);
  }

  TEST_CASE("parse_template: define, block and template") {
    const auto parts = parsed(
        "{{define \"head\"}}h{{end}}{{define `foot`}}f{{end}}{{template \"head\" .}}"
        "{{block \"body\" .}}b{{end}}{{template \"foot\"}}");
    CHECK(parts.size() == 4);
    CHECK(shape(parts.at("body")) == "b");
    CHECK(shape(parts.at("page")) == "***");
    CHECK(parts.at("page")[1].text == "body");
  }

  TEST_CASE("parse_template: a file that defines its own name, as oauth2-proxy's do") {
    CHECK(shape(parsed("\n{{define \"page\"}}x{{end}}\n").at("page")) == "x");
    CHECK(refusal("y {{define \"page\"}}x{{end}}").find("there twice") != std::string::npos);
  }

  TEST_CASE("parse_template: texts, numbers, parentheses and pipes") {
    const auto parts = parsed("{{or (eq .A \"}}\\\"\") (not .B)}}{{.A | ToUpper | eq `x\\`}}");
    const auto& either = parts.at("page")[0].expr;
    REQUIRE(either.arguments.size() == 2);
    CHECK(either.arguments[0].arguments[1].text == "}}\"");
    const auto& piped = parts.at("page")[1].expr;
    CHECK(piped.text == "eq");
    CHECK(piped.arguments[0].text == "x\\");
    CHECK(piped.arguments[1].text == "ToUpper");
  }

  TEST_CASE("parse_template: line ends become \\n, a byte order mark goes") {
    CHECK(parsed("\xef\xbb\xbf"
                 "a\r\nb\rc")
              .at("page")[0]
              .text == "a\nb\nc");
  }

  TEST_CASE("parse_template: what is wrong is said with its line and what is known") {
    CHECK(refusal("\n\n{{upper .X}}") ==
          "line 3: the function \"upper\" is not known; known are eq ne lt le gt ge and or not len "
          "ToUpper ToLower");
    CHECK(refusal("{{range .X}}{{end}}") ==
          "line 1: {{range}} is not known here; known are if, else, end, define, block and "
          "template");
    CHECK(refusal("{{$x := 1}}") == "line 1: variables are not known here");
    CHECK(refusal("{{.A.B}}") == "line 1: .A has no fields of its own");
    CHECK(refusal("{{.}}") == "line 1: expected a field's name after the dot");
    CHECK(refusal("{{}}").find("expected a field") != std::string::npos);
    CHECK(refusal("{{if .A}}") == "line 1: an {{end}} is missing");
    CHECK(refusal("a\n{{end}}") == "line 2: {{end}} without a beginning");
    CHECK(refusal("{{else}}") == "line 1: {{else}} without a beginning");
    CHECK(refusal("{{if .A}}{{else}}{{else}}{{end}}") == "line 1: an if has two {{else}}");
    CHECK(refusal("{{.A") == "line 1: an action does not end with }}");
    CHECK(refusal("{{/* a") == "line 1: a comment does not end with */");
    CHECK(refusal("{{/* a */ b}}") == "line 1: expected }} right after the comment's */");
    CHECK(refusal("{{eq .A}}") == "line 1: eq has 1 values; it takes 2 or more");
    CHECK(refusal("{{not .A .B}}") == "line 1: not has 2 values; it takes 1");
    CHECK(refusal("{{.A .B}}").find("expected a function") != std::string::npos);
    CHECK(refusal("{{(.A}}") == "line 1: expected )");
    CHECK(refusal("{{.A)}}").find("expected }}") != std::string::npos);
    CHECK(refusal("{{\"a\\q\"}}").find("after a backslash") != std::string::npos);
    CHECK(refusal("{{\"a\n\"}}").find("does not end") != std::string::npos);
    CHECK(refusal("{{if eq not .A}}{{end}}").find("parentheses around not") != std::string::npos);
    CHECK(refusal("{{if .A}}{{define \"x\"}}{{end}}{{end}}").find("inside another action") !=
          std::string::npos);
    CHECK(refusal("\xff") == "line 1: the text is not UTF-8");
    CHECK(refusal(std::string_view("a\0b", 3)) == "line 1: the text has a NUL");
    CHECK(refusal("{{99999999999999999999}}") == "line 1: expected a whole number");
    CHECK(refusal("{{1x}}") == "line 1: expected a whole number");
  }

  TEST_CASE("parse_template: depth and size are bounded") {
    const auto nested = [](int depth) {
      std::string text;
      for (int i = 0; i < depth; ++i) text += "{{if .A}}";
      for (int i = 0; i < depth; ++i) text += "{{end}}";
      return text;
    };
    parsed(nested(16));
    CHECK(refusal(nested(17)) == "line 1: actions stand too deep inside each other");
    const auto parentheses = [](std::size_t depth) {
      return "{{" + std::string(depth, '(') + ".A" + std::string(depth, ')') + "}}";
    };
    parsed(parentheses(8));
    CHECK(refusal(parentheses(9)) == "line 1: parentheses stand too deep inside each other");
    CHECK(refusal(std::string(256 * 1024 + 1, 'x')) == "line 1: more than 256 KiB");
  }
}
