#include "policy/pages.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "policy/page_script.hpp"
#include "policy/page_templates.hpp"
#include "support/field_list.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using namespace gatelet::policy;
using support::value_of;
using support::values_of;

namespace {

const support::RequestOf browser =
    support::request_to("/reports?q=1", {{"Accept", "text/html"}, {"Sec-Fetch-Mode", "navigate"}});
const support::RequestOf program =
    support::request_to("/reports", {{"Accept", "application/json"}});

const std::vector<ProviderButton> one = {{"default", "Example"}};
const std::vector<ProviderButton> two = {{"a", "First"}, {"b", "Second"}};

constexpr std::string_view hostile = "<script>x</script>\"'&\x01\r\n\xff{{}}";

// Every page there is, for the checks that hold for all.
std::vector<Decision> every_page(const Policy& policy, const PageFacts& about,
                                 std::string_view message = {}) {
  std::vector<Decision> pages;
  for (int reason = 0; reason <= static_cast<int>(Reason::internal_error); ++reason) {
    pages.push_back(error_page(policy, about, 403, static_cast<Reason>(reason), message));
  }
  pages.push_back(unauthorized(policy, about, Reason::no_session));
  pages.push_back(sign_in_page(policy, about, 403, one));
  pages.push_back(sign_in_page(policy, about, 200, two));
  pages.push_back(sign_out_question(policy, about));
  return pages;
}

PageFacts about(const RequestFacts& facts) {
  PageFacts page;
  page.facts = &facts;
  page.request_id = "4f1d";
  return page;
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_SUITE("policy/pages") {
  TEST_CASE(
      "MA-01, MA-14, H-13: every page is a whole answer, with nobody else's script, never cached") {
    const auto facts = browser.facts();
    for (const auto& page : every_page({}, about(facts))) {
      CAPTURE(page.body());
      CHECK(page.kind() != Decision::Kind::allow);
      CHECK(page.upstream().empty());
      CHECK(page.strip().empty());
      const auto csp = value_of(page.response(), "Content-Security-Policy");
      CHECK(csp.starts_with("default-src 'none'; style-src 'sha256-"));
      CHECK(holds(csp, "frame-ancestors 'none'"));
      CHECK(holds(csp, "base-uri 'none'"));
      CHECK_FALSE(holds(csp, "unsafe"));
      std::string body(page.body());
      const auto script = "<script>" + std::string(fragment_script) + "</script>";
      CHECK(holds(csp, "script-src '") == holds(body, script));
      if (const auto at = body.find(script); at != std::string::npos) body.erase(at, script.size());
      CHECK(value_of(page.response(), "Content-Type") == "text/html; charset=utf-8");
      CHECK(value_of(page.response(), "Cache-Control") == "no-store");
      CHECK(value_of(page.response(), "Vary") == "Cookie");
      CHECK(value_of(page.response(), "X-Content-Type-Options") == "nosniff");
      CHECK(value_of(page.response(), "X-Frame-Options") == "DENY");
      CHECK(page.body().starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
      CHECK(page.body().size() < 10 * 1024);
      CHECK(holds(page.body(), std::string("<style>").append(style_text()).append("</style>")));
      for (const auto* part : {"<script", "onclick", "onload", "style=\"", "src=", "url(",
                               "@import", "http://", "https://", "{{"}) {
        CAPTURE(part);
        CHECK_FALSE(holds(body, part));
      }
    }
  }

  TEST_CASE("MA-01: hostile texts of any size are escaped and capped") {
    Policy policy;
    const auto facts = browser.facts();
    auto page_facts = about(facts);
    std::string large(hostile);
    while (large.size() < 8192) large += hostile;
    page_facts.request_id = large;
    page_facts.retry_url = large;
    const std::vector<ProviderButton> buttons = {{large, large}, {"b", large}};
    auto pages = every_page(policy, page_facts, large);
    pages.push_back(sign_in_page(policy, page_facts, 200, buttons));
    page_facts.return_to = large;
    pages.push_back(sign_out_question(policy, page_facts));
    for (const auto& page : pages) {
      CHECK_FALSE(holds(page.body(), "<script>x"));
      CHECK_FALSE(holds(page.body(), "\x01"));
      CHECK_FALSE(holds(page.body(), "\xff"));
      CHECK_FALSE(holds(page.body(), "x</script>"));
    }
    CHECK(pages.front().body().size() < 10 * 1024);
    CHECK(holds(pages.front().body(), "&lt;script&gt;"));
  }

  TEST_CASE("error_page: a cut text ends between characters") {
    std::string message;
    for (int i = 0; i < 200; ++i) message += "\xe2\x82\xac";
    const auto facts = browser.facts();
    const auto page = error_page({}, about(facts), 400, Reason::bad_request, message);
    CHECK_FALSE(holds(page.body(), "\xef\xbf\xbd"));
    CHECK(holds(page.body(), "\xe2\x82\xac\xe2\x80\xa6</p>"));
  }

  TEST_CASE("error_page: plain words, the request id and a way on") {
    const auto facts = browser.facts();
    auto page_facts = about(facts);
    page_facts.retry_url = "/oauth2/start?rd=%2F&x=\"";
    const auto plain = error_page({}, page_facts, 502, Reason::provider_unavailable, "");
    CHECK(plain.http_status() == 502);
    CHECK(plain.kind() == Decision::Kind::respond);
    CHECK(plain.reason() == Reason::provider_unavailable);
    CHECK(holds(plain.body(), "<h1>The sign-in service does not answer</h1>"));
    CHECK(holds(plain.body(), "Request id <code>4f1d</code>"));
    CHECK(holds(plain.body(), "href=\"/oauth2/start?rd=%2F&amp;x=&quot;\">Try again</a>"));
    CHECK(holds(error_page({}, page_facts, 403, Reason::login_denied, "Said <b>.").body(),
                "<p>Said &lt;b&gt;.</p>"));
  }

  TEST_CASE("error_page: a way on that is no path and no web page is no button") {
    const auto facts = browser.facts();
    for (const auto& url :
         {std::string("javascript:alert(1)"), std::string("//evil.test"),
          std::string("data:text/html,x"), std::string("/\\evil"), std::string(" /"),
          std::string("/a b"), std::string("/\xc3\xa4"), "/" + std::string(4096, 'a')}) {
      CAPTURE(url);
      auto page_facts = about(facts);
      page_facts.retry_url = url;
      CHECK_FALSE(
          holds(error_page({}, page_facts, 500, Reason::internal_error, "").body(), "href"));
    }
  }

  TEST_CASE("H-14: a program gets JSON of the same status and cookies") {
    const auto facts = program.facts();
    const std::vector<std::string> cookies = {"a=; Max-Age=0"};
    const auto answer = unauthorized({}, about(facts), Reason::session_expired, cookies);
    CHECK(answer.kind() == Decision::Kind::unauthorized);
    CHECK(answer.body() == "{}");
    CHECK(value_of(answer.response(), "Content-Type") == "application/json");
    CHECK(value_of(answer.response(), "X-Sign-In-Url") == "/oauth2/start");
    CHECK(value_of(answer.response(), "Cache-Control") == "no-store");
    CHECK(value_of(answer.response(), "Set-Cookie") == cookies.front());

    const auto broken = error_page({}, about(facts), 503, Reason::overloaded, hostile);
    CHECK(broken.body() ==
          "{\"error\":\"overloaded\",\"message\":\"\\u003cscript\\u003ex\\u003c/"
          "script\\u003e\\\"'\\u0026\\u0001\\r\\n\xef\xbf\xbd{{}}\",\"request_id\":\"4f1d\"}");
  }

  TEST_CASE("H-14: in compat programs get `{}` from the application, pages from own endpoints") {
    Policy compat;
    compat.pages.json_own_pages = false;
    compat.detect_api_by_fetch_metadata = false;
    const auto facts = program.facts();
    CHECK(error_page(compat, about(facts), 403, Reason::not_permitted, "x").body() == "{}");
    CHECK(error_page(compat, about(facts), 500, Reason::internal_error, "x").body() == "{}");
    const auto callback =
        support::request_to("/oauth2/callback?code=1", {{"Accept", "application/json"}});
    const auto own = callback.facts();
    CHECK(holds(error_page(compat, about(own), 403, Reason::state_missing, "").body(), "<h1>"));
    const auto answer = unauthorized(compat, about(facts), Reason::no_session);
    CHECK(value_of(answer.response(), "X-Sign-In-Url") == "<absent>");
  }

  TEST_CASE("unauthorized: a person gets a page with the way to sign in and back here") {
    const auto facts = browser.facts();
    const auto page = unauthorized({}, about(facts), Reason::session_expired);
    CHECK(page.http_status() == 401);
    CHECK(holds(page.body(), "href=\"/oauth2/start?rd=%2Freports%3Fq%3D1\">Sign in again</a>"));
  }

  TEST_CASE("sign_in_page: one button for each provider, back to where the person was") {
    const auto facts = browser.facts();
    const auto page = sign_in_page({}, about(facts), 403, one);
    CHECK(page.kind() == Decision::Kind::forbidden);
    CHECK(holds(page.body(),
                "href=\"/oauth2/start?rd=%2Freports%3Fq%3D1\">Sign in with Example</a>"));
    const auto both = sign_in_page({}, about(facts), 200, two);
    CHECK(both.kind() == Decision::Kind::respond);
    CHECK(holds(both.body(), "&amp;provider=a\">Sign in with First</a>"));
    CHECK(holds(both.body(), "&amp;provider=b\">Sign in with Second</a>"));
    // One main action.
    CHECK(holds(both.body(),
                "class=\"button\" href=\"/oauth2/start?rd=%2Freports%3Fq%3D1&amp;provider=a"));
    CHECK(
        holds(both.body(),
              "class=\"button other\" href=\"/oauth2/start?rd=%2Freports%3Fq%3D1&amp;provider=b"));
    CHECK(holds(sign_in_page({}, about(facts), 200, std::vector<ProviderButton>{{"", ""}}).body(),
                ">Sign in</a>"));
  }

  TEST_CASE("PX-26: sign_in_page offers no return path that the validator refuses") {
    const auto request = support::request_to("/oauth2/sign_in?rd=%2F%2Fevil.test");
    const auto facts = request.facts();
    CHECK_FALSE(holds(sign_in_page({}, about(facts), 200, one).body(), "evil"));
    CHECK_FALSE(holds(sign_out_question({}, about(facts)).body(), "evil"));
  }

  TEST_CASE("sign_out_question: a form that posts to sign_out, and names its origin when it does") {
    const auto request = support::request_to("/oauth2/sign_out?rd=%2Fbye%3Fa%22b");
    const auto facts = request.facts();
    const auto page = sign_out_question({}, about(facts));
    CHECK(page.http_status() == 200);
    CHECK(
        holds(page.body(), "<form method=\"post\" action=\"/oauth2/sign_out?rd=%2Fbye%3Fa%22b\">"));
    CHECK(value_of(page.response(), "Referrer-Policy") == "same-origin");
    // The redirects that follow may lead to the provider; Chromium checks them too.
    CHECK(
        holds(value_of(page.response(), "Content-Security-Policy"), "form-action 'self' https:;"));
    const auto other = error_page({}, about(facts), 403, Reason::login_denied, {});
    CHECK(value_of(other.response(), "Referrer-Policy") == "no-referrer");
    CHECK(holds(value_of(other.response(), "Content-Security-Policy"), "form-action 'self';"));
  }

  TEST_CASE("every page names the request and the time, for whoever is asked about it") {
    const auto facts = browser.facts();
    auto page_facts = about(facts);
    page_facts.request_id = "4f1d";
    page_facts.arrived = {std::chrono::seconds(1), {}};
    for (const auto& page :
         {sign_in_page({}, page_facts, 403, one), sign_out_question({}, page_facts),
          unauthorized({}, page_facts, Reason::no_session),
          error_page({}, page_facts, 500, Reason::internal_error, {})}) {
      CHECK(holds(page.body(), "Request id <code>4f1d</code>"));
      CHECK(holds(page.body(), "<time datetime=\"1970-01-01T00:00:01Z\">"));
    }
  }

  TEST_CASE("F-130: banner and footer: words, escaped; a dash takes them away") {
    Policy policy;
    const auto request = support::request_to("/");
    const auto facts = request.facts();
    const auto page = [&] {
      return std::string(sign_in_page(policy, about(facts), 200, {}).body());
    };
    CHECK(page().find("Sign in to continue.") != std::string::npos);
    CHECK(page().find("<footer>") == std::string::npos);
    policy.pages.banner = "Members <b>only</b>";
    policy.pages.footer = "\"Example\" & Sons";
    CHECK(page().find("<p>Members &lt;b&gt;only&lt;/b&gt;</p>") != std::string::npos);
    CHECK(page().find("Sign in to continue.") == std::string::npos);
    CHECK(page().find("<footer>&quot;Example&quot; &amp; Sons</footer>") != std::string::npos);
    CHECK(
        error_page(policy, about(facts), 403, Reason::not_permitted, {}).body().find("<footer>") !=
        std::string_view::npos);
    policy.pages.banner = policy.pages.footer = "-";
    CHECK(page().find("<p>-</p>") == std::string::npos);
    CHECK(page().find("<footer>") == std::string::npos);
  }

  TEST_CASE("F-130: a logo stands in the page itself, which allows no other image") {
    Policy policy;
    const auto request = support::request_to("/");
    const auto facts = request.facts();
    const auto csp = [&] {
      return support::value_of(sign_in_page(policy, about(facts), 200, {}).response(),
                               "Content-Security-Policy");
    };
    CHECK(csp().find("img-src") == std::string::npos);
    policy.pages.logo = "data:image/png;base64,AAAA";
    CHECK(csp().find("; img-src data:;") != std::string::npos);
    CHECK(sign_in_page(policy, about(facts), 200, {})
              .body()
              .find("<img class=\"logo\" alt=\"\" src=\"data:image/png;base64,AAAA\">") !=
          std::string_view::npos);
    CHECK(error_page(policy, about(facts), 403, Reason::not_permitted, {}).body().find("<img") ==
          std::string_view::npos);
  }

  TEST_CASE("F-132: the error text is shown only where it is asked for") {
    Policy policy;
    const auto facts = browser.facts();
    auto page_facts = about(facts);
    page_facts.error_text = "curl: <canary>";
    const auto page = [&] {
      return std::string(error_page(policy, page_facts, 502, Reason::provider_failed, {}).body());
    };
    CHECK_FALSE(holds(page(), "canary"));
    policy.pages.show_debug_on_error = true;
    CHECK(holds(page(), "<p class=\"error\"><code>curl: &lt;canary&gt;</code></p>"));
    CHECK(holds(page(), "Nothing is lost."));
    const auto asked = program.facts();
    page_facts.facts = &asked;
    CHECK_FALSE(holds(page(), "canary"));  // programs get the reason
  }

  TEST_CASE("F-133: the script that keeps the fragment stands where a sign-in starts from a page") {
    const auto facts = browser.facts();
    const auto keeps = [](const Decision& page) { return holds(page.body(), fragment_script); };
    CHECK(keeps(sign_in_page({}, about(facts), 403, one)));
    CHECK(keeps(unauthorized({}, about(facts), Reason::session_expired)));
    auto page_facts = about(facts);
    page_facts.retry_url = "/oauth2/start";
    CHECK_FALSE(keeps(error_page({}, page_facts, 403, Reason::login_denied, {})));
    CHECK_FALSE(keeps(sign_out_question({}, page_facts)));
  }

  TEST_CASE("F-131: an operator's templates stand in for the sign-in and the error pages") {
    auto made = PageTemplates::compile(
        std::string("{{.ProviderName}}|{{.SignInMessage}}|{{.StatusCode}}|{{.CustomLogin}}|"
                    "{{.Redirect}}|{{.ProxyPrefix}}|{{.Footer}}|{{.LogoData}}"),
        std::string("{{.Title}}|{{.Message}}|{{.StatusCode}}|{{.Redirect}}|{{.RequestID}}|"
                    "{{.ProxyPrefix}}|{{.Footer}}"));
    REQUIRE(made.ok());
    Policy policy;
    policy.pages.templates = std::make_shared<const PageTemplates>(std::move(made).value());
    policy.pages.logo = "data:image/png;base64,AAAA";
    policy.pages.footer = "foot";
    const auto facts = browser.facts();
    const auto sign_in = sign_in_page(policy, about(facts), 403, one);
    CHECK(sign_in.http_status() == 403);
    CHECK(sign_in.body() ==
          "Example|Sign in to continue.|403|false|/reports?q=1|/oauth2|foot|<img class=\"logo\" "
          "alt=\"\" src=\"data:image/png;base64,AAAA\">");
    const auto csp = value_of(sign_in.response(), "Content-Security-Policy");
    CHECK(csp ==
          "default-src 'none'; img-src data:; form-action 'self' https:; frame-ancestors 'none'; "
          "base-uri 'none'");
    CHECK(value_of(sign_in.response(), "Cache-Control") == "no-store");
    policy.pages.banner = "-";
    CHECK(holds(sign_in_page(policy, about(facts), 200, {}).body(), "OpenID Connect||200|"));

    auto page_facts = about(facts);
    page_facts.retry_url = "/oauth2/start?rd=%2Freports";
    const auto error = [&] {
      return std::string(
          error_page(policy, page_facts, 403, Reason::not_permitted, "Said.").body());
    };
    CHECK(error() == "You do not have access|Said.|403|/reports|4f1d|/oauth2|foot");
    page_facts.retry_url = "/reports?x=1";
    CHECK(holds(error(), "|403|/reports?x=1|"));
    page_facts.retry_url = "/oauth2/start";
    CHECK(holds(error(), "|403|/|"));
    page_facts.retry_url = "";
    CHECK(holds(error(), "|403||"));
    page_facts.error_text = "canary";
    CHECK_FALSE(holds(error(), "canary"));
    policy.pages.show_debug_on_error = true;
    CHECK(holds(error(), "|canary|"));

    const auto asked = program.facts();
    CHECK(sign_in_page(policy, about(asked), 403, one).body() == "{}");
  }

  TEST_CASE("robots, pong: plain text, not cached") {
    const auto rules = robots();
    CHECK(rules.http_status() == 200);
    CHECK(rules.body() == "User-agent: *\nDisallow: /\n");
    CHECK(value_of(rules.response(), "Cache-Control") == "no-store");
    const auto health = pong();
    CHECK(health.body() == "OK");
    CHECK(health.reason() == Reason::ping);
  }

  TEST_CASE("style: text and controls have the contrast of WCAG AA in both schemes") {
    const auto channel = [](std::string_view hex, std::size_t at) {
      const auto value = std::stoi(std::string(hex.substr(at, 2)), nullptr, 16) / 255.0;
      return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    const auto luminance = [&](std::string hex) {
      if (hex.size() == 3) hex = {hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]};
      return 0.2126 * channel(hex, 0) + 0.7152 * channel(hex, 2) + 0.0722 * channel(hex, 4);
    };
    const auto contrast = [&](const std::string& a, const std::string& b) {
      const auto light = std::max(luminance(a), luminance(b));
      const auto dark = std::min(luminance(a), luminance(b));
      return (light + 0.05) / (dark + 0.05);
    };
    const auto dark_from = style_text().find("prefers-color-scheme:dark");
    REQUIRE(dark_from != std::string_view::npos);
    for (const auto scheme : {style_text().substr(0, dark_from), style_text().substr(dark_from)}) {
      const auto color = [&](std::string_view name) {
        const auto at = scheme.find(std::string("--").append(name).append(":#"));
        REQUIRE(at != std::string_view::npos);
        const auto from = at + name.size() + 4;
        return std::string(scheme.substr(from, scheme.find_first_of(";}", from) - from));
      };
      CHECK(contrast(color("text"), color("card")) >= 7);
      CHECK(contrast(color("soft"), color("card")) >= 4.5);
      CHECK(contrast(color("main"), color("card")) >= 4.5);  // links
      CHECK(contrast(color("on"), color("main")) >= 4.5);    // buttons
      CHECK(contrast(color("on"), color("deep")) >= 4.5);    // under the pointer
      CHECK(contrast(color("deep"), color("card")) >= 3);    // the focus ring
      CHECK(contrast(color("edge"), color("card")) >= 3);    // the edge of a field
      CHECK(contrast(color("bad"), color("back")) >= 3);     // the mark of a complaint
      CHECK(contrast(color("text"), color("back")) >= 7);
    }
  }
}
