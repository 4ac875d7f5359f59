#include "config/source_yaml.hpp"

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "json/writer.hpp"

using namespace gatelet;
using namespace gatelet::config;

namespace {

std::string read(std::string_view text) {
  const auto tree = read_yaml(text);
  return tree.ok() ? json::to_text(*tree) : tree.error().text;
}

constexpr auto no_yaml =
    ": this is not YAML; write \"key: value\", and two blanks more for each level";

}  // namespace

TEST_SUITE("config/source_yaml") {
#ifdef GATELET_HAVE_YAML
  TEST_CASE("read_yaml: mappings and sequences; every scalar is the text that was written") {
    CHECK(read("a: x\nb:\n  - 1\n  - 1.50\n  - yes\n  - 0x1F\nc: {d: 'true', e: [f]}\n") ==
          R"({"a":"x","b":["1","1.50","yes","0x1F"],"c":{"d":"true","e":["f"]}})");
    CHECK(read("a: |-\n  ^x$\nb: >\n  c\n  d\n") == R"({"a":"^x$","b":"c d\n"})");
    CHECK(read("\"a\": \"\\u00e4\\n\"") == "{\"a\":\"\xc3\xa4\\n\"}");
    CHECK(read("a: !!str 5\nb: !!int 5\nc: ! x") == R"({"a":"5","b":"5","c":"x"})");
  }

  TEST_CASE("read_yaml: null without quotes only") {
    CHECK(read("a:\nb: ~\nc: null\nd: \"\"\ne: 'null'\nf: \"~\"\n") ==
          R"({"a":null,"b":null,"c":null,"d":"","e":"null","f":"~"})");
    CHECK(read("") == "null");
    CHECK(read("# nothing\n---\n") == "null");
  }

  TEST_CASE("read_yaml: anchors, aliases and merges are written out") {
    CHECK(read("a: &x [1, 2]\nb: *x\n") == R"({"a":["1","2"],"b":["1","2"]})");
    CHECK(read("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\n") ==
          R"({"a":{"k":"1","l":"2"},"b":{"l":"3","k":"1"}})");
    CHECK(read("a: &x {k: 1}\nb: &y {k: 2, m: 4}\nc:\n  <<: [*x, *y]\n") ==
          R"({"a":{"k":"1"},"b":{"k":"2","m":"4"},"c":{"k":"1","m":"4"}})");
    CHECK(read("\"<<\": x") == R"({"\u003c\u003c":"x"})");
    CHECK(read("a: &x canary\nb:\n  <<: *x\n") == "line 3: \"<<\" takes mappings only");
    CHECK(read("a: *x\n") == "line 1" + std::string(no_yaml));
  }

  TEST_CASE("read_yaml: a name stands once in a mapping") {
    CHECK(read("a: 1\nb: 2\na: canary\n") == "line 3: a name that stands in this mapping already");
    CHECK(read("{a: 1, \"a\": 2}") == "line 1: a name that stands in this mapping already");
    CHECK(read("a: 1\nA: 2\n") == R"({"a":"1","A":"2"})");
  }

  TEST_CASE("read_yaml: keys are texts") {
    for (const auto* text : {"[canary]: x", "{canary: 1}: x", "? [canary]\n: x", "~: x", ": x",
                             "a: &k canary\n*k : x"}) {
      CAPTURE(text);
      const auto said = read(text);
      CHECK(said.starts_with("line "));
      CHECK(said.find("canary") == std::string::npos);
    }
    CHECK(read("5: x\ntrue: y") == R"({"5":"x","true":"y"})");
  }

  TEST_CASE("read_yaml: tags that stand for something else are refused") {
    for (const auto* text :
         {"a: !!binary Y2FuYXJ5", "a: !canary x", "a: !!python/object:os.system {}", "a: !!set {x}",
          "%TAG ! tag:canary,2000:\n---\na: !x y", "a: !!timestamp 2001-01-01"}) {
      CAPTURE(text);
      CHECK(read(text).ends_with("a tag that is not read here; leave it out"));
    }
  }

  TEST_CASE("read_yaml: a second document is refused") {
    CHECK(read("---\na: 1\n---\nb: 2\n") == "line 3: a second document begins here");
    CHECK(read("---\na: 1\n...\n") == R"({"a":"1"})");
  }

  TEST_CASE("read_yaml: a text that is none is refused by its line, and nothing of it is shown") {
    for (const auto* text : {"a: [canary", "a: \"canary", "a: {canary: 1", "a:\n\t- canary",
                             "a: b: canary", "a: 'b' canary", "@canary"}) {
      CAPTURE(text);
      const auto said = read(text);
      CAPTURE(said);
      CHECK(said.ends_with(no_yaml));
      CHECK(said.find("canary") == std::string::npos);
    }
    CHECK(read("- a\nb: canary") == "line 2: a second document begins here");
    CHECK(read("a: 1\nb: [") == "line 2" + std::string(no_yaml));
  }

  TEST_CASE("read_yaml: bytes that are no text") {
    constexpr auto refused = "the text is no UTF-8, or has control characters";
    CHECK(read("a: \xff") == refused);
    CHECK(read("\xff\xfe"
               "a") == refused);
    CHECK(read(std::string_view("a: \0b", 5)) == refused);
    CHECK(read("a: \x1b[0m") == refused);
    CHECK(read("\xef\xbb\xbf"
               "a: b\r\n") == R"({"a":"b"})");
    CHECK(read(std::string(1024 * 1024 + 1, '#')) == "the text has more than 1 MiB");
  }

  TEST_CASE("read_yaml: depth is bounded, however it is written") {
    CHECK(read(std::string(16, '[') + std::string(16, ']')) ==
          std::string(16, '[') + std::string(16, ']'));
    CHECK(read(std::string(17, '[') + std::string(17, ']')) == "line 1: more than 16 levels");
    CHECK(read(std::string(100'000, '[')).starts_with("line 1: "));
    CHECK(read(std::string(100'000, '{')).starts_with("line 1: "));
    std::string dashes, keys;
    for (int i = 0; i < 50'000; ++i) dashes += "- ", keys += "? ";
    CHECK(read(dashes).starts_with("line 1: "));
    CHECK(read(keys).starts_with("line 1: "));
  }

  TEST_CASE("read_yaml: members are bounded") {
    std::string list = "[", map = "{";
    for (int i = 0; i < 1024; ++i) list += "x,", map += "k" + std::to_string(i) + ": x,";
    CHECK(read(list + "]").starts_with("[\"x\""));
    CHECK(read(map + "}").starts_with("{\"k0\""));
    CHECK(read(list + "x]") == "line 1: more than 1024 members");
    CHECK(read(map + "k: x}") == "line 1: more than 1024 members");
  }

  TEST_CASE("read_yaml: aliases that would fill the memory are refused at once") {
    std::string nodes = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n",
                texts = "b: &b " + std::string(500'000, 'x');
    for (int i = 1; i < 14; ++i) {
      const auto before = "*a" + std::to_string(i - 1);
      nodes += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
      for (int j = 1; j < 10; ++j) nodes += "," + before;
      nodes += "]\n";
    }
    texts += "\nc: [*b";
    for (int i = 0; i < 100; ++i) texts += ",*b";
    texts += "]\n";
    CHECK(read(nodes).ends_with("aliases make too much of this text"));
    CHECK(read(texts).ends_with("aliases make too much of this text"));
    CHECK(read("a: &x [*x]\n") == "line 1: an alias within what it stands for");
  }
#else
  TEST_CASE("read_yaml: a build without YAML says so") {
    CHECK(read_yaml("a: b").error().status == Status::not_built);
    CHECK(read("a: b").find("-Dyaml=enabled") != std::string::npos);
  }
#endif
}
