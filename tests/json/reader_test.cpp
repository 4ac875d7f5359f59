#include "json/reader.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "json/writer.hpp"

using namespace gatelet;
using namespace gatelet::json;
using namespace std::string_view_literals;

namespace {

std::string error_of(std::string_view text, const Limits& limits = {}) {
  const auto value = parse(text, limits);
  if (value.ok()) return "accepted";
  CHECK(value.error().status == Status::malformed);
  return value.error().text;
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

// {"0":0,"1":0, ...}
std::string object_of(std::size_t num_members) {
  std::string out = "{";
  for (std::size_t i = 0; i < num_members; ++i) {
    if (i > 0) out += ',';
    out += '"' + std::to_string(i) + "\":0";
  }
  return out + "}";
}

std::string array_of(std::size_t num_elements) {
  return num_elements == 0 ? "[]" : "[0" + repeated(",0", num_elements - 1) + "]";
}

}  // namespace

TEST_SUITE("json/reader") {
  TEST_CASE("parse: accepts what RFC 8259 allows, and writing it again says what was read") {
    // Text, and what the writer makes of the outcome. Shapes of JSONTestSuite's y_ files and ours.
    const std::pair<std::string_view, std::string_view> accepted[] = {
        {"null", "null"},
        {"true", "true"},
        {"false", "false"},
        {"0", "0"},
        {"-0", "-0"},
        {"-1", "-1"},
        {"123", "123"},
        {"1.5", "1.5"},
        {"-0.001", "-0.001"},
        {"1e5", "1e5"},
        {"1E5", "1E5"},
        {"1e+5", "1e+5"},
        {"1.25E-07", "1.25E-07"},
        {"20e1", "20e1"},
        {"0e1", "0e1"},
        {"123.456e78", "123.456e78"},
        {"1e-400", "1e-400"},
        {"1e308", "1e308"},
        {"9223372036854775808", "9223372036854775808"},
        {"-9223372036854775809", "-9223372036854775809"},
        {"18446744073709551616", "18446744073709551616"},
        {"1.000000000000000000000000000000000000001", "1.000000000000000000000000000000000000001"},
        {"\"\"", "\"\""},
        {"\"a\"", "\"a\""},
        {"[]", "[]"},
        {"[ ]", "[]"},
        {"{}", "{}"},
        {" \t\r\n[ 1 , 2 ] \t\r\n", "[1,2]"},
        {"[[]]", "[[]]"},
        {"[[],{},[[]]]", "[[],{},[[]]]"},
        {"[null,true,false,0,\"\",{}]", "[null,true,false,0,\"\",{}]"},
        {"{\"a\":1}", "{\"a\":1}"},
        {"{ \"a\" : 1 , \"b\" : [ ] }", "{\"a\":1,\"b\":[]}"},
        {"{\"\":0}", "{\"\":0}"},
        {"{\"a\":{\"a\":{\"a\":0}}}", "{\"a\":{\"a\":{\"a\":0}}}"},
        {"{\"b\":1,\"a\":2,\"c\":3}", "{\"b\":1,\"a\":2,\"c\":3}"},
        {"{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"},
        {"{\"a\":1,\"a\\u0000\":2}", "{\"a\":1,\"a\\u0000\":2}"},
        {R"("\"\\\/\b\f\n\r\t")", R"("\"\\/\b\f\n\r\t")"},
        {R"("\u0041\u00e9\u20ac")", "\"A\xc3\xa9\xe2\x82\xac\""},
        {R"("\uD83D\uDE00")", "\"\xf0\x9f\x98\x80\""},
        {R"("\ud800\udc00")", "\"\xf0\x90\x80\x80\""},
        {R"("\uDBFF\uDFFF")", "\"\xf4\x8f\xbf\xbf\""},
        {R"("\u0000")", R"("\u0000")"},
        {R"("\u001f\u007f")", R"("\u001f\u007f")"},
        {R"("\uFFFF")", "\"\xef\xbf\xbf\""},
        {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\"\x7f\"", "\"\\u007f\""},
        {R"("\u2028\u2029")", R"("\u2028\u2029")"},
        {"\"/*x*/ //y\"", "\"/*x*/ //y\""},
        {"\"\xef\xbb\xbf\"", "\"\xef\xbb\xbf\""},
    };
    for (const auto& row : accepted) {
      CAPTURE(row.first);
      const auto value = parse(row.first);
      REQUIRE(value.ok());
      CHECK(to_text(*value) == row.second);
    }
  }

  TEST_CASE("J-11: parse: refuses what RFC 8259 does not allow") {
    // Shapes of JSONTestSuite's n_ files and ours.
    const std::string_view refused[] = {
        "",
        " ",
        "\n",
        "[",
        "]",
        "{",
        "}",
        "[1",
        "[1,",
        "[,1]",
        "[1,]",
        "[,]",
        "[1,,2]",
        "[1 2]",
        "[1}",
        "{]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\" 1}",
        "{\"a\"::1}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{null:1}",
        "{[]:1}",
        "[a]",
        "['a']",
        "'a'",
        "\"",
        "\"a",
        "\"a\\\"",
        "\"\\",
        "\"\\u",
        "\"\\u00",
        "\"\\u00g0\"",
        "\"\\x41\"",
        "\"\\a\"",
        "\"\\'\"",
        "\"\\U0041\"",
        "\"\\0\"",
        "\"\t\"",
        "\"\n\"",
        "\"\r\"",
        "\"\x1f\"",
        "nul",
        "nulll",
        "Null",
        "NULL",
        "TRUE",
        "True",
        "tru",
        "truee",
        "fals",
        "undefined",
        "NaN",
        "-NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "inf",
        "+Infinity",
        "01",
        "-01",
        "00",
        "-",
        "--1",
        "+1",
        "++1",
        "1.",
        "-1.",
        ".5",
        "-.5",
        "1.e5",
        "1e",
        "1E",
        "1e+",
        "1e-",
        "1e1.5",
        "1.5.5",
        "1ee5",
        "0x10",
        "0x",
        "1_0",
        "1,0",
        "1 0",
        "1a",
        "0 1",
        "1e400",
        "-1e400",
        "1e309",
        "1e99999999999",
        "/**/1",
        "1/**/",
        "//\n1",
        "1//",
        "#1",
        "[1]]",
        "[1][2]",
        "{}{}",
        "{} x",
        "\"a\" \"b\"",
        "null null",
        "[1]\x0b",
        "\x0c[]",
        "\xc2\xa0[]",
        "[\xe2\x80\xa8]",
        "<html>",
        "a",
        "@",
        "\\",
        ":",
        ",",
        "*",
        "[*]",
        "{\"a\":b}",
        "[\"a\",\n4\n,1,",
        "[1,\n1\n,1",
        "{\"a\":\"b\"}#",
        "{\"a\":\"b\"}//",
        "[\"\": 1]",
        "[\"x\", truth]",
        "[\"x\"",
        "{\"x\", null}",
        "{\"x\":: \"b\"}",
        "(1)",
        "[-foo]",
    };
    for (const auto text : refused) {
      CAPTURE(text);
      CHECK(error_of(text) != "accepted");
    }
  }

  TEST_CASE("J-11: parse: a byte order mark is refused, in UTF-8, UTF-16 and UTF-32") {
    CHECK(error_of("\xef\xbb\xbf{}") == "JSON: byte order mark at byte 0");
    CHECK(error_of("\xef\xbb\xbf") != "accepted");
    CHECK(error_of("\xff\xfe{\0}\0"sv) != "accepted");
    CHECK(error_of("\xfe\xff\0{\0}"sv) != "accepted");
    CHECK(error_of("{\0}\0"sv) != "accepted");
  }

  TEST_CASE("J-11: parse: a NUL is refused wherever it stands, behind the value too") {
    for (const auto text : {"\0"sv, "1\0"sv, "{}\0x"sv, "{}\0"sv, "\"a\0b\""sv, "[1,\0]"sv}) {
      CHECK(error_of(text).starts_with("JSON: NUL at byte "));
    }
    CHECK(error_of("{} ") == "accepted");
  }

  TEST_CASE("J-11: parse: text that is not UTF-8 is refused, in values and in names") {
    for (const std::string bad :
         {"\xff", "\x80", "\xc3", "\xc0\xaf", "\xc1\x81", "\xe0\x80\xaf", "\xed\xa0\x80",
          "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe2\x82", "a\xe9z"}) {
      CHECK(error_of("\"" + bad + "\"") != "accepted");
      CHECK(error_of("{\"" + bad + "\":1}") != "accepted");
      CHECK(error_of(bad) != "accepted");
    }
  }

  TEST_CASE("J-11: parse: a surrogate without its partner is refused, in values and in names") {
    for (const std::string bad : {R"(\ud800)", R"(\udbff)", R"(\udc00)", R"(\udfff)", R"(\ud800a)",
                                  R"(\ud800\n)", R"(\ud800\ud800)", R"(\ud800\u0041)",
                                  R"(\udc00\ud800)", R"(a\udc00b)", R"(\ud83d\ude00\ude00)"}) {
      CAPTURE(bad);
      CHECK(error_of("\"" + bad + "\"").find("surrogate") != std::string::npos);
      CHECK(error_of("{\"" + bad + "\":1}").find("surrogate") != std::string::npos);
    }
  }

  TEST_CASE(
      "LB-12: parse: a member name stands once in its object, also when it is spelt with escapes") {
    for (const auto* text :
         {R"({"sub":"a","sub":"b"})", R"({"sub":"a","\u0073ub":"b"})", R"({"\u0073ub":1,"sub":1})",
          R"({"a":1,"b":2,"a":1})", R"({"":1,"":2})", R"({"x":{"a":1,"a":2}})",
          R"([{"a":1,"a":2}])", R"({"a/b":1,"a\/b":1})",
          R"({"\uD83D\uDE00":1,")"
          "\xf0\x9f\x98\x80"
          R"(":1})",
          R"({"a\u0000":1,"a\u0000":2})"}) {
      CAPTURE(text);
      CHECK(error_of(text).starts_with("JSON: duplicate member at byte "));
    }
    CHECK(error_of(R"([{"a":1},{"a":1}])") == "accepted");
    CHECK(error_of(R"({"a":{"a":1},"b":{"a":1}})") == "accepted");
    CHECK(error_of(R"({"sub":"a","sub":"b"})") == "JSON: duplicate member at byte 16");
  }

  TEST_CASE("J-11: parse: 16 levels are read, 17 are not, 10,000 are not") {
    const auto nested = [](std::size_t depth) {
      return repeated("[", depth) + repeated("]", depth);
    };
    CHECK(error_of(nested(16)) == "accepted");
    CHECK(error_of(nested(17)) == "JSON: too many levels at byte 16");
    CHECK(error_of(nested(10'000)) == "JSON: too many levels at byte 16");
    CHECK(error_of(repeated("[", 500'000)) == "JSON: too many levels at byte 16");
    CHECK(error_of(repeated("{\"a\":", 16) + "1" + repeated("}", 16)) == "accepted");
    CHECK(error_of(repeated("{\"a\":", 17) + "1" + repeated("}", 17))
              .starts_with("JSON: too many levels"));
  }

  TEST_CASE("J-11: parse: 1,024 members or elements are read, 1,025 are not") {
    CHECK(error_of(object_of(1024)) == "accepted");
    CHECK(error_of(object_of(1025)).starts_with("JSON: too many members at byte "));
    CHECK(error_of(object_of(100'000)).starts_with("JSON: too many members at byte "));
    CHECK(error_of(array_of(1024)) == "accepted");
    CHECK(error_of(array_of(1025)).starts_with("JSON: too many elements at byte "));
    // Elements that are arrays and objects count as well.
    CHECK(error_of("[[]" + repeated(",[]", 1024) + "]").starts_with("JSON: too many elements"));
    CHECK(error_of("[{}" + repeated(",{}", 1023) + "]") == "accepted");
  }

  TEST_CASE("parse: the caller's limits hold") {
    const Limits small{.max_size = 10, .max_depth = 2, .max_members = 3};
    CHECK(error_of("[1,2,3]", small) == "accepted");
    CHECK(error_of("[1,2,3,4]", small) == "JSON: too many elements at byte 7");
    CHECK(error_of("[[]]", small) == "accepted");
    CHECK(error_of("[[[]]]", small) == "JSON: too many levels at byte 2");
    CHECK(error_of("\"12345678\"", small) == "accepted");
    CHECK(error_of("\"123456789\"", small) == "JSON: longer than allowed: ends at byte 11");
    CHECK(error_of("[]", {.max_depth = 0}) == "JSON: too many levels at byte 0");
    CHECK(error_of("1", {.max_depth = 0}) == "accepted");
  }

  TEST_CASE("parse: 1 MiB is read, a byte more is not") {
    const std::string filler(1024 * 1024 - 2, 'x');
    CHECK(error_of("\"" + filler + "\"") == "accepted");
    CHECK(error_of("\"" + filler + "\" ").starts_with("JSON: longer than allowed"));
  }

  TEST_CASE("parse: a number keeps its text up to 128 characters") {
    CHECK(error_of(std::string(128, '1')) == "accepted");
    CHECK(error_of(std::string(129, '1')).starts_with("JSON: number of more than 128 characters"));
    CHECK(error_of("0." + std::string(126, '1')) == "accepted");
    CHECK(error_of("0." + std::string(127, '1')) != "accepted");
    CHECK(error_of("1e" + std::string(127, '0')) != "accepted");
    CHECK(error_of("1e-" + std::string(200, '9')) != "accepted");
    CHECK(error_of(std::string(100'000, '9')) != "accepted");
  }

  TEST_CASE("parse: an error says what and where, and nothing of the content") {
    CHECK(error_of("{\"canary\":}") == "JSON: no JSON value at byte 10");
    CHECK(error_of("{\"canary\" \"canary\"}") == "JSON: expected a colon at byte 10");
    for (const auto* text :
         {"canary", "\"canary", "{\"canary\":1,\"canary\":2}", "{canary:1}", "[canary]",
          "{\"canary\":1 canary", "\"\\canary\"", "1canary", "[1]canary"}) {
      CHECK(error_of(text).find("canary") == std::string::npos);
    }
  }

  TEST_CASE("MA-22: parse_object: a root that is no object is refused") {
    CHECK(parse_object("{}").ok());
    CHECK(parse_object(" {\"a\":[1]} ").ok());
    for (const auto* text : {"[]", "\"x\"", "1", "null", "true", "[{}]", ""}) {
      const auto value = parse_object(text);
      REQUIRE_FALSE(value.ok());
      CHECK(value.error().status == Status::malformed);
    }
  }

  TEST_CASE("Value: members are found by name and type") {
    const auto value = parse(R"({"s":"text","a":["x"],"n":5,"b":true,"z":null,"o":{"s":"inner"}})");
    REQUIRE(value.ok());
    CHECK(*value->find_string("s") == "text");
    CHECK(value->find_array("a")->size() == 1);
    CHECK(value->find("n")->number()->text == "5");
    CHECK(*value->find("b")->boolean());
    CHECK(value->find("z")->is_null());
    CHECK(*value->find("o")->find_string("s") == "inner");
  }

  TEST_CASE("Value: a missing member, another type and a value that is no object give null") {
    const auto value = parse(R"({"s":"text","a":["x"]})");
    REQUIRE(value.ok());
    CHECK(value->find("t") == nullptr);
    CHECK(value->find("S") == nullptr);
    CHECK(value->find_string("a") == nullptr);
    CHECK(value->find_array("s") == nullptr);
    CHECK(value->find("a")->find("x") == nullptr);
    CHECK(value->find("s")->find_string("s") == nullptr);
    CHECK(value->find("s")->number() == nullptr);
    CHECK(Value().find("s") == nullptr);
    CHECK(Value().is_null());
  }

  TEST_CASE("Value::number: writes what to_int64 reads") {
    CHECK(to_int64(*Value::number(-42).number()) == -42);
    CHECK(to_text(Value::number(9223372036854775807)) == "9223372036854775807");
  }
}
