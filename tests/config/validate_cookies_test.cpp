#include <doctest/doctest.h>

#include "config/validate.hpp"
#include "configured.hpp"
#include "data_files.hpp"

using namespace gatelet;
using namespace gatelet::test;

TEST_SUITE("config/validate_cookies") {
  TEST_CASE(
      "cookie_secret: 16, 24 and 32 bytes work, raw or as base64url; others get a hint and are not "
      "shown") {
    CHECK(problem(complete({{"cookie_secret", "too short"}})) ==
          "cookie_secret: has 9 bytes; write 16, 24 or 32, or base64url of as many (openssl rand "
          "-base64 32 | tr -- '+/' '-_')");
    for (const auto secret : {"abcdefghijklmnop", "0123456789!bcdef0123456789!bcdef",
                              "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
                              "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"}) {
      CHECK(problems(complete({{"cookie_secret", secret}})).empty());
    }
    for (const std::size_t size : {1U, 15U, 17U, 31U, 33U, 64U, 65536U}) {
      const std::string secret(size, '!');
      const auto said = problem(complete({{"cookie_secret", secret}}));
      CHECK(said.starts_with("cookie_secret: has "));
      CHECK(said.find("!!") == std::string::npos);
    }
  }

  TEST_CASE("secrets.tsv: the same cookie secrets as oauth2-proxy") {
    std::size_t num_cases = 0;
    for (const auto& line : lines_of("secrets.tsv")) {
      if (line.empty() || line.starts_with('#')) continue;
      const auto tab = line.find('\t');
      auto text = line.substr(0, tab);
      const bool is_valid = line.substr(tab + 1).starts_with("valid\t");
      std::string secret;
      for (std::size_t i = 0; text != "-" && i < text.size(); ++i) {
        if (text[i] != '%') {
          secret += text[i];
          continue;
        }
        secret += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
      }
      CAPTURE(line);
      CHECK(problems(complete({{"cookie_secret", secret}})).empty() == is_valid);
      ++num_cases;
    }
    CHECK(num_cases == 146);
  }

  TEST_CASE("cookie_secret_file: stands in for cookie_secret, which wins") {
    CHECK(problems(complete({{"cookie_secret", ""}, {"cookie_secret_file", "f"}})).empty());
    CHECK(problems(complete({{"cookie_secret_file", "f"}})).empty());
    CHECK(problem(complete({{"cookie_secret", ""}})).starts_with("cookie_secret: missing"));
  }

  TEST_CASE(
      "cookie_secrets_previous: at most 8 of the sizes of cookie_secret, named by their place") {
    const auto with = [](std::string_view list) {
      return problem(complete({{"cookie_secrets_previous", list}}));
    };
    const auto none = problem(complete());
    CHECK(with("ponmlkjihgfedcba") == none);
    CHECK(with("ponmlkjihgfedcba, AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=") == none);
    CHECK(with(R"(["ponmlkjihgfedcba", "a,comma,inside.."])") == none);
    CHECK(with("ponmlkjihgfedcba,canary") ==
          "cookie_secrets_previous: number 2 has 6 bytes; write the secret as it stood in "
          "cookie_secret");
    CHECK(with("ponmlkjihgfedcba,") ==
          "cookie_secrets_previous: number 2 has 0 bytes; write the secret as it stood in "
          "cookie_secret");
    CHECK(with(R"(["canary", 1])") ==
          "cookie_secrets_previous: is no list; write items divided by commas, or a list of texts");
    std::string many = "ponmlkjihgfedcba";
    for (int i = 1; i < 8; ++i) many += ",ponmlkjihgfedcba";
    CHECK(with(many) == none);
    CHECK(with(many + ",ponmlkjihgfedcba") ==
          "cookie_secrets_previous: holds 9 secrets; write at most 8");
  }

  TEST_CASE("cookie_secrets_previous: no value of it is ever shown") {
    const Settings settings{{"cookie_secrets_previous", "ponmlkjihgfedcba"}};
    CHECK(settings.values("cookie_secrets_previous").empty());
    CHECK(settings.value("cookie_secrets_previous").empty());
  }

  TEST_CASE("cookie_name: __Host- asks for secure, the root and no domain") {
    CHECK(problems(complete({{"cookie_name", "__Host-s"}})).empty());
    for (const auto& [key, value] : Pairs{{"cookie_secure", "false"},
                                          {"cookie_path", "/app"},
                                          {"cookie_domains", "example.com"}}) {
      for (const auto name : {"__Host-s", "__host-s", "__HOST-s"}) {
        CHECK(problem(complete({{"cookie_name", name}, {key, value}}))
                  .starts_with("cookie_name: \"" + std::string(name) + "\" needs cookie_secure"));
      }
      CHECK(problems(complete({{"cookie_name", "s"}, {key, value}})).empty());
    }
  }

  TEST_CASE("cookie_name: __Secure- asks for secure") {
    CHECK(problems(complete({{"cookie_name", "__Secure-s"}, {"cookie_path", "/app"}})).empty());
    CHECK(problem(complete({{"cookie_name", "__Secure-s"}, {"cookie_secure", "false"}})) ==
          "cookie_name: \"__Secure-s\" needs cookie_secure = true; write another name, or that");
  }

  TEST_CASE("samesite: none needs secure cookies") {
    for (const auto key : {"cookie_samesite", "cookie_csrf_samesite"}) {
      CHECK(problems(complete({{key, "none"}})).empty());
      CHECK(problem(complete({{key, "none"}, {"cookie_secure", "false"}}))
                .starts_with(std::string(key) + ": \"none\" needs cookie_secure = true"));
      CHECK(problems(complete({{key, "lax"}, {"cookie_secure", "false"}})).empty());
    }
  }

  TEST_CASE("F-255: cookie_partitioned needs secure cookies") {
    CHECK(problems(complete({{"cookie_partitioned", "true"}})).empty());
    CHECK(problem(complete({{"cookie_partitioned", "true"}, {"cookie_secure", "false"}})) ==
          "cookie_partitioned: needs cookie_secure = true; browsers drop the cookie else");
    CHECK(problems(complete({{"cookie_secure", "false"}})).empty());
  }

  TEST_CASE("cookie_csrf_samesite: strict would end no sign-in; compat does as the reference") {
    CHECK(problem(complete({{"cookie_csrf_samesite", "strict"}}))
              .starts_with("cookie_csrf_samesite: \"strict\" is not sent on the way back"));
    CHECK(problems(complete_compat({{"cookie_csrf_samesite", "strict"}})).empty());
    CHECK(problems(complete({{"cookie_samesite", "strict"}})).empty());
  }

  TEST_CASE("session_idle_timeout: must be below session_max_lifetime, unless that is 0") {
    CHECK(problem(complete({{"session_max_lifetime", "1h"}, {"session_idle_timeout", "60m"}})) ==
          "session_idle_timeout: is not below session_max_lifetime, so it ends no session; write a "
          "shorter time");
    CHECK(problems(complete({{"session_max_lifetime", "1h"}, {"session_idle_timeout", "59m"}}))
              .empty());
    CHECK(problems(complete({{"session_idle_timeout", "1h"}})).empty());
  }

  TEST_CASE("cookie_refresh: must be below cookie_expire, unless that is 0") {
    CHECK(problem(complete({{"cookie_expire", "1h"}, {"cookie_refresh", "60m"}})) ==
          "cookie_refresh: is not below cookie_expire; write a shorter time");
    CHECK(problems(complete({{"cookie_expire", "1h"}, {"cookie_refresh", "59m"}})).empty());
    CHECK(problems(complete({{"cookie_expire", "0"}, {"cookie_refresh", "1h"}})).empty());
  }

  TEST_CASE("cookie_csrf_per_request_limit: no limit is compat's") {
    CHECK(problem(complete({{"cookie_csrf_per_request_limit", "0"}}))
              .starts_with("cookie_csrf_per_request_limit: \"0\" would keep any number"));
    CHECK(problems(complete_compat({{"cookie_csrf_per_request_limit", "0"}})).empty());
    CHECK(problems(complete({{"cookie_csrf_per_request_limit", "1"}})).empty());
  }
}
