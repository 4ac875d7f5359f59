#include "policy/trusted_proxy.hpp"

#include <doctest/doctest.h>

#include <string>

#include "http/ip.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using policy::is_trusted_proxy;
using policy::Policy;
using policy::settle_request;

namespace {

Policy behind(const char* range) {
  Policy policy;
  policy.forwarded.reverse_proxy = true;
  if (range != nullptr) policy.forwarded.trusted_proxies = {*http::parse_ip_range(range)};
  return policy;
}

const std::vector<HeaderView> forwarded = {{"X-Forwarded-Proto", "http"},
                                           {"X-Forwarded-Host", "front.example.com"},
                                           {"X-Forwarded-Uri", "/public?a=b"},
                                           {"X-Forwarded-Method", "POST"}};

void refuses(const support::RequestOf& request) {
  const auto facts = settle_request(request.view(), {});
  REQUIRE_FALSE(facts.ok());
  CHECK(facts.error().status == Status::bad_request);
}

}  // namespace

TEST_SUITE("policy/trusted_proxy") {
  TEST_CASE("is_trusted_proxy: only with reverse_proxy on and an address in the list") {
    const auto policy = behind("10.0.0.0/8").forwarded;
    CHECK(is_trusted_proxy(policy, "10.1.2.3"));
    CHECK_FALSE(is_trusted_proxy(policy, "11.1.2.3"));
    for (const auto* peer : {"", "unix:", "10.1.2.3:80", "10.1.2", "localhost"}) {
      CHECK_FALSE(is_trusted_proxy(policy, peer));
    }
    auto off = policy;
    off.reverse_proxy = false;
    CHECK_FALSE(is_trusted_proxy(off, "10.1.2.3"));
  }

  TEST_CASE("EN-23: an empty list trusts nobody, private addresses included") {
    const auto policy = behind(nullptr).forwarded;
    for (const auto* peer : {"10.0.0.5", "127.0.0.1", "::1", "192.168.0.1"}) {
      CHECK_FALSE(is_trusted_proxy(policy, peer));
    }
  }

  TEST_CASE("settle_request: a plain request as it is") {
    const auto request = support::request_to("/a%20b/c?x=1&y");
    const auto facts = settle_request(request.view(), {});
    REQUIRE(facts.ok());
    CHECK(facts->method == "GET");
    CHECK(facts->scheme == "https");
    CHECK(facts->host == "app.example.com");
    CHECK(facts->path == "/a%20b/c");
    CHECK(facts->query == "x=1&y");
    CHECK(facts->target == "/a%20b/c?x=1&y");
    CHECK(facts->own_path == "/a%20b/c");
    CHECK(facts->own_query == "x=1&y");
    CHECK(facts->peer == "203.0.113.7");
    CHECK_FALSE(facts->via_trusted_proxy);
    CHECK(facts->request == &request.made);
  }

  TEST_CASE("settle_request: a target that is not origin-form, or cannot be read without doubt") {
    using namespace std::string_literals;
    for (const auto& target : {""s, "*"s, "x"s, "http://a/"s, "/a#b"s, "/a b"s, "/a\x01"s, "/a\0b"s,
                               "/%"s, "/%2"s, "/%zz"s, "/a\x7f"s}) {
      CAPTURE(target);
      refuses(support::request_to(target));
    }
  }

  TEST_CASE("H-11, EN-15: two hosts, two credentials or a host that is none are refused") {
    auto request = support::request_to("/");
    for (const auto* host : {"", "user@app.example.com", "a\r\nb", "a b", "a/b", "a,b"}) {
      CAPTURE(host);
      request.host = host;
      refuses(request);
    }
    refuses(support::request_to("/", {{"Host", "app.example.com"}, {"host", "app.example.com"}}));
    refuses(support::request_to("/", {{"Host", "evil.test"}}));
    refuses(support::request_to("/", {{"Authorization", "a"}, {"Authorization", "a"}}));
    CHECK(settle_request(support::request_to("/", {{"Host", "APP.example.com"}}).view(), {}).ok());
  }

  TEST_CASE("settle_request: another scheme or a method that is no token") {
    auto request = support::request_to("/");
    for (const auto* scheme : {"", "ftp", "HTTPS", "https:"}) {
      request.scheme = scheme;
      refuses(request);
    }
    request = support::request_to("/");
    for (const auto* method : {"", "GE T", "GET\r\n"}) {
      request.method = method;
      refuses(request);
    }
  }

  TEST_CASE("PX-13, OP-12: forwarded values of a peer nobody trusts are as if absent") {
    auto request = support::request_to("/private?q=1", forwarded);
    request.headers.push_back({"Forwarded", "host=evil.test;proto=http"});
    request.headers.push_back({"X-Forwarded-Port", "81"});
    request.peer = "192.0.2.10";
    for (const auto& policy : {Policy(), behind("10.0.0.0/8"), behind(nullptr)}) {
      const auto facts = settle_request(request.view(), policy);
      REQUIRE(facts.ok());
      CHECK_FALSE(facts->via_trusted_proxy);
      CHECK(facts->path == "/private");
      CHECK(facts->query == "q=1");
      CHECK(facts->target == "/private?q=1");
      CHECK(facts->scheme == "https");
      CHECK(facts->host == "app.example.com");
      CHECK(facts->method == "GET");
    }
  }

  TEST_CASE(
      "OP-12: behind a trusted proxy the forwarded values are used, own endpoints keep their "
      "path") {
    auto request = support::request_to("/oauth2/auth?allowed_groups=a", forwarded);
    request.peer = "10.1.2.3";
    const auto facts = settle_request(request.view(), behind("10.0.0.0/8"));
    REQUIRE(facts.ok());
    CHECK(facts->via_trusted_proxy);
    CHECK(facts->path == "/public");
    CHECK(facts->query == "a=b");
    CHECK(facts->target == "/public?a=b");
    CHECK(facts->scheme == "http");
    CHECK(facts->host == "front.example.com");
    CHECK(facts->method == "POST");
    CHECK(facts->own_path == "/oauth2/auth");
    CHECK(facts->own_query == "allowed_groups=a");
  }

  TEST_CASE(
      "OP-13: a trusted proxy's path or method that cannot be read is refused: the request's own "
      "would be judged in its place") {
    for (const auto& headers : std::vector<std::vector<HeaderView>>{
             {{"X-Forwarded-Uri", "/private#/public"}},
             {{"X-Forwarded-Uri", "http://app.example.com/public"}},
             {{"X-Forwarded-Uri", "public"}},
             {{"X-Forwarded-Uri", ""}},
             {{"X-Forwarded-Uri", "/a%zz"}},
             {{"X-Forwarded-Uri", "/a"}, {"X-Forwarded-Uri", "/b"}},
             {{"X-Forwarded-Method", "GET POST"}},
             {{"X-Forwarded-Method", "GET"}, {"X-Forwarded-Method", "POST"}}}) {
      CAPTURE(headers[0].value);
      auto request = support::request_to("/public", headers);
      request.peer = "10.1.2.3";
      const auto facts = settle_request(request.view(), behind("10.0.0.0/8"));
      REQUIRE_FALSE(facts.ok());
      CHECK(facts.error().status == Status::bad_request);
      request.peer = "192.0.2.10";
      CHECK(settle_request(request.view(), behind("10.0.0.0/8")).ok());
    }
  }

  TEST_CASE("EN-12: other headers that name a path are nobody's business") {
    auto request = support::request_to("/private", {{"X-Original-URL", "/public"},
                                                    {"X-Envoy-Original-Path", "/public"},
                                                    {"X-Rewrite-URL", "/public"},
                                                    {"X-Forwarded-Path", "/public"},
                                                    {"X-Original-Method", "OPTIONS"}});
    for (const auto* peer : {"10.1.2.3", "192.0.2.10"}) {
      request.peer = peer;
      const auto facts = settle_request(request.view(), behind("10.0.0.0/8"));
      REQUIRE(facts.ok());
      CHECK(facts->path == "/private");
      CHECK(facts->method == "GET");
    }
  }

  TEST_CASE("EN-19: forwarded values of odd bytes are refused or ignored, never used") {
    for (const std::string value : {"\x80", "\xff/x", "/\xff", "a\x01", "\x7f"}) {
      for (const auto* name :
           {"X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Method"}) {
        CAPTURE(name);
        CAPTURE(value);
        auto request = support::request_to("/private", {{name, value}});
        request.peer = "10.1.2.3";
        const auto facts = settle_request(request.view(), behind("10.0.0.0/8"));
        if (!facts.ok()) continue;
        CHECK(facts->scheme == "https");
        CHECK(facts->host == "app.example.com");
        CHECK(facts->method == "GET");
        if (std::string(name) != "X-Forwarded-Uri") CHECK(facts->path == "/private");
      }
    }
  }
}
