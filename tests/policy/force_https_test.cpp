#include "policy/force_https.hpp"

#include <doctest/doctest.h>

#include "policy/trusted_proxy.hpp"
#include "support/field_list.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using policy::force_https;
using policy::Policy;

namespace {

Policy forced() {
  Policy policy;
  policy.force_https = true;
  policy.forwarded.reverse_proxy = true;
  policy.forwarded.trusted_proxies = {*http::parse_ip_range("10.0.0.0/8")};
  return policy;
}

support::RequestOf request_at(std::string scheme, std::string host, std::string target = "/") {
  support::RequestOf request;
  request.scheme = std::move(scheme);
  request.host = std::move(host);
  request.target = std::move(target);
  return request;
}

std::optional<Decision> asked(const support::RequestOf& request, const Policy& policy = forced()) {
  const auto facts = policy::settle_request(request.view(), policy);
  REQUIRE(facts.ok());
  return force_https(policy, *facts);
}

std::string location(const support::RequestOf& request) {
  const auto decision = asked(request);
  REQUIRE(decision.has_value());
  CHECK(decision->http_status() == 308);
  CHECK(decision->reason() == Reason::https_required);
  const auto values = support::values_of(decision->response(), "Location");
  REQUIRE(values.size() == 1);
  return std::string(values.front());
}

}  // namespace

TEST_SUITE("policy/force_https") {
  TEST_CASE("force_https: host, path and query are kept, the port is https' own") {
    CHECK(location(request_at("http", "app.example", "/a/b?c=d%20e")) ==
          "https://app.example/a/b?c=d%20e");
    CHECK(location(request_at("http", "app.example:8080", "/")) == "https://app.example/");
    CHECK(location(request_at("http", "[2001:db8::1]:8080", "/")) == "https://[2001:db8::1]/");
  }

  TEST_CASE("force_https: https is left alone, and so is all when the option is off") {
    CHECK_FALSE(asked(request_at("https", "app.example")).has_value());
    CHECK_FALSE(asked(request_at("http", "app.example"), Policy()).has_value());
  }

  TEST_CASE("force_https: a forwarded scheme counts only from a trusted proxy") {
    auto request = request_at("http", "app.example");
    request.headers = {{"X-Forwarded-Proto", "https"}};
    CHECK(asked(request).has_value());
    request.peer = "10.0.0.1";
    CHECK_FALSE(asked(request).has_value());
    request.scheme = "https";
    request.headers = {{"X-Forwarded-Proto", "http"}};
    CHECK(location(request) == "https://app.example/");
  }
}
