#include "config/source_json.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using namespace gatelet::config;

namespace {

// "key=value key=[a|b|]" of every entry.
std::string read(std::string_view text) {
  const auto entries = read_json(text);
  if (!entries.ok()) return entries.error().text;
  std::string out;
  for (const auto& [entry, line] : *entries) {
    out += (out.empty() ? "" : " ") + entry.key + "=" + (entry.is_list ? "[" : "");
    for (const auto& value : entry.values) {
      out += std::string(value.reveal()) + (entry.is_list ? "|" : "");
    }
    out += entry.is_list ? "]" : "";
    CHECK(entry.origin == Settings::Origin::file);
    CHECK(line == 0);
  }
  return out;
}

}  // namespace

TEST_SUITE("config/source_json") {
  TEST_CASE("read_json: texts, numbers, truth values and lists, in their order") {
    CHECK(read(R"({"client_id":"a","cookie_secure":false,"http_connections":8,)"
               R"("email_domains":["x","y"],"scope":""})") ==
          "client_id=a cookie_secure=false http_connections=8 email_domains=[x|y|] scope=");
    CHECK(read("{}").empty());
    CHECK(read(R"({"email_domains":[]})") == "email_domains=[]");
  }

  TEST_CASE("read_json: a list of objects keeps each as JSON") {
    const auto entries = read_json(R"({"x":[{"a":[1,{"b":"c"}]},{}],"y":[]})");
    REQUIRE(entries.ok());
    const auto& x = (*entries)[0].entry;
    CHECK(x.is_objects);
    CHECK(x.is_list);
    REQUIRE(x.values.size() == 2);
    CHECK(x.values[0].reveal() == R"({"a":[1,{"b":"c"}]})");
    CHECK(x.values[1].reveal() == "{}");
    CHECK_FALSE((*entries)[1].entry.is_objects);
  }

  TEST_CASE("read_json: providers stand in objects of their own") {
    CHECK(read(R"({"providers":{"corp":{"client_id":"a","oidc_extra_audiences":["b"]},"x":{}}})") ==
          "providers.corp.client_id=a providers.corp.oidc_extra_audiences=[b|]");
  }

  TEST_CASE("read_json: values that no option takes are refused, by their key and not by value") {
    for (const auto* value :
         {"null", "1.5", "1e3", R"({"canary":1})", R"([["canary"]])", R"([{"canary":1},"x"])",
          R"(["x",{"canary":1}])", "[null]", "99999999999999999999"}) {
      CAPTURE(value);
      const auto said = read(R"({"x":)" + std::string(value) + "}");
      CHECK(said.starts_with("\"x\": "));
      CHECK(said.find("canary") == std::string::npos);
    }
    CHECK(read(R"({"providers":"canary"})").starts_with("\"providers\": expected an object"));
    CHECK(read(R"({"providers":{"corp":"canary"}})")
              .starts_with("\"providers.corp\": expected an object"));
    CHECK(read(R"({"providers":{"corp":{"a":{"b":"canary"}}}})")
              .starts_with("\"providers.corp.a\": no option"));
  }

  TEST_CASE("read_json: what is no object, or says a name twice") {
    for (const auto* text : {"", "[]", "\"canary\"", "{", "{\"a\":\"canary\",}",
                             "{\"a\" \"canary\"}", "{\"a\":\"canary\",\"a\":\"b\"}", "{} canary"}) {
      CAPTURE(text);
      const auto said = read(text);
      CHECK(said.starts_with("this is no JSON object of settings: "));
      CHECK(said.find("canary") == std::string::npos);
    }
  }
}
