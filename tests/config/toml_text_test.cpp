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

  TEST_CASE("line_of_deep_key: eight parts are taken, nine are not; dots in texts do not count") {
    for (const auto* text :
         {"a.b.c.d.e.f.g.h = 1", "[a.b.c.d.e.f.g.h]\na.b.c.d.e.f.g.h = 1.5", "a = '.........'",
          "a = \".........\"", "a = \"\\\".........\"", "a = \"\"\"\n.........\n\"\"\"",
          "a = '''\n.........\n'''", "# .........\na.b = 1",
          "a = [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]", "'.........' = 1"}) {
      CAPTURE(text);
      CHECK(line_of_deep_key(text) == 0);
    }
    CHECK(line_of_deep_key("a.b.c.d.e.f.g.h.i = 1") == 1);
    CHECK(line_of_deep_key("\n[a.b.c.d.e.f.g.h.i]") == 2);
    CHECK(line_of_deep_key("a = \"\"\"\n\n\"\"\"\na.b.c.d.e.f.g.h.i = 1") == 4);
    CHECK(line_of_deep_key("a = 1\nb = {a.b.c.d.e.f.g.h.i = 1}") == 2);
    CHECK(line_of_deep_key("a = 'x'\n'a'.'b'.\"c\".d . e.f.g.h.i = 1") == 2);
    CHECK(line_of_deep_key("a = 'not ended\na.b.c.d.e.f.g.h.i = 1") == 2);
  }
}
