#include "config/validate.hpp"

#include <doctest/doctest.h>

#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;

TEST_SUITE("config/validate") {
  TEST_CASE("validate: complete settings have no problem, in both profiles") {
    CHECK(problems(complete()).empty());
    CHECK(problems(complete_compat()).empty());
  }

  TEST_CASE(
      "validate: with nothing set, everything missing is said at once, in the table's order") {
    const auto native = problems({});
    REQUIRE(native.size() == 4);
    CHECK(native[0] ==
          "client_id: missing; write the client id the provider gave this application");
    CHECK(native[1].starts_with("client_secret: missing; "));
    CHECK(native[2].starts_with("oidc_issuer_url: missing; "));
    CHECK(native[3] ==
          "cookie_secret: missing; write the output of: openssl rand -base64 32 | tr -- '+/' '-_'");

    const auto compat = problems({{"compat", "oauth2-proxy"}});
    REQUIRE(compat.size() == 3);
    CHECK(compat[0].starts_with("provider: missing, and \"google\""));
    CHECK(compat[1].starts_with("email_domains: missing; "));
    CHECK(compat[2].starts_with("cookie_secret: missing; "));
  }

  TEST_CASE("F-041: HTTP Basic needs a password, and Authorization to itself") {
    CHECK(problem(complete({{"set_basic_auth", "true"}})) ==
          "basic_auth_password: missing, and set_basic_auth is on; write a password");
    CHECK(problem(complete(
              {{"basic_auth_password", "canary"}, {"pass_authorization_header", "true"}})) ==
          "pass_authorization_header: Authorization can hold HTTP Basic or a token; leave this or "
          "basic_auth_password out");
    CHECK(problem(complete({{"basic_auth_password", "canary"},
                            {"set_basic_auth", "true"},
                            {"set_authorization_header", "true"}}))
              .starts_with("set_authorization_header: "));
    CHECK(problems(complete({{"basic_auth_password", "canary"},
                             {"pass_basic_auth", "false"},
                             {"pass_authorization_header", "true"}}))
              .empty());
    CHECK(problems(complete_compat(
                       {{"basic_auth_password", "canary"}, {"pass_authorization_header", "true"}}))
              .empty());
  }

  TEST_CASE("custom_sign_in_logo: a file, never an address") {
    CHECK(problem(complete({{"custom_sign_in_logo", "https://cdn.example/logo.png"}}))
              .starts_with("custom_sign_in_logo: is an address"));
    CHECK(problems(complete({{"custom_sign_in_logo", "-"}})).empty());
  }

  TEST_CASE("OP-19: identity headers of the client are always removed") {
    CHECK(problem(complete({{"skip_auth_strip_headers", "false"}})) ==
          "skip_auth_strip_headers: cannot be off: a client could name itself; leave it out");
    CHECK_FALSE(problems(complete_compat({{"skip_auth_strip_headers", "false"}})).empty());
  }

  TEST_CASE("email_domains: compat asks for a rule, the default profile does not") {
    CHECK(problem(complete_compat({{"email_domains", ""}})) ==
          "email_domains: has an empty entry; leave it out");
    CHECK(problem(complete_compat({{"email_domains", "[]"}})) ==
          "email_domains: missing; write the domains to let in, or \"*\" for every address");
    CHECK(problems(complete({{"email_domains", "[]"}})).empty());
  }

  TEST_CASE(
      "OP-12: reverse_proxy without trusted_proxy_ips is refused in both profiles, and says what "
      "to write") {
    const auto said =
        "trusted_proxy_ips: missing, and reverse_proxy is on; write the addresses of your proxies, "
        "such as trusted_proxy_ips = [\"127.0.0.1\", \"10.0.0.0/8\"]";
    CHECK(problem(complete({{"reverse_proxy", "true"}})) == said);
    CHECK(problem(complete_compat({{"reverse_proxy", "true"}})) == said);
    CHECK(problem(complete({{"reverse_proxy", "true"}, {"trusted_proxy_ips", "[]"}})) == said);
    CHECK(problems(complete({{"reverse_proxy", "true"}, {"trusted_proxy_ips", "::1"}})).empty());
    CHECK(problems(complete({{"trusted_proxy_ips", "::1"}})).empty());
    CHECK(problem(complete({{"reverse_proxy", "true"}, {"trusted_proxy_ips", "300.1.1.1"}})) ==
          "trusted_proxy_ips: \"300.1.1.1\" is no address or network; write 203.0.113.7, "
          "10.0.0.0/8 or 2001:db8::/32");
  }

  TEST_CASE("redirect_url: plain http does not go with secure cookies, except on this machine") {
    CHECK(problem(complete({{"redirect_url", "http://app.example/oauth2/callback"}})) ==
          "redirect_url: \"http://app.example/oauth2/callback\" is plain http, but cookies are "
          "secure; write https, or cookie_secure = false");
    for (const auto url :
         {"http://127.0.0.1.evil.example/cb", "http://localhost.evil.example/cb"}) {
      CHECK(problem(complete({{"redirect_url", url}})).starts_with("redirect_url: "));
    }
    for (const auto url : {"https://app.example/oauth2/callback", "http://localhost/cb",
                           "http://127.0.0.1:4180/cb", "http://[::1]/cb"}) {
      CHECK(problems(complete({{"redirect_url", url}})).empty());
    }
    CHECK(
        problems(complete({{"redirect_url", "http://app.example/cb"}, {"cookie_secure", "false"}}))
            .empty());
    CHECK(problems(complete_compat({{"redirect_url", "http://app.example/cb"}})).empty());
  }

  TEST_CASE("relative_redirect_url: does not go with redirect_url") {
    CHECK(problems(complete({{"relative_redirect_url", "true"}})).empty());
    CHECK(problem(complete({{"relative_redirect_url", "true"},
                            {"redirect_url", "https://app.example/cb"}}))
              .starts_with("relative_redirect_url: has no effect"));
  }

  TEST_CASE("post_logout_redirect_url: needs end_session at some provider") {
    const auto url = "https://app.example/bye";
    CHECK(problem(complete({{"post_logout_redirect_url", url}})) ==
          "post_logout_redirect_url: has no effect without end_session = true");
    CHECK(problems(complete({{"post_logout_redirect_url", url}, {"end_session", "true"}})).empty());
    CHECK(problem(complete({{"post_logout_redirect_url", "/bye"}, {"end_session", "true"}}))
              .starts_with("post_logout_redirect_url: \"/bye\" is no absolute URL"));
  }

  TEST_CASE("htpasswd_file: no provider may be called what its people are") {
    const auto with_provider = [](const std::string& id, bool has_file) {
      const auto client_id = "providers." + id + ".client_id";
      const auto client_secret = "providers." + id + ".client_secret";
      const auto issuer = "providers." + id + ".oidc_issuer_url";
      Pairs options = {{client_id, "x"}, {client_secret, "y"}, {issuer, "https://corp.example"}};
      if (has_file) options.emplace_back("htpasswd_file", "/etc/people");
      return problems(complete(options));
    };
    const auto refused = with_provider("htpasswd", true);
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].starts_with("htpasswd_file: does not go with a provider of the id"));
    CHECK(with_provider("htpasswd", false).empty());
    CHECK(with_provider("corp", true).empty());
  }

  TEST_CASE("validate: problems of several providers name them") {
    const auto all = problems(complete({{"providers.corp.client_id", "x"}}));
    REQUIRE(all.size() == 2);
    CHECK(all[0].starts_with("providers.corp.client_secret: missing; "));
    CHECK(all[1].starts_with("providers.corp.oidc_issuer_url: missing; "));
  }
}
