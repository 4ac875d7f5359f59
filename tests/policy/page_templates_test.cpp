#include "policy/page_templates.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/base64.hpp"
#include "crypto/hash.hpp"

using namespace gatelet;
using namespace gatelet::policy;

namespace {

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string hash_source(std::string_view text) {
  return "'sha256-" + base64::encode(*crypto::hash(crypto::Digest::sha256, text)) + "'";
}

// Written for this test; uses every construct of oauth2-proxy's own sign_in.html.
constexpr std::string_view sign_in = R"(
{{define "sign_in.html"}}
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Welcome</title>
<link rel="stylesheet" href="{{.ProxyPrefix}}/static/css/site.css">
<style>body { color: black; }</style></head>
<body class="light">
{{ if .LogoData }}<div>{{.LogoData}}</div>{{ end }}
<form method="GET" action="{{.ProxyPrefix}}/start">
<input type="hidden" name="rd" value="{{.Redirect}}">
{{ if .SignInMessage }}<p>{{.SignInMessage}}</p>{{ end}}
<button type="submit">Go on with {{.ProviderName}}</button></form>
{{ if .CustomLogin }}<form method="POST" action="{{.ProxyPrefix}}/sign_in">
<input type="hidden" name="rd" value="{{.Redirect}}"><input name="username"><input type="password" name="password">
<button>Sign in</button></form>{{ end }}
{{ if eq .StatusCode 400 401 }}<div><span onclick="this.hidden=true;">&times;</span>
{{ if eq .StatusCode 400 }}{{.StatusCode}}: no name{{ else }}{{.StatusCode}}: wrong{{ end }}</div>{{ end }}
<script>document.title += '!';</script>
<footer>{{ if eq .Footer "-" }}{{ else if eq .Footer ""}}version {{.Version}}{{ else }}<p>{{.Footer}}</p>{{ end }}</footer>
</body></html>
{{end}}
)";

// And of its error.html.
constexpr std::string_view error =
    R"({{define "error.html"}}<!DOCTYPE html><title>{{.StatusCode}} {{.Title}}</title>
<script type="text/javascript">
  document.addEventListener('DOMContentLoaded', e => e);
</script>
{{ if or .Message .RequestID }}{{ if .Message }}<div>{{.Message}}</div>{{ end }}{{ if .RequestID }}Request {{.RequestID}}{{ end }}{{ end }}
{{ if .Redirect }}<form method="GET" action="{{.Redirect}}"><button>Back</button></form>
<form method="GET" action="{{.ProxyPrefix}}/sign_in"><input type="hidden" name="rd" value="{{.Redirect}}"></form>{{ end }}
{{end}})";

PageTemplates compiled(const std::optional<std::string>& one,
                       const std::optional<std::string>& two) {
  auto made = PageTemplates::compile(one, two);
  REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().text));
  return std::move(made).value();
}

std::string refusal(const std::optional<std::string>& one, const std::optional<std::string>& two) {
  const auto made = PageTemplates::compile(one, two);
  REQUIRE_FALSE(made.ok());
  return made.error().text;
}

SignInFields fields() {
  SignInFields out;
  out.provider_name = "Example & Sons";
  out.sign_in_message = "Members <only>";
  out.redirect = "/reports?q=\"1\"";
  out.proxy_prefix = "/oauth2";
  out.logo_data = "<img src=\"data:image/png;base64,AAAA\">";
  return out;
}

}  // namespace

