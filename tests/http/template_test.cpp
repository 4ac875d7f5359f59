#include "http/template.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "http/page_of.hpp"

using namespace gatelet;
using namespace gatelet::http;

namespace {

std::string line(std::string_view text, std::vector<TemplateValue> values) {
  const auto made = Template::line(text, fields);
  REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().text));
  return made->render(values);
}

constexpr std::string_view hostile = "<script>\"'&{{.Name}}\n";

}  // namespace

TEST_SUITE("http/template") {
  TEST_CASE("F-131: every construct of oauth2-proxy's own templates") {
    const std::string_view text = R"(
{{define "page"}}
<!DOCTYPE html><title>{{.Status}} {{.Name}}</title>
<link rel="stylesheet" href="{{.Prefix}}/static/x.css">
{{ if .Logo }}<div>{{.Logo}}</div>{{ end }}
<form method="GET" action="{{.Prefix}}/start"><input type="hidden" name="rd" value="{{.Other}}"></form>
{{ if or .Name .Other }}either{{ end}}
{{ if eq .Status 400 401 }}{{ if eq .Status 400 }}{{.Status}}: empty{{ else }}{{.Status}}: wrong{{ end }}{{ end }}
{{ if eq .Other "-" }}
{{ else if eq .Other ""}}
default
{{ else }}
<p>{{.Other}}</p>
{{ end }}
<!-- {{ .Name }} -->{{/* nor this */}}
<span onclick="this.hidden = true">{{- .Name | ToUpper -}} </span>
{{end}}
)";
    CHECK(page(text, {"Ada", "/x?a=\"b\"", "/oauth2", "<img>", 401, false}) ==
          "\n<!DOCTYPE html><title>401 Ada</title>\n"
          "<link rel=\"stylesheet\" href=\"/oauth2/static/x.css\">\n"
          "<div><img></div>\n"
          "<form method=\"GET\" action=\"/oauth2/start\"><input type=\"hidden\" name=\"rd\" "
          "value=\"/x?a=&quot;b&quot;\"></form>\n"
          "either\n"
          "401: wrong\n\n<p>/x?a=&quot;b&quot;</p>\n\n\n"
          "<span onclick=\"this.hidden = true\">ADA</span>\n");
  }

  TEST_CASE("render: conditions, as Go decides them") {
    const auto is = [](std::string_view condition, std::vector<TemplateValue> values) {
      return page("{{if " + std::string(condition) + "}}yes{{else}}no{{end}}", std::move(values)) ==
             "yes";
    };
    CHECK(is(".Name", {"x"}));
    CHECK_FALSE(is(".Name", {""}));
    CHECK(is(".Status", {"", "", "", "", 200}));
    CHECK_FALSE(is(".Status", {}));
    CHECK(is(".Form", {"", "", "", "", 0, true}));
    CHECK_FALSE(is("not .Form", {"", "", "", "", 0, true}));
    CHECK(is("eq .Name \"a\" \"b\"", {"b"}));
    CHECK_FALSE(is("eq .Name \"a\" \"b\"", {"c"}));
    CHECK(is("ne .Name \"a\"", {"b"}));
    CHECK_FALSE(is("ne .Name \"a\"", {"a"}));
    CHECK(is("and .Name (gt .Status 399)", {"x", "", "", "", 400}));
    CHECK_FALSE(is("and .Name (gt .Status 399)", {"x", "", "", "", 399}));
    CHECK(is("lt .Status 1", {}));
    CHECK_FALSE(is("lt .Status 0", {}));
    CHECK(is("le .Status 0", {}));
    CHECK(is("ge .Status 0", {}));
    CHECK_FALSE(is("ge .Status 1", {}));
    CHECK(is("eq (len .Name) 3", {"abc"}));
    CHECK(is("eq .Form true", {"", "", "", "", 0, true}));
    CHECK_FALSE(is("or .Name .Other", {}));
    CHECK(is("lt \"a\" .Name", {"b"}));
  }

  TEST_CASE("render: and, or give the value that decided; truth and numbers are written out") {
    CHECK(page("{{or .Name .Other}}|{{and .Name .Other}}", {"", "b"}) == "b|");
    CHECK(page("{{.Form}} {{.Status}} {{len .Name}} {{true}} {{-4}}",
               {"ab", "", "", "", -5, true}) == "true -5 2 true -4");
    CHECK(page("{{ToLower .Name}}{{.Name | ToUpper}}", {"aB\xc3\xa9"}) ==
          "ab\xc3\xa9"
          "AB\xc3\xa9");
  }

  TEST_CASE("MA-01: render: a value is escaped as its place asks for") {
    CHECK(page("{{.Name}}", {hostile}) == "&lt;script&gt;&quot;&#39;&amp;{{.Name}}");
    CHECK(page("<p title=\"{{.Name}}\">", {hostile}) ==
          "<p title=\"&lt;script&gt;&quot;&#39;&amp;{{.Name}}\">");
    CHECK(page("{{.Name | ToUpper}}{{or .Name .Other}}", {"<b>"}) == "&lt;B&gt;&lt;b&gt;");
    CHECK(page("{{ToUpper .Logo}}", {"", "", "", "<b>"}) == "&lt;B&gt;");
    CHECK(page("{{\"<b>\"}}", {}) == "&lt;b&gt;");
    CHECK(page("<a href=\"/x?rd={{.Name}}\">", {"/a b?c=d&e#f"}) ==
          "<a href=\"/x?rd=%2Fa%20b%3Fc%3Dd%26e%23f\">");
    CHECK(page("<a href=\"/x/{{.Name}}\">", {"a b\"?c&d"}) == "<a href=\"/x/a%20b%22?c&amp;d\">");
    CHECK(page("<a href=\"/{{.Name}}\">", {"/evil.example"}) == "<a href=\"/%2Fevil.example\">");
  }

  TEST_CASE("MA-01: render: a URL with a scheme that runs something becomes #") {
    const auto link = [](std::string_view url) { return page("<a href=\"{{.Name}}\">", {url}); };
    for (const auto* url :
         {"javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "vbscript:x", ":x", "x:y"}) {
      CAPTURE(url);
      CHECK(link(url) == "<a href=\"#\">");
    }
    CHECK(link("https://a.example/x?y=z#f") == "<a href=\"https://a.example/x?y=z#f\">");
    CHECK(link("/a:b") == "<a href=\"/a:b\">");
    CHECK(link("java\tscript:x") == "<a href=\"#\">");
    CHECK(link("\x01javascript/:x") == "<a href=\"%01javascript/:x\">");
    CHECK(page("<a href=\"{{.Name}}{{.Other}}\">", {"javascript", ":alert(1)"}) ==
          "<a href=\"javascript#\">");
  }

  TEST_CASE("EN-22: a line: no value ends it or its quotes") {
    CHECK(line("{{.Name}} [{{.Other}}]", {"a\nb", "\"\x1b"}) == "a\\nb [\\\"\\x1b]");
    CHECK(line("{{.Logo}}", {"", "", "", "\"quoted already\""}) == "\"quoted already\"");
    CHECK(line("<b>{{if .Form}}{{.Status}}{{else}}-{{end}}", {"", "", "", "", 5, true}) == "<b>5");
    CHECK_FALSE(Template::line("{{.Nmae}}", fields).ok());
  }

  TEST_CASE("prints: whether a field is written somewhere") {
    const auto made = compiled("{{if .Other}}{{.Name}}{{end}}");
    REQUIRE(made.ok());
    CHECK(made->prints("Name"));
    CHECK_FALSE(made->prints("Other"));
  }
}
