#include "http/html_place.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gatelet;
using namespace gatelet::http;

namespace {

struct Read {
  HtmlPlace place;
  std::string out;
  HtmlAssets assets;
  explicit Read(std::string_view text) {
    const auto done = place.read(text, out, assets);
    REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().text));
  }
};

// How a value right behind `text` is written.
Escape escape_after(std::string_view text, Trust trust = Trust::foreign) {
  auto taken = Read(text).place.take_value(trust);
  REQUIRE_MESSAGE(taken.ok(), text, ": ", (taken.ok() ? "" : taken.error().text));
  return *taken;
}

std::string refusal_after(std::string_view text, Trust trust = Trust::foreign) {
  auto taken = Read(text).place.take_value(trust);
  REQUIRE_MESSAGE(!taken.ok(), text);
  return taken.error().text;
}

bool join(std::string_view one, std::string_view other) {
  auto place = Read(one).place;
  return place.join(Read(other).place);
}

}  // namespace

TEST_SUITE("http/html_place") {
  TEST_CASE("take_value: in text, titles and quoted attributes a value is escaped") {
    for (const auto* text : {"",
                             "<p>",
                             "<p class=\"x\">a",
                             "</p>",
                             "a < b",
                             "<br/>",
                             "<!DOCTYPE html>",
                             "<title>a",
                             "<textarea>",
                             "<p title=\"",
                             "<p title='a",
                             "<input value = '",
                             "<p data-x=\"",
                             "<p aria-label=\"",
                             "<script></script>",
                             "<style>a</style >",
                             "<script></SCRIPT\n>",
                             "<p title=a>",
                             "<?xml?>",
                             "</3 x='>",
                             "<title></title>"}) {
      CAPTURE(text);
      CHECK(escape_after(text) == Escape::html);
    }
  }

  TEST_CASE("take_value: our own markup is written as it is in text, nowhere else") {
    CHECK(escape_after("<p>", Trust::markup) == Escape::plain);
    CHECK(escape_after("<title>", Trust::markup) == Escape::html);
    CHECK(escape_after("<p title=\"", Trust::markup) == Escape::html);
    CHECK(escape_after("<p>", Trust::path) == Escape::html);
  }

  TEST_CASE("MA-03: take_value: where no escaping is safe, no value is taken") {
    for (const auto* text :
         {"<script>", "<script>var x = '", "<style>", "<xmp>", "<iframe>",
          "<plaintext></plaintext>", "<script>x</scrip>", "<script>x</scripts>"}) {
      CAPTURE(text);
      CHECK(refusal_after(text).find("no escaping is safe") != std::string::npos);
    }
    for (const auto* text : {"<p onclick=\"", "<p ONCLICK='", "<p style=\"color:"}) {
      CAPTURE(text);
      CHECK(refusal_after(text).find("data-value") != std::string::npos);
    }
    for (const auto* text : {"<p title=", "<p title=a", "<a href="}) {
      CAPTURE(text);
      CHECK(refusal_after(text).find("without quotes") != std::string::npos);
    }
    for (const auto* text : {"<", "<p", "<p ", "<p title", "<p title ", "</p", "<!", "<!-",
                             "<!DOCTYPE ", "<? ", "</3 "}) {
      CAPTURE(text);
      CHECK(refusal_after(text).find("inside a tag") != std::string::npos);
    }
    for (const auto* text :
         {"<iframe srcdoc=\"", "<a target=\"", "<meta content=\"", "<img srcset=\"",
          "<form method=\"", "<animate to=\"", "<p nonce=\""}) {
      CAPTURE(text);
      CHECK(refusal_after(text).find("may not stand in the attribute") != std::string::npos);
    }
  }

  TEST_CASE("take_value: a URL, its path, its query") {
    CHECK(escape_after("<a href=\"") == Escape::url);
    CHECK(escape_after("<form action='") == Escape::url);
    CHECK(escape_after("<img src=\"") == Escape::url);
    CHECK(escape_after("<a href=\"/x/") == Escape::url_path);
    CHECK(escape_after("<a href=\"https://example.com/") == Escape::url_path);
    CHECK(escape_after("<a href=\"mailto:") == Escape::url_path);
    CHECK(escape_after("<a href=\"/x?rd=") == Escape::url_query);
    CHECK(escape_after("<a href=\"#") == Escape::url_query);
    CHECK(escape_after("<a href=\"/") == Escape::url_query);  // "//host" would be another host
  }

  TEST_CASE("take_value: scheme and host of a URL are not put together from values") {
    for (const auto* text : {"<a href=\"java", "<a href=\"javascript:", "<a href=\" JavaScript:",
                             "<a href=\"data:", "<a href=\"x:y/"}) {
      CAPTURE(text);
      CHECK(refusal_after(text).find("beginning of a URL") != std::string::npos);
    }
    for (const auto* text : {"<a href=\"https:", "<a href=\"https:/", "<a href=\"https://",
                             "<a href=\"https://a.example", "<a href=\"//", "<a href=\"//a"}) {
      CAPTURE(text);
      CHECK(refusal_after(text).find("host") != std::string::npos);
    }
    Read begun("<a href=\"");
    REQUIRE(begun.place.take_value(Trust::foreign).ok());
    CHECK_FALSE(begun.place.read(":alert(1)", begun.out, begun.assets).ok());
    Read whole("<a href=\"");
    REQUIRE(whole.place.take_value(Trust::foreign).ok());
    CHECK(whole.place.read("/x:y?a:b", whole.out, whole.assets).ok());
  }

  TEST_CASE("take_value: what a page loads is decided by the configuration only") {
    for (const auto* element : {"script src", "link href", "iframe src", "base href"}) {
      const auto text = "<" + std::string(element) + "=\"";
      CAPTURE(text);
      CHECK(refusal_after(text).find("loads") != std::string::npos);
      CHECK(escape_after(text, Trust::path) == Escape::url);
      CHECK(escape_after(text + "/x.js?v=") == Escape::url_query);
    }
  }

  TEST_CASE("read: comments are left out, whatever stands in them") {
    CHECK(Read("a<!-- <b> -- > -->c").out == "ac");
    CHECK(Read("a<!-->b<!--->c<!--x--!>d").out == "abcd");
    CHECK(Read("a<!-b>c<!>d<!->e").out == "a<!-b>c<!>d<!->e");
    CHECK(escape_after("a<!-- ") == Escape::nothing);
    CHECK(Read("<title><!-- x --></title>").out == "<title><!-- x --></title>");
  }

  TEST_CASE("read: everything else is written as it stands") {
    const std::string page =
        "<!DOCTYPE html><html lang=en><title>a<b</title><p class='x' title=\"<>\">1 < 2 & 3<<p>"
        "<input disabled><br/></p><script>if (a<b) x();</script>";
    CHECK(Read(page).out == page);
  }

  TEST_CASE("read: what the policy has to allow is gathered") {
    const Read read(
        "<style>a{}</style><style>a{}</style><script>x()</script><script "
        "src=\"https://a.example/x\">"
        "</script><script src='/y.js'></script><script src=//b.example:8443></script>"
        "<p onclick=\"x()\" style='color:red' onfocus='a&amp;b'>");
    CHECK(read.assets.styles == std::vector<std::string>{"a{}"});
    CHECK(read.assets.scripts == std::vector<std::string>{"x()"});
    CHECK(read.assets.script_sources ==
          std::vector<std::string>{"https://a.example", "'self'", "https://b.example:8443"});
    CHECK(read.assets.event_attributes == std::vector<std::string>{"x()"});
    CHECK(read.assets.style_attributes == std::vector<std::string>{"color:red"});
    CHECK_FALSE(read.assets.has_links);
    CHECK(Read("<link rel=stylesheet href=/a.css>").assets.has_links);
    CHECK(Read("<script src=\"https://a;b/x\"></script>").assets.script_sources ==
          std::vector<std::string>{"'self'"});  // nothing that could end a directive
  }

  TEST_CASE("read: a script with <!-- is refused") {
    HtmlPlace place;
    std::string out;
    HtmlAssets assets;
    CHECK_FALSE(place.read("<script><!-- x", out, assets).ok());
  }

  TEST_CASE("join: branches that end at one place") {
    CHECK(join("<p>a", "<b>b"));
    CHECK(join("<input ", "<input checked"));
    CHECK(join("<input class=\"x\"", "<input "));
    CHECK(join("<p class=\"a", "<p class=\"ab"));
    CHECK_FALSE(join("<p>", "<p"));
    CHECK_FALSE(join("<p>", "<script>"));
    CHECK_FALSE(join("<p class=\"", "<p class='"));
    CHECK_FALSE(join("<p class=\"", "<p title=\""));
    CHECK_FALSE(join("a<!--", "a"));
    CHECK_FALSE(join("<p a", "<q a"));
  }

  TEST_CASE("join: what only one branch says decides no value's escaping") {
    auto named = Read("<a href").place;
    REQUIRE(named.join(Read("<a title").place));
    std::string out;
    HtmlAssets assets;
    REQUIRE(named.read("=\"", out, assets).ok());
    CHECK_FALSE(named.take_value(Trust::foreign).ok());
    REQUIRE(named.read("\" title=\"", out, assets).ok());
    CHECK(named.take_value(Trust::foreign).ok());

    auto url = Read("<a href=\"/x?").place;
    REQUIRE(url.join(Read("<a href=\"").place));
    CHECK_FALSE(url.take_value(Trust::foreign).ok());

    auto begun = Read("<a href=\"").place;
    REQUIRE(begun.take_value(Trust::foreign).ok());
    auto constant = Read("<a href=\"/").place;
    REQUIRE(constant.join(begun));
    CHECK_FALSE(constant.read(":", out, assets).ok());
  }

  TEST_CASE("may_vary: not where a hash stands for the text") {
    for (const auto* text : {"<script>", "<style>a", "<p onclick=\"", "<p style='"}) {
      CHECK_FALSE(Read(text).place.may_vary());
    }
    for (const auto* text : {"", "<p", "<p ", "<p title=\"", "<title>", "<!-- "}) {
      CHECK(Read(text).place.may_vary());
    }
  }

  TEST_CASE("describe, is_text: where a template must not end") {
    CHECK(Read("<p>").place.is_text());
    CHECK_FALSE(Read("<p").place.is_text());
    CHECK(Read("<script>").place.describe() == "inside <script>");
    CHECK(Read("<p title=\"a").place.describe() == "inside the attribute title");
    CHECK(Read("<!-- ").place.describe() == "inside a comment");
    CHECK(Read("<p ").place.describe() == "inside a tag");
  }
}
