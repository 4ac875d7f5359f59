#include "config/value.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::config;

namespace {

using Items = std::vector<std::string>;

}  // namespace

TEST_SUITE("config/value") {
  TEST_CASE("parse_boolean: takes what Go takes and nothing else") {
    for (const auto text : {"1", "t", "T", "TRUE", "true", "True"})
      CHECK(parse_boolean(text) == true);
    for (const auto text : {"0", "f", "F", "FALSE", "false", "False"}) {
      CHECK(parse_boolean(text) == false);
    }
    for (const auto text : {"", "yes", "no", "on", "tRUE", " true", "true ", "2", "01"}) {
      CHECK_FALSE(parse_boolean(text).has_value());
    }
  }

  TEST_CASE("parse_integer: whole numbers of 64 bits") {
    CHECK(parse_integer("0") == 0);
    CHECK(parse_integer("-7") == -7);
    CHECK(parse_integer("9223372036854775807") == 9223372036854775807);
    for (const auto text :
         {"", " 5", "5 ", "+5", "300x", "1e3", "0x10", "9223372036854775808", "-"}) {
      CHECK_FALSE(parse_integer(text).has_value());
    }
  }

  TEST_CASE("parse_duration: takes Go's form") {
    CHECK(parse_duration("168h") == 168h);
    CHECK(parse_duration("15m") == 15min);
    CHECK(parse_duration("1h30m") == 90min);
    CHECK(parse_duration("500ms") == 500ms);
    CHECK(parse_duration("1.5s") == 1500ms);
    CHECK(parse_duration("0.25h") == 15min);
    CHECK(parse_duration(".5m") == 30s);
    CHECK(parse_duration("1.m") == 1min);
    CHECK(parse_duration("3us") == 3us);
    CHECK(parse_duration("3\xc2\xb5s") == 3us);
    CHECK(parse_duration("7ns") == 7ns);
    CHECK(parse_duration("0") == 0s);
    CHECK(parse_duration("-2m") == -2min);
    CHECK(parse_duration("0.0000000001s") == 0s);
  }

  TEST_CASE("parse_duration: refuses everything else") {
    for (const auto text :
         {"", "-", "1", "3600", "1 week", "1d", "h", ".s", "1h ", " 1h", "1h-2m", "+1h", "1..5s",
          "1e3s", "9223372036854775807h", "2562048h", "2562047h.9h9h", "99999999999999999999s"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_duration(text).has_value());
    }
    CHECK(parse_duration("2562047h").has_value());
    CHECK_FALSE(parse_duration("2562047.9h").has_value());
  }

  TEST_CASE("parse_size: bytes and powers of 1024") {
    CHECK(parse_size("0") == 0);
    CHECK(parse_size("1048576") == 1048576);
    CHECK(parse_size("7B") == 7);
    CHECK(parse_size("64 MiB") == 67108864);
    CHECK(parse_size("64MiB") == 67108864);
    CHECK(parse_size("1 GiB") == 1073741824);
    CHECK(parse_size("4 KiB") == 4096);
    for (const auto text : {"", "MiB", "-1", "64 MB", "64  MiB", "64 MiB ", " 64", "1.5 GiB", "64 ",
                            "9223372036854775807 KiB", "99999999999999999999"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_size(text).has_value());
    }
  }

  TEST_CASE("split_list: commas divide, blanks around items do not count") {
    CHECK(split_list("a") == Items{"a"});
    CHECK(split_list("a, b ,c") == Items{"a", "b", "c"});
    CHECK(split_list("") == Items{""});
    CHECK(split_list("a,,b") == Items{"a", "", "b"});
    CHECK(split_list("[::1]:8080,[::1]") == Items{"[::1]:8080", "[::1]"});
    CHECK(split_list("[::1]") == Items{"[::1]"});
  }

  TEST_CASE("split_list: a JSON array of texts is a list; another one is none") {
    CHECK(split_list(R"(["a", "b,c"])") == Items{"a", "b,c"});
    CHECK(split_list("[]") == Items{});
    CHECK(split_list(R"([ "a" ])") == Items{"a"});
    CHECK_FALSE(split_list(R"(["a", 1])").has_value());
    CHECK_FALSE(split_list(R"(["a", ["b"]])").has_value());
    CHECK_FALSE(split_list(R"(["a" "b"])").has_value());
  }

  TEST_CASE("quoted: shows one short printable line") {
    CHECK(quoted("1 week") == "\"1 week\"");
    CHECK(quoted("a\nb\x7f\xc3\xa4") == "\"a?b???\"");
    CHECK(quoted(std::string(81, 'x')) == "\"" + std::string(80, 'x') + "...\"");
    CHECK(quoted(std::string(80, 'x')) == "\"" + std::string(80, 'x') + "\"");
  }
}
