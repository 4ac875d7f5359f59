#include "json/writer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace gatelet;
using namespace gatelet::json;
using namespace std::string_view_literals;

namespace {

std::string written(std::string_view text) {
  std::string out;
  write_string(text, out);
  return out;
}

}  // namespace

TEST_SUITE("json/writer") {
  TEST_CASE("write_string: quotes, backslashes and control bytes are escaped, other text stays") {
    CHECK(written("") == R"("")");
    CHECK(written("plain \xc3\xa9 \xf0\x9f\x98\x80") == "\"plain \xc3\xa9 \xf0\x9f\x98\x80\"");
    CHECK(written("a\"b\\c/d") == R"("a\"b\\c/d")");
    CHECK(written("\b\f\n\r\t") == R"("\b\f\n\r\t")");
    CHECK(written("\0\x01\x1f\x7f"sv) == R"("\u0000\u0001\u001f\u007f")");
  }

  TEST_CASE("MA-03: write_string: nothing ends a script element or a JavaScript line") {
    const auto out = written("</script><!--&amp;\xe2\x80\xa8\xe2\x80\xa9'\"");

    CHECK(out == R"("\u003c/script\u003e\u003c!--\u0026amp;\u2028\u2029'\"")");
    CHECK(out.find_first_of("<>&") == std::string::npos);
  }

  TEST_CASE("write_string: bytes that are not UTF-8 become U+FFFD") {
    CHECK(written("a\xffz") == "\"a\xef\xbf\xbdz\"");
    CHECK(written("\xed\xa0\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    CHECK(written("\xe2\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    CHECK(written("\xc0\xbc") == "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  }

  TEST_CASE("write: one line without spaces, members in their order") {
    Object object;
    object.emplace_back("b", Value(true));
    object.emplace_back("a", Value(Array{Value(), Value::number(1), Value(std::string("x"))}));
    object.emplace_back("<k>", Value(Object{}));

    CHECK(to_text(Value(object)) == R"({"b":true,"a":[null,1,"x"],"\u003ck\u003e":{}})");
    CHECK(to_text(Value(Array{})) == "[]");
    CHECK(to_text(Value(false)) == "false");
  }

  TEST_CASE("write: appends, and what it wrote reads back equal") {
    std::string out = "x=";
    write(Value(std::string("1")), out);
    CHECK(out == "x=\"1\"");

    std::string every;
    for (int c = 0; c < 128; ++c) every += static_cast<char>(c);
    every += "\xe2\x80\xa8\xf4\x8f\xbf\xbf";
    const auto back = parse(written(every));
    REQUIRE(back.ok());
    CHECK(*back->string() == every);
  }
}
