#include "config/source_toml.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::config;

#ifdef GATELET_HAVE_TOML

namespace {

std::string texts(const Settings::Entry& entry) {
  std::string text = entry.is_list ? "[" : "";
  for (const auto& value : entry.values)
    text += std::string(value.reveal()) + (entry.is_list ? "|" : "");
  return text;
}

std::string refused(std::string_view text) {
  const auto read = read_toml(text);
  return read.ok() ? "accepted" : read.error().text;
}

}  // namespace

TEST_SUITE("config/source_toml") {
  TEST_CASE("read_toml: flat keys, in their order, with their lines") {
    const auto read = read_toml(
        "# comment\n"
        "provider = \"oidc\"\n"
        "cookie_secure = false\n"
        "cookie_csrf_per_request_limit = 5\n"
        "email_domains = [\"a.example\", \"b.example\"]\n"
        "allowed_groups = []\n"
        "client_secret = 'a\"b'\n");
    REQUIRE(read.ok());
    REQUIRE(read->size() == 6);
    CHECK(read->at(0).entry.key == "provider");
    CHECK(texts(read->at(0).entry) == "oidc");
    CHECK(read->at(0).line == 2);
    CHECK(read->at(0).entry.origin == Settings::Origin::file);
    CHECK(texts(read->at(1).entry) == "false");
    CHECK(texts(read->at(2).entry) == "5");
    CHECK(texts(read->at(3).entry) == "[a.example|b.example|");
    CHECK(texts(read->at(4).entry) == "[");
    CHECK(read->at(4).entry.is_list);
    CHECK(texts(read->at(5).entry) == "a\"b");
    CHECK(read->at(5).line == 7);
  }

  TEST_CASE("read_toml: providers stand in tables, in the order of the text") {
    const auto read = read_toml(
        "[providers.zeta]\nclient_id = \"z\"\n"
        "[providers.alpha]\nclient_id = \"a\"\n"
        "[providers]\nmid.client_id = \"m\"\n");
    REQUIRE(read.ok());
    REQUIRE(read->size() == 3);
    CHECK(read->at(0).entry.key == "providers.zeta.client_id");
    CHECK(read->at(1).entry.key == "providers.alpha.client_id");
    CHECK(read->at(2).entry.key == "providers.mid.client_id");
  }

  TEST_CASE(
      "read_toml: a text that is no TOML is refused by line and key, and nothing of it is shown") {
    CHECK(refused("provider = oidc\nclient_id = \"app\"\n") ==
          "line 1: provider: this is not TOML; write key = value, texts in double quotes, lists in "
          "[ ]");
    const auto said = refused("\n\nclient_secret = canary\n");
    CHECK(said.starts_with("line 3: client_secret: this is not TOML"));
    CHECK(said.find("canary") == std::string::npos);
    CHECK(refused("canary\n").starts_with("line 1: this is not TOML"));
    CHECK(refused("a = 1\na = 2\n").starts_with("line 2"));
    CHECK(refused("a = \"x").starts_with("line 1: a: "));
    CHECK(refused("\xff = 1").starts_with("line 1: "));
  }

  TEST_CASE("read_toml: what the parser cannot judge is refused all the same") {
    CHECK(refused("client\xd1\x8d_id = \"app\"").starts_with("line 1: this is not TOML"));
    CHECK(refused("[`a]\nb = 1").starts_with("line 1: this is not TOML"));
    CHECK(refused("a = 2b\"c\xcf\x97 \n= [\"").starts_with("line 1: "));
    CHECK(refused("a = 2b\"c\xcf\x97 \n[\"").starts_with("line 1: "));
    CHECK(refused("a = 'b'\n\xc3\xa4 = 1").starts_with("line 2: "));
    CHECK(refused("a = \"x\"\xc3\xa4").starts_with("line 1: "));
    CHECK(refused("a = \"\"\"\\\n  \xc3\xa4\"\"\"").starts_with("line 2: "));
  }

  TEST_CASE("read_toml: letters of all scripts stand in quotes and comments") {
    for (const std::string_view text :
         {"a = \"\xd1\x8d\" # \xd1\x8d", "a = '\xc3\xa4'", "a = \"\"\"\n\xc3\xa4\n\"\"\"\nb = 1",
          "a = '''\xc3\xa4''' # x",
          "\xef\xbb\xbf"
          "a = 1",
          "a = [\n 'b', # c\n '\xcf\x97']"}) {
      CAPTURE(text);
      CHECK(refused(std::string(text)) == "accepted");
    }
    const auto read = read_toml("a = \"\xc3\xa4 @ \\u00e4\"");
    REQUIRE(read.ok());
    CHECK(read.value()[0].entry.values[0].reveal() == "\xc3\xa4 @ \xc3\xa4");
  }

  TEST_CASE("read_toml: values that no option takes are refused") {
    CHECK(refused("x = 1.5") ==
          "line 1: \"x\": no option has such a value; write a text in quotes");
    CHECK(refused("x = 2026-11-24").starts_with("line 1: \"x\": no option"));
    CHECK(refused("x = [[\"a\"]]") == "line 1: \"x\": a list holds texts only, or tables only");
    CHECK(refused("x = [1.5]") == "line 1: \"x\": a list holds texts only, or tables only");
    CHECK(refused("x = [\"a\", {b = 1}]").starts_with("line 1: \"x\": a list holds texts only"));
    CHECK(refused("x = [{b = 1}, \"a\"]").starts_with("line 1: \"x\": a list holds texts only"));
    CHECK(refused("x = [{b = [1.5]}]").starts_with("line 1: \"x\": a list holds texts only"));
  }

  TEST_CASE("read_toml: a list of tables keeps each as JSON") {
    const auto read = read_toml(
        "[[x]]\nname = \"a\"\nkeep = true\n[[x.values]]\nnumbers = [1, 2]\n[x.values.in]\nb = "
        "'\"'\n[[x]]\n");
    REQUIRE(read.ok());
    REQUIRE(read->size() == 1);
    const auto& entry = read->at(0).entry;
    CHECK(entry.is_objects);
    REQUIRE(entry.values.size() == 2);
    CHECK(entry.values[0].reveal() ==
          R"({"keep":true,"name":"a","values":[{"in":{"b":"\""},"numbers":[1,2]}]})");
    CHECK(entry.values[1].reveal() == "{}");
  }

  TEST_CASE("read_toml: an option is no table") {
    CHECK(refused("[cookie_name]\nx = 1\n") ==
          "line 1: \"cookie_name\": no option is a table; write [[cookie_name]] for a list");
    CHECK(refused("[providers.a.client_id]\nx = 1\n").starts_with("line 1: "));
  }

  TEST_CASE(
      "read_toml: tables elsewhere are names for the caller to refuse; empty ones are refused "
      "here") {
    const auto read = read_toml("[routes]\nmatch = \"/\"\n[providers.a.b]\nc = 1\n");
    REQUIRE(read.ok());
    REQUIRE(read->size() == 2);
    CHECK(read->at(0).entry.key == "routes");
    CHECK(read->at(1).entry.key == "providers.a.b");
    CHECK(refused("[providers]\n").starts_with("line 1: \"providers\": an empty table"));
    CHECK(refused("[providers.a]\n").starts_with("line 1: \"providers.a\": an empty table"));
  }

  TEST_CASE("read_toml: an empty text has no entries; one above 1 MiB is refused") {
    CHECK(read_toml("").ok());
    CHECK(read_toml("")->empty());
    CHECK(refused(std::string(1024 * 1024 + 1, '#')) == "the file has more than 1 MiB");
  }

  TEST_CASE("read_toml: depth is bounded") {
    CHECK(refused("x = " + std::string(100000, '[')).starts_with("line 1"));
    std::string inner = "1";  // the deepest there can be, for those with little stack
    for (int i = 0; i < 14; ++i) inner = "{a.b.c.d.e.f.g.h = [" + inner + "]}";
    CHECK(refused("x = " + inner).starts_with("line 1"));
    std::string parts = "x";
    for (int i = 0; i < 500000; ++i) parts += ".x";
    for (const auto& text : {"\n" + parts + " = 1", "\n[" + parts + "]", "\n[[" + parts + "]]"}) {
      CHECK(refused(text) == "line 2: a key of more than eight parts; no option is called so");
    }
  }
}

#else

TEST_SUITE("config/source_toml") {
  TEST_CASE("read_toml: a build without TOML names the build option") {
    const auto read = read_toml("provider = \"oidc\"");
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().status == Status::not_built);
    CHECK(read.error().text.find("-Dtoml=enabled") != std::string::npos);
  }
}

#endif
