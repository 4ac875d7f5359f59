#include "config/options.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "config/range.hpp"
#include "config/value.hpp"
#include "data_files.hpp"

using namespace gatelet;
using namespace gatelet::config;
using gatelet::test::lines_of;

namespace {

bool is_default(Type type, std::string_view text) {
  switch (type) {
    case Type::text: return true;
    case Type::boolean: return parse_boolean(text).has_value();
    case Type::integer: return parse_integer(text).has_value();
    case Type::duration: return parse_duration(text).has_value();
    case Type::size: return parse_size(text).has_value();
    case Type::list: return text.empty() || split_list(text).has_value();
    case Type::objects: return text.empty();
  }
  return false;
}

std::string complaint_about(const Option& option, std::string_view text) {
  switch (option.type) {
    case Type::text: return text.empty() ? "" : complaint(option.range, std::string(text));
    case Type::boolean: return "";
    case Type::integer: return complaint(option.range, *parse_integer(text));
    case Type::duration: return complaint(option.range, *parse_duration(text));
    case Type::size: return complaint(option.range, *parse_size(text));
    case Type::list: return text.empty() ? "" : complaint(option.range, *split_list(text));
    case Type::objects: return "";
  }
  return "";
}

}  // namespace

TEST_SUITE("config/options") {
  TEST_CASE("options: every row has a sentence, and defaults of its type and range") {
    for (const auto& option : options()) {
      CAPTURE(option.key);
      CHECK(option.sentence.size() > 10);
      CHECK_FALSE(option.sentence.ends_with('.'));
      for (const auto text : {option.native, option.compat}) {
        CHECK(is_default(option.type, text));
        CHECK(complaint_about(option, text) == "");
      }
    }
  }

  TEST_CASE("options: numbers, durations and sizes have bounds that can be read") {
    for (const auto& option : options()) {
      CAPTURE(option.key);
      const auto is = [&](Type type) { return option.type == type; };
      if (!is(Type::integer) && !is(Type::duration) && !is(Type::size)) continue;
      CHECK(!option.range.low.empty());
      CHECK(is_default(option.type, option.range.low));
      CHECK(is_default(option.type, option.range.high));
    }
  }

  TEST_CASE("options: every name is oauth2-proxy's or one of our own") {
    const auto reference = lines_of("reference_names.txt");
    const auto own = lines_of("own_names.txt");
    REQUIRE(reference.size() > 150);
    REQUIRE(own.size() > 40);
    for (const auto& option : options()) {
      CAPTURE(option.key);
      const bool is_known =
          std::find(reference.begin(), reference.end(), option.key) != reference.end() ||
          std::find(own.begin(), own.end(), option.key) != own.end();
      CHECK(is_known);
    }
  }

  TEST_CASE(
      "options: every name of oauth2-proxy and of our own is an option or said to be elsewhere") {
    for (const auto file : {"reference_names.txt", "own_names.txt"}) {
      for (const auto& name : lines_of(file)) {
        CAPTURE(name);
        CHECK((find_option(name) != nullptr) == why_not_here(name).empty());
      }
    }
  }

  TEST_CASE("options: no key stands twice") {
    std::set<std::string_view> seen;
    for (const auto& option : options()) CHECK(seen.insert(option.key).second);
  }

  TEST_CASE("find_option: finds exact keys only") {
    CHECK(find_option("cookie_name")->row == Row::cookie_name);
    CHECK(find_option("cookie-name") == nullptr);
    CHECK(find_option("Cookie_name") == nullptr);
    CHECK(find_option("") == nullptr);
  }

  TEST_CASE("why_not_here: names of tables stand for what is in them; other names are not known") {
    CHECK(why_not_here("azure_tenant") == "is not available in this version");
    CHECK(why_not_here("routes.match") == "is not available in this version");
    CHECK(why_not_here("cookie_name") == "");
    CHECK(why_not_here("nonsense") == "");
  }
}
