#include "config/fields.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::config;

namespace {

json::Value value_of(std::string_view text) {
  auto parsed = json::parse(text);
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

std::string joined(const std::vector<std::string>& complaints) {
  std::string out;
  for (const auto& one : complaints) out += (out.empty() ? "" : "\n") + one;
  return out;
}

// Reads {"name", "on", "list", "inner": {"name"}}: what was read, or what is wrong.
std::string read(std::string_view text) {
  const auto value = value_of(text);
  Complaints complaints;
  Fields fields(value, "a.", complaints);
  auto out = fields.text("name") + (fields.flag("isOn") ? " on" : "");
  for (const auto& item : fields.texts("list")) out += " " + item;
  auto inner = fields.within("inner");
  out += " " + inner.text("name");
  inner.finish();
  fields.finish();
  return complaints.said.empty() ? out : joined(complaints.said);
}

}  // namespace

TEST_SUITE("config/fields") {
  TEST_CASE("Fields: reads what is there, and nothing where nothing is") {
    CHECK(read(R"({"name":"x","isOn":true,"list":["b","c"],"inner":{"name":"y"}})") ==
          "x on b c y");
    CHECK(read("{}") == " ");
    CHECK(read(R"({"name":null,"isOn":null,"list":null,"inner":null})") == " ");
  }

  TEST_CASE("Fields: names count without regard to case; numbers and truth values as texts") {
    CHECK(read(R"({"NAME":7,"ison":"true","List":[1,false]})") == "7 on 1 false ");
  }

  TEST_CASE("Fields: a name that differs by case only stands twice") {
    CHECK(read(R"({"name":"x","Name":"y"})") == "a.name: stands twice; leave one of them out");
  }

  TEST_CASE("Fields: an unknown name, with the nearest that is known where it stands") {
    CHECK(read(R"({"nam":"x","inner":{"nme":"y"},"zzzzzzzz":1})") ==
          "a.inner.\"nme\": there is no field of this name; did you mean name?\n"
          "a.\"nam\": there is no field of this name; did you mean name?\n"
          "a.\"zzzzzzzz\": there is no field of this name");
  }

  TEST_CASE("Fields: a value of another kind is said by its place, never shown") {
    CHECK(read(R"({"name":["canary"]})") == "a.name: expected a text");
    CHECK(read(R"({"isOn":"canary"})") == "a.isOn: expected true or false");
    CHECK(read(R"({"isOn":["canary"]})") == "a.isOn: expected true or false");
    CHECK(read(R"({"list":"canary"})") == "a.list: expected a list");
    CHECK(read(R"({"list":["x",{"canary":1}]})") == "a.list: a list of texts holds something else");
    CHECK(read(R"({"inner":"canary"})") == "a.inner: expected an object with fields");
    CHECK(read(R"(["canary"])") == "a: expected an object with fields");
  }

  TEST_CASE("scalar_text: texts, numbers and truth values as written; nothing else") {
    CHECK(scalar_text(value_of("\"a\"")) == "a");
    CHECK(scalar_text(value_of("1.50")) == "1.50");
    CHECK(scalar_text(value_of("false")) == "false");
    CHECK_FALSE(scalar_text(value_of("null")));
    CHECK_FALSE(scalar_text(value_of("[]")));
    CHECK_FALSE(scalar_text(value_of("{}")));
  }
}
