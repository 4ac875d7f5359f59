#include "config/toml_text.hpp"

#include <doctest/doctest.h>

using namespace gatelet::config;

TEST_SUITE("config/toml_text") {
  TEST_CASE("line_of_stray_byte: letters of all scripts may stand in quotes and comments") {
    for (const std::string_view text :
         {"", "a = 1", "# \xc3\xa4\na = 1", "a = \"\xc3\xa4\"", "a = '\xc3\xa4'",
          "a = \"\"\"\n\xc3\xa4\n\"\"\"\nb = 1", "a = '''\xc3\xa4\n'''",
          "\xef\xbb\xbf"
          "a = 1",
          "a = \"x\\\"\xc3\xa4\"", "a = 'x\\' # \xc3\xa4", "a = \"\"\"x\"\"\"\"\" # \xc3\xa4",
          "a = \"\"\"x\"\"\xc3\xa4\"\"\"", "a = \"\" # \xc3\xa4",
          "a = \"\"\"\\\n  x\xc3\xa4\"\"\""}) {
      CAPTURE(text);
      CHECK(line_of_stray_byte(text) == 0);
    }
  }

  TEST_CASE("line_of_stray_byte: elsewhere they are found, with their line") {
    CHECK(line_of_stray_byte("\xc3\xa4 = 1") == 1);
    CHECK(line_of_stray_byte("a = 1\nb = \xc3\xa4\n") == 2);
    CHECK(line_of_stray_byte("a = \"x\"\xc3\xa4") == 1);
    CHECK(line_of_stray_byte("a = 'x\\'\xc3\xa4'") == 1);
    CHECK(line_of_stray_byte("a = \"\"\"\n\n\"\"\"\xc3\xa4") == 3);
    CHECK(line_of_stray_byte("# c\n\xc3\xa4") == 2);
    CHECK(line_of_stray_byte("a = \"\"\"x\"\"\"\"\"\xc3\xa4") == 1);
    CHECK(line_of_stray_byte("a = 1 \xef\xbb\xbf") == 1);
  }

  TEST_CASE("line_of_stray_byte: quotes where neither key nor value begins open nothing") {
    CHECK(line_of_stray_byte("a = 2b\"c\xcf\x97 \n= [\"") == 1);  // undefined in toml++ 3.3
    CHECK(line_of_stray_byte("a = 2 \"\xcf\x97\"") == 1);
    CHECK(line_of_stray_byte("a = 2.'\xcf\x97'") == 1);
    CHECK(line_of_stray_byte("a = 'b' \"\xcf\x97\"") == 1);
    CHECK(line_of_stray_byte("a = [\n  'b', # c\n  '\xcf\x97',\n \"\xcf\x97\"]") == 0);
    CHECK(line_of_stray_byte("a = { 'b' = '\xcf\x97', \"\xcf\x97\" = 1 }") == 0);
    CHECK(line_of_stray_byte("[\"\xcf\x97\"]\n'\xcf\x97' =\t\"\xcf\x97\"") == 0);
  }

  TEST_CASE("line_of_stray_byte: a backslash in quotes is followed by ASCII") {
    CHECK(line_of_stray_byte("a = \"\\\xc3\xa4\"") == 1);
    CHECK(line_of_stray_byte("a = \"\"\"\\\n  \xc3\xa4\"\"\"") == 2);
    CHECK(line_of_stray_byte("a = '\\\xc3\xa4'") == 0);
  }

  TEST_CASE("line_of_stray_byte: texts that end early are read within their bounds") {
    for (const std::string_view text :
         {"\"", "'", "\"\"\"", "'''", "\"\\", "\"\"\"\\\n", "#", "\"\"\"\"\"\""}) {
      CHECK(line_of_stray_byte(text) == 0);
    }
  }
}
