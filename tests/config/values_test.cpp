#include "config/values.hpp"

#include <doctest/doctest.h>

#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::config;

namespace {

Values read(const Settings& settings) {
  Problems problems;
  return read_values(settings.entries(), problems);
}

std::vector<Error> complaints(const Settings& settings) {
  Problems problems;
  (void)read_values(settings.entries(), problems);
  return problems.in_order();
}

}  // namespace

TEST_SUITE("config/values") {
  TEST_CASE("read_values: defaults follow the profile") {
    const auto native = read({});
    CHECK_FALSE(native.is_compat);
    CHECK(*native.engine.cookie_csrf_per_request == true);
    CHECK(*native.engine.cookie_csrf_per_request_limit == 8);
    CHECK(*native.engine.cookie_expire == 168h);
    CHECK(*native.engine.session_cache_size == 64U * 1024 * 1024);
    CHECK(*native.providers[0].provider == "oidc");
    CHECK(*native.providers[0].oidc_audience_claims == std::vector<std::string>{"aud"});
    CHECK_FALSE(native.engine.cookie_expire.given);

    const auto compat = read({{"compat", "oauth2-proxy"}});
    CHECK(compat.is_compat);
    CHECK(*compat.engine.cookie_csrf_per_request == false);
    CHECK(*compat.engine.cookie_name == "_oauth2_proxy");
    CHECK(*compat.providers[0].provider == "google");
  }

  TEST_CASE("read_values: an unknown profile is a problem, and the default one holds") {
    const auto values = read({{"compat", "oauth2_proxy"}});
    CHECK_FALSE(values.is_compat);
    CHECK(complaints({{"compat", "oauth2_proxy"}})[0].text ==
          R"(compat: "oauth2_proxy" is unknown; write "oauth2-proxy")");
  }

  TEST_CASE("read_values: what is set is given; an empty text and an empty list are not set") {
    const auto values = read({{"cookie_path", "/app"},
                              {"cookie_name", ""},
                              {"client_secret", ""},
                              {"oidc_audience_claims", "[]"}});
    CHECK(*values.engine.cookie_path == "/app");
    CHECK(values.engine.cookie_path.given);
    CHECK_FALSE(values.engine.cookie_name.given);
    CHECK_FALSE(values.providers[0].client_secret.given);
    CHECK_FALSE(values.providers[0].oidc_audience_claims.given);
    CHECK(*values.providers[0].oidc_audience_claims == std::vector<std::string>{"aud"});
  }

  TEST_CASE("read_values: a value that cannot be read is a problem and keeps the default") {
    const Settings settings{{"cookie_expire", "1 week"}, {"cookie_secure", "no"}};
    const auto said = complaints(settings);
    REQUIRE(said.size() == 2);
    CHECK(said[0].text == R"(cookie_secure: "no" cannot be read; write true or false)");
    CHECK(said[0].status == Status::invalid_value);
    CHECK(
        said[1].text ==
        R"(cookie_expire: "1 week" cannot be read; write a number with a unit, such as 168h, 15m or 30s)");
    CHECK(*read(settings).engine.cookie_expire == 168h);
    CHECK(*read(settings).engine.cookie_secure == true);
  }

  TEST_CASE(
      "MA-38: every integer option refuses what is no number of its range, and names itself") {
    int num_integers = 0;
    for (const auto& option : options()) {
      if (option.type != Type::integer) continue;
      ++num_integers;
      for (const auto text : {"", "300x", " 5", "2147483648", "9223372036854775808", "-1"}) {
        CAPTURE(option.key);
        CAPTURE(text);
        const auto said = complaints({{option.key, text}});
        REQUIRE(said.size() == 1);
        CHECK(said[0].text.starts_with(std::string(option.key) + ": \""));
      }
    }
    CHECK(num_integers >= 3);
    CHECK(complaints({{"http_connections", "0"}}).size() == 1);
    CHECK(complaints({{"max_operations", "0"}}).size() == 1);
    CHECK(complaints({{"cookie_csrf_per_request_limit", "0"}}).empty());
  }

  TEST_CASE("MA-38: every duration and size refuses the same; no time-out can be infinite") {
    for (const auto& option : options()) {
      if (option.type != Type::duration && option.type != Type::size) continue;
      for (const std::string_view text :
           {"", "300x", " 5s", "-1s", "-1", "9223372036854775808h", "9223372036854775808"}) {
        if (option.key == "flush_interval" && text == "-1s") continue;  // at once, in the reference
        CAPTURE(option.key);
        CAPTURE(text);
        const auto said = complaints({{option.key, text}});
        REQUIRE(said.size() == 1);
        CHECK(said[0].text.starts_with(std::string(option.key) + ": \""));
      }
    }
    CHECK(complaints({{"http_timeout", "0"}}).size() == 1);
    CHECK(complaints({{"cookie_csrf_expire", "0"}}).size() == 1);
  }

  TEST_CASE("read_values: what was set wins over the file, whatever the order") {
    std::vector<Settings::Entry> entries{
        {"cookie_path", {Secret("/set")}, false, Settings::Origin::call},
        {"cookie_path", {Secret("/file")}, false, Settings::Origin::file}};
    Problems problems;
    CHECK(*read_values(entries, problems).engine.cookie_path == "/set");
    std::swap(entries[0], entries[1]);
    CHECK(*read_values(entries, problems).engine.cookie_path == "/set");
    entries.pop_back();
    CHECK(*read_values(entries, problems).engine.cookie_path == "/file");
  }

  TEST_CASE(
      "read_values: a list where one value belongs is a problem; one text is a list of its items") {
    const std::vector<Settings::Entry> entries{
        {"cookie_path", {Secret("/a")}, true, Settings::Origin::file},
        {"cookie_secret", {Secret("a"), Secret("b")}, true, Settings::Origin::file},
        {"cookie_secure", {Secret("true")}, true, Settings::Origin::file}};
    Problems problems;
    (void)read_values(entries, problems);
    const auto said = problems.in_order();
    REQUIRE(said.size() == 3);
    CHECK(said[0].text == "cookie_secret: is a list; write one text");
    CHECK(said[1].text == "cookie_path: is a list; write one text");
    CHECK(said[2].text == "cookie_secure: is a list; write true or false");

    CHECK(*read({{"email_domains", "a.example, b.example"}}).engine.email_domains ==
          std::vector<std::string>{"a.example", "b.example"});
    CHECK(complaints({{"email_domains", R"(["a.example", 1])"}}).size() == 1);
  }

  TEST_CASE(
      "read_values: flat keys are the provider default, others stand by id in order of "
      "appearance") {
    CHECK(read({}).providers.size() == 1);
    CHECK(read({}).providers[0].name.id == "default");

    const auto named = read({{"providers.b.client_id", "1"}, {"providers.a.client_id", "2"}});
    REQUIRE(named.providers.size() == 2);
    CHECK(named.providers[0].name.id == "b");
    CHECK(named.providers[1].name.id == "a");
    CHECK(named.providers[1].name.number == 1);
    CHECK(*named.providers[1].client_id == "2");

    const auto both = read({{"providers.b.client_id", "1"}, {"client_id", "0"}});
    REQUIRE(both.providers.size() == 2);
    CHECK(both.providers[0].name.id == "default");
    CHECK(*both.providers[0].client_id == "0");

    CHECK(read({{"providers.b.client_id", "1"}, {"cookie_path", "/"}}).providers.size() == 1);
  }

  TEST_CASE("read_values: one provider's options say nothing of another's") {
    const auto values = read({{"providers.a.scope", "openid x"}, {"providers.b.client_id", "1"}});
    CHECK(*values.providers[0].scope == "openid x");
    CHECK_FALSE(values.providers[1].scope.given);
    CHECK_FALSE(values.providers[0].client_id.given);
  }
}
