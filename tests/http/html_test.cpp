#include "http/html.hpp"

#include <doctest/doctest.h>

using gatelet::http::html_escape;

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  html_escape(text, out);
  return out;
}

}  // namespace

TEST_SUITE("http/html") {
  TEST_CASE("MA-01: html_escape: nothing opens an element or leaves an attribute") {
    CHECK(escaped("<script>alert('x')</script>") ==
          "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
    CHECK(escaped("\" onload=\"x") == "&quot; onload=&quot;x");
    CHECK(escaped("a & b &lt;") == "a &amp; b &amp;lt;");
  }

  TEST_CASE("html_escape: other text stays as it is") {
    CHECK(escaped("") == "");
    CHECK(escaped("Ada L. = 100% \xc3\xa9 \xf0\x9f\x98\x80 `/\\") ==
          "Ada L. = 100% \xc3\xa9 \xf0\x9f\x98\x80 `/\\");
  }

  TEST_CASE("html_escape: control bytes are dropped, bytes that are not UTF-8 become U+FFFD") {
    CHECK(escaped(std::string_view("a\0b\r\n\tc\x1b\x7f"
                                   "d",
                                   10)) == "abcd");
    CHECK(escaped("a\xff<") == "a\xef\xbf\xbd&lt;");
    CHECK(escaped("\xc0\xbc") == "\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(escaped("\xe2\x82<") == "\xef\xbf\xbd\xef\xbf\xbd&lt;");
  }

  TEST_CASE("html_escape: appends") {
    std::string out = "<p>";
    html_escape("<", out);
    CHECK(out == "<p>&lt;");
  }
}
