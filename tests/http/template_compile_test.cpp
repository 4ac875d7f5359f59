#include "http/template.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "http/page_of.hpp"

using namespace gatelet;
using namespace gatelet::http;

namespace {

std::string refusal(std::string_view text) {
  const auto made = compiled(text);
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().status == Status::malformed);
  return made.error().text;
}

}  // namespace

TEST_SUITE("http/template_compile") {
  TEST_CASE("compile: what is wrong is said with its line and what is known") {
    CHECK(
        refusal("a\n{{.Nmae}}") ==
        "line 2: the field .Nmae is not known; known are .Name .Other .Prefix .Logo .Status .Form");
    CHECK(refusal("{{template \"x\" .}}") == "line 1: there is no template \"x\"");
    CHECK(refusal("{{eq .Status \"400\"}}").find("line 1: eq compares") == 0);
    CHECK(refusal("{{eq (or .Name .Status) 1}}").find("line 1: eq compares") == 0);
    CHECK(refusal("{{len .Status}}") == "line 1: len works on texts only");
    CHECK(
        refusal("\n<script>\nvar x = {{.Name}};").find("line 3: a value stands inside <script>") ==
        0);
    CHECK(refusal("<a href={{.Name}}>").find("line 1: a value stands in an attribute without") ==
          0);
    CHECK(refusal("<style>{{if .Name}}a{}{{end}}</style>").find("line 1: an if stands inside") ==
          0);
    CHECK(refusal("{{if .Name}}<p{{end}}>").find("line 1: the branches of this if end at") == 0);
    CHECK(refusal("\n<p title=\"") == "line 2: the template ends inside the attribute title");
    CHECK(refusal("<script>\n<!--").find("line 2: a script holds") == 0);
  }

  TEST_CASE("compile: an included part is judged where it stands") {
    const std::string part = "{{define \"v\"}}{{.Name}}{{end}}";
    CHECK(page(part + "<p title=\"{{template \"v\" .}}\">{{template \"v\" .}}", {"\""}) ==
          "<p title=\"&quot;\">&quot;");
    CHECK(refusal(part + "<script>{{template \"v\" .}}</script>").find("inside <script>") !=
          std::string::npos);
  }

  TEST_CASE("compile: bounded, whatever includes whatever") {
    CHECK(refusal("{{define \"a\"}}{{template \"a\" .}}{{end}}{{template \"a\" .}}")
              .find("includes itself") != std::string::npos);
    std::string wide = "{{define \"p0\"}}x{{end}}";
    for (int i = 1; i < 12; ++i) {
      wide += "{{define \"p" + std::to_string(i) + "\"}}";
      for (int k = 0; k < 8; ++k) wide += "{{template \"p" + std::to_string(i - 1) + "\" .}}";
      wide += "{{end}}";
    }
    CHECK(refusal(wide + "{{template \"p11\" .}}").find("too long") != std::string::npos);
    CHECK(refusal("<!--" + wide + "{{template \"p11\" .}}-->").find("too long") !=
          std::string::npos);
  }
}
