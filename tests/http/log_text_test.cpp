#include "http/log_text.hpp"

#include <doctest/doctest.h>

#include <string>

using gatelet::http::log_escape;
using gatelet::http::log_quoted;

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  log_escape(text, out);
  return out;
}

}  // namespace

TEST_SUITE("http/log_text") {
  TEST_CASE("EN-22: log_escape: no line end, terminal sequence or quote of a value survives") {
    CHECK(escaped("a\r\nb") == "a\\r\\nb");
    CHECK(escaped(std::string_view("\0\x1b[2J\x7f\t", 7)) == "\\x00\\x1b[2J\\x7f\\t");
    CHECK(escaped("\" [AuthSuccess] \\") == "\\\" [AuthSuccess] \\\\");
    CHECK(escaped("\xc2\x85|\xe2\x80\xa8|\xe2\x80\xa9|\xe2\x80\xae|\xef\xbb\xbf") ==
          "\\u0085|\\u2028|\\u2029|\\u202e|\\ufeff");
  }

  TEST_CASE("log_escape: bytes that are not UTF-8 are written as such") {
    CHECK(escaped("a\xff\xc0\xae") == "a\\xff\\xc0\\xae");
    CHECK(escaped("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  }

  TEST_CASE("log_escape: other text stays as it is, and is appended") {
    CHECK(escaped("Ada \xc3\xa9 \xf0\x9f\x98\x80 100% ' <b>") ==
          "Ada \xc3\xa9 \xf0\x9f\x98\x80 100% ' <b>");
    std::string out = "x ";
    log_escape("y", out);
    CHECK(out == "x y");
  }

  TEST_CASE("log_escape_controls: line ends go, quotes stay") {
    std::string out;
    gatelet::http::log_escape_controls("issuer is \"a\\b\"\n\x1b", out);
    CHECK(out == "issuer is \"a\\b\"\\n\\x1b");
  }

  TEST_CASE("log_quoted: between double quotes, as Go's %q writes it") {
    CHECK(log_quoted("") == "\"\"");
    CHECK(log_quoted("Mozilla/5.0 (X11)") == "\"Mozilla/5.0 (X11)\"");
    CHECK(log_quoted("a\"b\nc") == "\"a\\\"b\\nc\"");
  }
}
