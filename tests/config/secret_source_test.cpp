#include "config/secret_source.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::config;

namespace {

Settings with_environment() {
  Settings settings;
  const char* const variables[] = {"KEY=of the environment", "EMPTY=", "NO_EQUALS", nullptr};
  REQUIRE(settings.load_env(variables).ok());
  return settings;
}

// "text: ...", "file: ...", or the complaints.
std::string read(std::string_view text, const Settings& settings = with_environment()) {
  const auto value = json::parse(text);
  REQUIRE(value.ok());
  Complaints complaints;
  const auto source = read_secret_source(Fields(*value, "s.", complaints), settings);
  std::string out;
  if (source.text) out += "text: " + std::string(source.text->reveal());
  if (!source.file.empty()) out += "file: " + source.file;
  for (const auto& one : complaints.said) out += one;
  return out;
}

}  // namespace

TEST_SUITE("config/secret_source") {
  TEST_CASE("read_secret_source: a text as it stands, base64 or not") {
    CHECK(read(R"({"value":"czNjcmV0"})") == "text: czNjcmV0");
    CHECK(read(R"({"value":"a b"})") == "text: a b");
    CHECK(read(R"({"value":12})") == "text: 12");
  }

  TEST_CASE("read_secret_source: the numbers of its bytes, as the reference's converter writes") {
    CHECK(read(R"({"value":[117,112,"115"]})") == "text: ups");
    CHECK(read(R"({"value":[0]})") == std::string("text: \0", 7));
  }

  TEST_CASE("read_secret_source: numbers that are no bytes are refused unseen") {
    for (const auto* list : {"[256]", "[-1]", "[1.5]", "[\"canary\"]", "[[1]]", "[null]"}) {
      CAPTURE(list);
      CHECK(read(R"({"value":)" + std::string(list) + "}") ==
            "s.value: a list holds the numbers of bytes, 0 to 255, only");
    }
  }

  TEST_CASE("read_secret_source: a variable of the environment, if it says something") {
    CHECK(read(R"({"fromEnv":"KEY"})") == "text: of the environment");
    CHECK(read(R"({"fromEnv":"OTHER"})") ==
          "s.fromEnv: the variable \"OTHER\" is not set; set it, or name another");
    CHECK(read(R"({"fromEnv":"EMPTY"})").find("is not set") != std::string::npos);
    CHECK(read(R"({"fromEnv":"NO_EQUALS"})").find("is not set") != std::string::npos);
    CHECK(read(R"({"fromEnv":"KEY"})", {}).find("give it (load_env)") != std::string::npos);
  }

  TEST_CASE("read_secret_source: a file is only named") {
    CHECK(read(R"({"fromFile":"key"})") == "file: key");
  }

  TEST_CASE("read_secret_source: exactly one of the three") {
    CHECK(read("{}") == "s.value: expected one of value, fromEnv and fromFile, got none");
    CHECK(read(R"({"value":"","fromEnv":""})").ends_with("got none"));
    CHECK(read(R"({"value":[]})").ends_with("got none"));
    CHECK(read(R"({"value":"canary","fromEnv":"KEY"})") ==
          "s.value: expected one of value, fromEnv and fromFile, got several");
    CHECK(read(R"({"fromFile":"canary","fromEnv":"KEY"})").ends_with("got several"));
    CHECK(read(R"({"valu":"canary"})").find("did you mean value?") != std::string::npos);
  }
}
