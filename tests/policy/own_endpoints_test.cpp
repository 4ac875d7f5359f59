#include "policy/own_endpoints.hpp"

#include <doctest/doctest.h>

#include "support/request_of.hpp"

using namespace gatelet;
using policy::Endpoint;
using policy::match_endpoint;
using policy::Policy;

TEST_SUITE("policy/own_endpoints") {
  TEST_CASE("match_endpoint: every endpoint by its exact path") {
    const Policy policy;
    const auto at = [&](std::string_view path) {
      return match_endpoint(policy, path, false).endpoint;
    };
    CHECK(at("/oauth2/sign_in") == Endpoint::sign_in);
    CHECK(at("/oauth2/start") == Endpoint::start);
    CHECK(at("/oauth2/callback") == Endpoint::callback);
    CHECK(at("/oauth2/sign_out") == Endpoint::sign_out);
    CHECK(at("/oauth2/signed_out") == Endpoint::signed_out);
    CHECK(at("/oauth2/userinfo") == Endpoint::userinfo);
    CHECK(at("/oauth2/auth") == Endpoint::auth);
    CHECK(at("/robots.txt") == Endpoint::robots);
    CHECK(at("/ping") == Endpoint::ping);
  }

  TEST_CASE("F-013: gcp_healthchecks: two paths more, and none by the agent alone") {
    Policy policy;
    CHECK(match_endpoint(policy, "/liveness_check", false).endpoint == Endpoint::none);
    policy.gcp_healthchecks = true;
    CHECK(match_endpoint(policy, "/liveness_check", false).endpoint == Endpoint::ping);
    CHECK(match_endpoint(policy, "/readiness_check", false).endpoint == Endpoint::ping);
    CHECK(match_endpoint(policy, "/readiness_check/", false).endpoint == Endpoint::none);
  }

  TEST_CASE("OP-11, F-013: match_request: with ping_user_agent a health check is that agent's") {
    Policy policy;
    const auto asked_by = [&](std::string target, std::vector<HeaderView> headers) {
      const auto request = support::request_to(std::move(target), std::move(headers));
      return match_request(policy, request.facts(), false).endpoint;
    };
    CHECK(asked_by("/ping", {}) == Endpoint::ping);
    policy.ping_user_agent = "kube-probe";
    CHECK(asked_by("/ping", {{"user-agent", "kube-probe"}}) == Endpoint::ping);
    CHECK(asked_by("/ping?x", {{"User-Agent", "kube-probe"}}) == Endpoint::ping);
    for (const auto& headers :
         std::vector<std::vector<HeaderView>>{{},
                                              {{"User-Agent", ""}},
                                              {{"User-Agent", "kube-probe/1"}},
                                              {{"User-Agent", "Kube-Probe"}}}) {
      CHECK(asked_by("/ping", headers) == Endpoint::none);
    }
    for (const auto* path : {"/", "/private", "/oauth2/auth", "/ping/"}) {
      CHECK(asked_by(path, {{"User-Agent", "kube-probe"}}) ==
            match_endpoint(policy, path, false).endpoint);
    }
  }

  TEST_CASE("match_endpoint: anything near is the application's") {
    const Policy policy;
    for (const auto* path : {"/",
                             "",
                             "/oauth2",
                             "/oauth2/",
                             "/oauth2/auth/",
                             "/oauth2//auth",
                             "/OAUTH2/auth",
                             "/oauth2/Auth",
                             "/oauth2/%61uth",
                             "/oauth2/auth;x",
                             "/oauth2x/auth",
                             "/x/oauth2/auth",
                             "/oauth2/./auth",
                             "/oauth2/none",
                             "/oauth2/callback/",
                             "/oauth2/callback/id",
                             "/ping/",
                             "/robots.txt/",
                             "auth",
                             "//oauth2/auth"}) {
      CAPTURE(path);
      CHECK(match_endpoint(policy, path, false).endpoint == Endpoint::none);
    }
  }

  TEST_CASE("F-004: with another proxy_prefix all endpoints move and the old ones are nobody's") {
    Policy policy;
    for (const auto* prefix : {"/auth/door", "/auth/door/"}) {
      policy.proxy_prefix = prefix;
      CHECK(match_endpoint(policy, "/auth/door/start", false).endpoint == Endpoint::start);
      CHECK(match_endpoint(policy, "/oauth2/start", false).endpoint == Endpoint::none);
      CHECK(endpoint_path(policy, "sign_in") == "/auth/door/sign_in");
    }
    policy.proxy_prefix = "/";
    CHECK(match_endpoint(policy, "/start", false).endpoint == Endpoint::start);
    CHECK(endpoint_path(policy, "sign_in") == "/sign_in");
    policy.ping_path = "";
    CHECK(match_endpoint(policy, "", false).endpoint == Endpoint::none);
  }

  TEST_CASE("match_endpoint: with several providers a callback names its provider") {
    const Policy policy;
    const auto match = match_endpoint(policy, "/oauth2/callback/corp-1", true);
    CHECK(match.endpoint == Endpoint::callback);
    CHECK(match.provider_id == "corp-1");

    const auto bare = match_endpoint(policy, "/oauth2/callback", true);
    CHECK(bare.endpoint == Endpoint::callback);
    CHECK(bare.provider_id.empty());
    CHECK(match_endpoint(policy, "/oauth2/callback/", true).endpoint == Endpoint::none);
    CHECK(match_endpoint(policy, "/oauth2/callback/a/b", true).endpoint == Endpoint::none);
  }

  TEST_CASE("start_url: parameters only where there is something to say") {
    const Policy policy;
    CHECK(start_url(policy, "", "") == "/oauth2/start");
    CHECK(start_url(policy, "", "/a?b=c&d") == "/oauth2/start?rd=%2Fa%3Fb%3Dc%26d");
    CHECK(start_url(policy, "corp", "/") == "/oauth2/start?rd=%2F&provider=corp");
  }

  TEST_CASE("F-055: redirect_uri is configured, relative, or derived from the request") {
    const auto request = support::request_to("/");
    const auto facts = request.facts();
    Policy policy;
    CHECK(redirect_uri(policy, facts, "a", false) == "https://app.example.com/oauth2/callback");
    CHECK(redirect_uri(policy, facts, "a", true) == "https://app.example.com/oauth2/callback/a");
    policy.relative_redirect_url = true;
    CHECK(redirect_uri(policy, facts, "a", false) == "/oauth2/callback");
    policy.redirect_url = "https://other.example/cb";
    CHECK(redirect_uri(policy, facts, "a", false) == "https://other.example/cb");
    CHECK(redirect_uri(policy, facts, "a", true) == "https://other.example/cb/a");
  }

  TEST_CASE("redirect_uri: derived from plain http it is https while cookies are secure") {
    auto request = support::request_to("/");
    request.scheme = "http";
    request.host = "localhost:8080";
    const auto facts = request.facts();
    Policy policy;
    CHECK(redirect_uri(policy, facts, "", false) == "https://localhost:8080/oauth2/callback");
    policy.cookie_secure = false;
    CHECK(redirect_uri(policy, facts, "", false) == "http://localhost:8080/oauth2/callback");
  }

  TEST_CASE(
      "H-11: the host never reaches a configured redirect_uri; a derived one needs a host of "
      "ours") {
    auto request = support::request_to("/");
    request.host = "evil.test";
    Policy policy;
    policy.redirect_url = "https://app.example.com/oauth2/callback";
    CHECK(redirect_uri(policy, request.facts(), "", false).find("evil") == std::string::npos);
    const std::vector<std::string> domains = {".example.com"};
    CHECK(is_expected_host(policy, request.facts(), domains));  // not needed

    policy.redirect_url = "";
    CHECK_FALSE(is_expected_host(policy, request.facts(), domains));
    CHECK(is_expected_host(policy, request.facts(), {}));  // nothing is set
    for (const auto* host : {"example.com", "app.example.com", "app.example.com:8443"}) {
      request.host = host;
      CHECK(is_expected_host(policy, request.facts(), domains));
    }
    for (const auto* host : {"badexample.com", "example.com.evil.test", "example.com."}) {
      request.host = host;
      CHECK_FALSE(is_expected_host(policy, request.facts(), domains));
    }
    policy.return_to.whitelist_domains = {"[::1]:8080", "one.test"};
    request.host = "one.test";
    CHECK(is_expected_host(policy, request.facts(), {}));
    request.host = "[::1]:8080";
    CHECK(is_expected_host(policy, request.facts(), {}));
    request.host = "two.test";
    CHECK_FALSE(is_expected_host(policy, request.facts(), {}));
  }
}