TEST_SUITE("policy/page_templates") {
  TEST_CASE("F-131: a sign-in page with oauth2-proxy's constructs shows the right content") {
    const auto made = compiled(std::string(sign_in), {});
    REQUIRE(made.sign_in() != nullptr);
    CHECK(made.error() == nullptr);
    auto f = fields();
    auto page = render(*made.sign_in(), f);
    CHECK(holds(page, "href=\"/oauth2/static/css/site.css\""));
    CHECK(holds(page, "<div><img src=\"data:image/png;base64,AAAA\"></div>"));
    CHECK(holds(page, "action=\"/oauth2/start\""));
    CHECK(holds(page, "name=\"rd\" value=\"/reports?q=&quot;1&quot;\""));
    CHECK(holds(page, "<p>Members &lt;only&gt;</p>"));
    CHECK(holds(page, "Go on with Example &amp; Sons"));
    CHECK(holds(page, "version gatelet "));
    CHECK_FALSE(holds(page, "password"));
    CHECK_FALSE(holds(page, "&times;"));
    f.custom_login = true;
    f.status_code = 401;
    f.footer = "<b>us</b>";
    page = render(*made.sign_in(), f);
    CHECK(holds(page, "action=\"/oauth2/sign_in\""));
    CHECK(holds(page, "401: wrong"));
    CHECK(holds(page, "<p>&lt;b&gt;us&lt;/b&gt;</p>"));
    f.status_code = 400;
    f.footer = "-";
    page = render(*made.sign_in(), f);
    CHECK(holds(page, "400: no name"));
    CHECK(holds(page, "<footer></footer>"));
  }

  TEST_CASE("F-131: an error page with oauth2-proxy's constructs shows the right content") {
    const auto made = compiled({}, std::string(error));
    REQUIRE(made.error() != nullptr);
    CHECK(made.sign_in() == nullptr);
    ErrorFields f;
    f.title = "You do not have access";
    f.message = "<b>";
    f.proxy_prefix = "/oauth2";
    f.redirect = "/reports";
    f.request_id = "4f1d";
    f.status_code = 403;
    const auto page = render(*made.error(), f);
    CHECK(holds(page, "<title>403 You do not have access</title>"));
    CHECK(holds(page, "<div>&lt;b&gt;</div>Request 4f1d"));
    CHECK(holds(page, "<form method=\"GET\" action=\"/reports\">"));
    CHECK(holds(page, "value=\"/reports\""));
    const auto bare = render(*made.error(), ErrorFields{});
    CHECK_FALSE(holds(bare, "<form"));
    CHECK_FALSE(holds(bare, "Request "));
  }

  TEST_CASE("compile: one file may include what the other defines") {
    const auto made = compiled(std::string("{{define \"foot\"}}{{.Version}}!{{end}}x"),
                               std::string("{{template \"foot\" .}}"));
    CHECK(render(*made.error(), ErrorFields{}).ends_with("!"));
    CHECK(refusal(std::string("{{define \"error.html\"}}y{{end}}x"), std::string("z"))
              .find("there twice") != std::string::npos);
  }

  TEST_CASE("compile: what is wrong is said with file, line and what is known") {
    CHECK(refusal(std::string("a\n{{.Mesage}}"), {}) ==
          "sign_in.html: line 2: the field .Mesage is not known; known are .ProviderName "
          ".SignInMessage .StatusCode .CustomLogin .Redirect .Version .ProxyPrefix .Footer "
          ".LogoData");
    CHECK(
        refusal({}, std::string("{{.LogoData}}")).find("error.html: line 1: the field .LogoData") ==
        0);
    CHECK(refusal({}, std::string("<script>x = {{.Message}}</script>"))
              .find("error.html: line 1: a value stands inside <script>") == 0);
    std::string many;
    for (int i = 0; i < 100; ++i) many += "<style>a" + std::to_string(i) + "{}</style>";
    CHECK(refusal({}, many).find("too many styles and scripts") != std::string::npos);
  }

  TEST_CASE("compile: the policy allows the template's own styles and scripts by their hashes") {
    const auto policy = compiled(std::string(sign_in), {}).sign_in()->content_policy;
    CHECK(holds(policy, "default-src 'none'; style-src 'self' https: " +
                            hash_source("body { color: black; }") + "; script-src " +
                            hash_source("document.title += '!';") + " 'unsafe-hashes' " +
                            hash_source("this.hidden=true;") + ";"));
    CHECK(holds(policy, "; img-src data: 'self' https:; font-src data: 'self' https:"));
    CHECK_FALSE(holds(policy, "unsafe-inline"));
    CHECK_FALSE(holds(policy, "unsafe-eval"));
    CHECK(holds(compiled({}, std::string(error)).error()->content_policy,
                hash_source("\n  document.addEventListener('DOMContentLoaded', e => e);\n")));
  }

  TEST_CASE("compile: the policy allows nothing from elsewhere that the template does not name") {
    const auto policy = [](std::string text) {
      return compiled({}, std::move(text)).error()->content_policy;
    };
    CHECK(policy("x") == "default-src 'none'");
    CHECK(policy("<style>a{}</style>") == "default-src 'none'; style-src " + hash_source("a{}"));
    CHECK(policy("<script src=\"https://cdn.example/a.js\"></script>") ==
          "default-src 'none'; script-src https://cdn.example");
    CHECK(policy("<script src=\"{{.ProxyPrefix}}/static/a.js\"></script>") ==
          "default-src 'none'; script-src 'self'");
    CHECK(holds(policy("<style>a{background:url(/x)}</style>"), "img-src data: 'self' https:"));
    CHECK(holds(policy("<img src=\"/x.png\" alt=\"\">"), "img-src data: 'self' https:"));
    CHECK(policy("<p style=\"color:red\">") ==
          "default-src 'none'; style-src 'unsafe-hashes' " + hash_source("color:red"));
  }
}
