#include "config/warnings.hpp"

#include <doctest/doctest.h>

#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;

namespace {

std::vector<std::string> warnings(const Settings& settings) {
  return config::resolve(settings).warnings;
}

}  // namespace

TEST_SUITE("config/warnings") {
  TEST_CASE("PX-22: every option with insecure in its name warns when it is on, and only then") {
    int num_switches = 0;
    CHECK(warnings(complete()).empty());
    for (const auto& option : config::options()) {
      if (option.key.find("insecure") == std::string_view::npos) continue;
      if (option.scope == config::Scope::upstream) continue;  // has no effect
      ++num_switches;
      CAPTURE(option.key);
      const auto said = warnings(complete({{option.key, "true"}}));
      REQUIRE(said.size() == 1);
      CHECK(said[0] == std::string(option.key) + " is on: " + std::string(option.sentence));
      CHECK(warnings(complete({{option.key, "false"}})).empty());
    }
    CHECK(num_switches == 7);
  }

  TEST_CASE("F-132: show_debug_on_error warns when it is on, and only then") {
    const auto said = warnings(complete({{"show_debug_on_error", "true"}}));
    REQUIRE(said.size() == 1);
    CHECK(
        said[0].starts_with("show_debug_on_error is on: error pages tell the library's own error"));
    CHECK(warnings(complete({{"show_debug_on_error", "false"}})).empty());
  }

  TEST_CASE("PX-22: a Redis URL that skips the verification warns, without the URL") {
    const std::string url = "rediss://:secret-canary@redis.example/0";
    for (const auto& [option, value] : std::vector<std::pair<std::string, std::string>>{
             {"redis_connection_url", url + "?skip_verify=true"},
             {"redis_sentinel_connection_urls", url + "?skip_verify=true"},
             {"redis_cluster_connection_urls", url + "?skip_verify=true"}}) {
      const auto said = warnings(complete({{option, value}}));
      REQUIRE(said.size() == 1);
      CHECK(said[0].starts_with(option + " has skip_verify=true"));
      CHECK(said[0].find("canary") == std::string::npos);
    }
    CHECK(warnings(complete({{"redis_connection_url", url}})).empty());
  }

  TEST_CASE("warnings: say which provider") {
    const auto said = warnings(complete({{"providers.corp.ssl_insecure_skip_verify", "true"}}));
    REQUIRE(said.size() == 1);
    CHECK(said[0].starts_with("providers.corp.ssl_insecure_skip_verify is on: "));
  }

  TEST_CASE("warnings: compat warns of the missing nonce, and of http where it is used") {
    const auto quiet = warnings(complete_compat({{"insecure_oidc_skip_nonce", "false"}}));
    CHECK(quiet.empty());
    CHECK(warnings(complete_compat()).size() == 1);
    const auto http = warnings(complete_compat(
        {{"insecure_oidc_skip_nonce", "false"}, {"oidc_issuer_url", "http://idp.example"}}));
    REQUIRE(http.size() == 1);
    CHECK(http[0].starts_with("insecure_allow_http_provider is on: "));
  }

  TEST_CASE("EN-23: a proxy list that holds everybody warns, private networks do not") {
    for (const auto range : {"0.0.0.0/0", "::/0"}) {
      const auto said = warnings(complete({{"trusted_proxy_ips", range}}));
      REQUIRE(said.size() == 1);
      CHECK(said[0] ==
            "trusted_proxy_ips has " + std::string(range) + ": everybody may speak for others");
    }
    CHECK(
        warnings(complete({{"trusted_proxy_ips", "10.0.0.0/8,::1,fd00::/8,255.0.0.0/8"}})).empty());
  }

  TEST_CASE("EN-23: trusted_ips that hold everybody warn, networks do not") {
    for (const auto range : {"0.0.0.0/0", "::/0"}) {
      const auto said = warnings(complete({{"trusted_ips", range}}));
      REQUIRE(said.size() == 1);
      CHECK(said[0] == "trusted_ips has " + std::string(range) + ": nobody needs to sign in");
    }
    CHECK(warnings(complete({{"trusted_ips", "192.0.2.0/24"}})).empty());
  }

  TEST_CASE("notices: one for what a server does, one for what a proxy does, and none else") {
    CHECK(config::notices(complete().entries()).empty());
    const auto both = config::notices(complete({{"tls_key_file", "k"},
                                                {"upstreams", "http://127.0.0.1:8080"},
                                                {"http_address", ":80"},
                                                {"flush_interval", "1s"}})
                                          .entries());
    REQUIRE(both.size() == 2);
    CHECK(both[0].code == "server-options");
    CHECK(both[0].text ==
          "http_address, tls_key_file: up to the server around the library, which "
          "may ask for the values");
    CHECK(both[1].code == "upstream-options");
    CHECK(both[1].text.starts_with("upstreams, flush_interval: no effect"));
  }
}
