#include "policy/page_frame.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/base64.hpp"
#include "crypto/hash.hpp"
#include "policy/page_script.hpp"
#include "policy/page_style.hpp"
#include "support/field_list.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using namespace gatelet::policy;
using support::value_of;

namespace {

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string hash_source(std::string_view text) {
  return "'sha256-" + base64::encode(*crypto::hash(crypto::Digest::sha256, text)) + "'";
}

Page example() {
  Page page;
  page.reason = Reason::no_session;
  page.title = "Title";
  page.content = "<p>Content</p>";
  return page;
}

}  // namespace

TEST_SUITE("policy/page_frame") {
  TEST_CASE("style and script: the policy's hashes are those of the texts") {
    CHECK(page_style_source == hash_source(page_style));
    CHECK(fragment_script_source == hash_source(fragment_script));
    CHECK_FALSE(holds(fragment_script, "</"));
    CHECK_FALSE(holds(fragment_script, "<!--"));
    CHECK_FALSE(holds(page_style, "</"));
  }

  TEST_CASE("finish_page: the policy allows what the page has and nothing else") {
    auto page = example();
    const auto csp = [&] {
      return value_of(finish_page({}, {}, page).response(), "Content-Security-Policy");
    };
    const auto plain = "default-src 'none'; style-src " + std::string(page_style_source) +
                       "; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    CHECK(csp() == plain);
    page.keeps_fragment = true;
    CHECK(holds(csp(), "; script-src " + std::string(fragment_script_source) + ";"));
    page.logo = "<img>";
    CHECK(holds(csp(), "; img-src data:;"));
    page.form_action = anywhere({});
    CHECK(holds(csp(), "; form-action 'self' https:;"));
    Policy plain_http;
    plain_http.cookie_secure = false;
    CHECK(anywhere(plain_http) == "'self' https: http:");
  }

  TEST_CASE("F-133: the script stands where a sign-in starts, and nowhere else") {
    auto page = example();
    CHECK_FALSE(holds(finish_page({}, {}, page).body(), "<script"));
    page.keeps_fragment = true;
    CHECK(holds(finish_page({}, {}, page).body(),
                "</main><script>" + std::string(fragment_script) + "</script></body>"));
  }

  TEST_CASE("finish_page: request id and time, for whoever is asked for help") {
    const auto page = example();
    PageFacts about;
    about.request_id = "4f<1d";
    CHECK(holds(finish_page({}, about, page).body(), "Request id <code>4f&lt;1d</code></p>"));
    about.arrived = at_unix(1772323199);
    const std::string told =
        "<br>Time <time datetime=\"2026-02-28T23:59:59Z\">2026-02-28 23:59:59 UTC</time></p>";
    CHECK(holds(finish_page({}, about, page).body(), told));
    const auto request = support::request_to("/");
    auto facts = request.facts();
    facts.arrived = at_unix(1772323199);
    PageFacts of_request;
    of_request.facts = &facts;
    of_request.request_id = "1";
    CHECK(holds(finish_page({}, of_request, page).body(), told));
    CHECK_FALSE(holds(finish_page({}, {}, page).body(), "Request id"));
  }

  TEST_CASE("finish_page, finish_json: what is for logs goes there, not into the answer") {
    auto page = example();
    page.detail = "canary";
    const auto html = finish_page({}, {}, page);
    CHECK(html.detail() == "canary");
    CHECK_FALSE(holds(html.body(), "canary"));
    const auto json = finish_json({}, {}, 400, Reason::bad_request, "said", {}, "canary");
    CHECK(json.detail() == "canary");
    CHECK(json.body() == "{\"error\":\"bad-request\",\"message\":\"said\"}");
  }

  TEST_CASE("finish_text: plain text, not cached") {
    const auto text = finish_text(Reason::ping, "OK");
    CHECK(text.http_status() == 200);
    CHECK(text.body() == "OK");
    CHECK(value_of(text.response(), "Cache-Control") == "no-store");
  }

  TEST_CASE("MA-01: pieces of content are escaped and cut between characters") {
    CHECK(paragraph("a<b>") == "<p>a&lt;b&gt;</p>");
    CHECK(error_paragraph("<x") == "<p class=\"error\"><code>&lt;x</code></p>");
    CHECK(link_button("/x?a=\"", "<") ==
          "<p><a class=\"button\" href=\"/x?a=&quot;\">&lt;</a></p>");
    std::string euros;
    for (int i = 0; i < 200; ++i) euros += "\xe2\x82\xac";
    CHECK(capped(euros).size() == 303);
    CHECK(capped(euros).ends_with("\xe2\x82\xac\xe2\x80\xa6"));
    CHECK(capped(std::string(300, 'a')) == std::string(300, 'a'));
    CHECK(is_shown("a"));
    CHECK_FALSE(is_shown(""));
    CHECK_FALSE(is_shown("-"));
  }

  TEST_CASE("is_link: a path of this host or a web page") {
    for (const auto* url : {"/", "/a?b#c", "https://a.example/", "http://a.example"}) {
      CHECK(is_link(url));
    }
    for (const auto* url :
         {"", "//a", "/\\a", "javascript:x", "data:x", "a", " /", "/a b", "/\x7f"}) {
      CHECK_FALSE(is_link(url));
    }
    CHECK_FALSE(is_link("/" + std::string(2048, 'a')));
  }
}
