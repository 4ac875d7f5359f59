#include "config/suggest.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace gatelet::config;

TEST_SUITE("config/suggest") {
  TEST_CASE("nearest_option: finds what was meant") {
    CHECK(nearest_option("email_domain") == "email_domains");
    CHECK(nearest_option("cookie_secert") == "cookie_secret");
    CHECK(nearest_option("COOKIE_NAME") == "cookie_name");
    CHECK(nearest_option("--cookie-secure") == "cookie_secure");
    CHECK(nearest_option("oidc-issuer-url") == "oidc_issuer_url");
    CHECK(nearest_option("client_ids") == "client_id");
  }

  TEST_CASE("nearest_option: names that are far from all have none") {
    CHECK(nearest_option("nonsense_that_nobody_would_write") == "");
    CHECK(nearest_option("x") == "");
    CHECK(nearest_option("") == "");
    CHECK(nearest_option("--") == "");
  }

  TEST_CASE("nearest_of: among names of any kind, or none") {
    constexpr std::string_view names[] = {"clientID", "clientSecret"};
    CHECK(nearest_of(names, "clientScret") == "clientSecret");
    CHECK(nearest_of(names, "client_id") == "clientID");
    CHECK(nearest_of(names, "scope") == "");
    CHECK(nearest_of({}, "clientID") == "");
  }

  TEST_CASE("LO-09: nearest_option: names of 1 to 64 KiB are read within their bounds") {
    for (const std::size_t size : {1U, 63U, 64U, 65U, 1024U, 65536U}) {
      (void)nearest_option(std::string(size, 'c'));
    }
    CHECK(nearest_option(std::string(65536, 'c')) == "");
  }
}
