#include "config/toml_text.hpp"

#include <doctest/doctest.h>

using namespace gatelet::config;

TEST_SUITE("config/toml_text") {
  TEST_CASE("ascii_shape: every byte outside ASCII becomes @, all others stay") {
    CHECK(ascii_shape("") == "");
    CHECK(ascii_shape("a = \"b\"\r\n\t\x7f") == "a = \"b\"\r\n\t\x7f");
    CHECK(ascii_shape("\xc3\xa4 = '\x80\xff'") == "@@ = '@@'");
  }

  TEST_CASE("line_of_continuation: none where something else stands between") {
    for (const std::string_view text :
         {"", "a = 1", "a = \"\xc3\xa4\"", "a = \"x\\\"\xc3\xa4\"", "a = 'x\\' # \xc3\xa4",
          "a = \"\"\"\\\n  x\xc3\xa4\"\"\"", "\\", "\\\n"}) {
      CAPTURE(text);
      CHECK(line_of_continuation(text) == 0);
    }
  }

  TEST_CASE("line_of_continuation: found with its line") {
    CHECK(line_of_continuation("a = \"\\\xc3\xa4\"") == 1);
    CHECK(line_of_continuation("a = \"\"\"\\\n  \xc3\xa4\"\"\"") == 2);
    CHECK(line_of_continuation("\n\"\"\"\\ \t\r\n\n\v\f\xc3\xa4\"\"\"") == 4);
  }
}
