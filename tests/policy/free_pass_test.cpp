#include "policy/free_pass.hpp"

#include <doctest/doctest.h>

#include "policy/trusted_proxy.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using policy::client_ip;
using policy::has_free_pass;
using policy::Policy;

namespace {

std::vector<http::IpRange> ranges(const std::vector<std::string_view>& texts) {
  std::vector<http::IpRange> out;
  for (const auto text : texts) out.push_back(http::parse_ip_range(text).value());
  return out;
}

// A proxy at 10.0.0.1 in front, and visitors from 192.0.2.0/24 welcome without sign-in.
Policy behind_proxy(std::string real_client_ip_header = "X-Real-IP") {
  Policy policy;
  policy.forwarded = {true, ranges({"10.0.0.0/8"}), std::move(real_client_ip_header)};
  policy.free_pass.trusted_ips = ranges({"192.0.2.0/24", "2001:db8::/32"});
  return policy;
}

bool passes(const Policy& policy, const std::string& peer, std::vector<HeaderView> headers = {},
            const std::string& method = "GET", const std::string& target = "/") {
  support::RequestOf request;
  request.method = method;
  request.target = target;
  request.peer = peer;
  request.headers = std::move(headers);
  const auto facts = policy::settle_request(request.view(), policy);
  REQUIRE(facts.ok());
  return has_free_pass(policy, *facts);
}

#ifdef GATELET_HAVE_RE2
std::shared_ptr<const policy::SkipRoutes> routes(const std::vector<std::string>& entries) {
  policy::SkipRoutes out;
  for (const auto& entry : entries) {
    const auto rule = policy::parse_skip_rule(entry, policy::RuleReading::strict);
    REQUIRE(out.add(rule.value()).ok());
  }
  return std::make_shared<const policy::SkipRoutes>(std::move(out));
}

bool passes_to(const Policy& policy, const std::string& target,
               std::vector<HeaderView> headers = {}, const std::string& peer = "203.0.113.7") {
  return passes(policy, peer, std::move(headers), "GET", target);
}
#endif

}  // namespace

TEST_SUITE("policy/free_pass") {
  TEST_CASE("has_free_pass: without rules nobody passes") {
    CHECK_FALSE(passes({}, "127.0.0.1"));
    CHECK_FALSE(passes({}, "127.0.0.1", {}, "OPTIONS"));
  }

  TEST_CASE("has_free_pass: preflight: OPTIONS and nothing else") {
    Policy policy;
    policy.free_pass.preflight = true;
    CHECK(passes(policy, "203.0.113.7", {}, "OPTIONS"));
    for (const auto* method : {"GET", "HEAD", "POST", "options", "OPTIONSX"}) {
      CAPTURE(method);
      CHECK_FALSE(passes(policy, "203.0.113.7", {}, method));
    }
  }

  TEST_CASE("has_free_pass: H-13: a forwarded method counts only from a trusted proxy") {
    auto policy = behind_proxy();
    policy.free_pass.preflight = true;
    policy.free_pass.trusted_ips.clear();
    CHECK(passes(policy, "10.0.0.1", {{"X-Forwarded-Method", "OPTIONS"}}));
    CHECK_FALSE(passes(policy, "203.0.113.7", {{"X-Forwarded-Method", "OPTIONS"}}));
    CHECK_FALSE(passes(policy, "10.0.0.1", {{"X-Forwarded-Method", "POST"}}, "OPTIONS"));
  }

#ifdef GATELET_HAVE_RE2
  TEST_CASE("OP-08: has_free_pass: skipped routes: the path counts, never the query") {
    Policy policy;
    policy.free_pass.routes = routes({"^/api/.*/status$"});
    CHECK(passes_to(policy, "/api/a/status"));
    CHECK(passes_to(policy, "/api/a/status?x"));
    CHECK_FALSE(passes_to(policy, "/api/private/x?p=/status"));
    CHECK_FALSE(passes_to(policy, "/x?/api/a/status"));
  }

  TEST_CASE("has_free_pass: skipped routes: behind a trusted proxy, the forwarded path counts") {
    auto policy = behind_proxy();
    policy.free_pass.trusted_ips.clear();
    policy.free_pass.routes = routes({"^/public"});
    const std::vector<HeaderView> open = {{"X-Forwarded-Uri", "/public"}};
    const std::vector<HeaderView> closed = {{"X-Forwarded-Uri", "/private?/public"}};
    CHECK(passes_to(policy, "/oauth2/auth", open, "10.0.0.1"));
    CHECK_FALSE(passes_to(policy, "/oauth2/auth", open, "203.0.113.7"));
    CHECK_FALSE(passes_to(policy, "/public", closed, "10.0.0.1"));
    CHECK(passes_to(policy, "/public", closed, "203.0.113.7"));
  }

  TEST_CASE("has_free_pass: skipped routes: own endpoints are no routes unless compat says so") {
    Policy policy;
    policy.free_pass.routes = routes({"!=^/private"});
    CHECK(passes_to(policy, "/x"));
    CHECK_FALSE(passes_to(policy, "/oauth2/auth"));
    CHECK_FALSE(passes_to(policy, "/oauth2/userinfo"));
    policy.free_pass.routes_cover_own_endpoints = true;
    CHECK(passes_to(policy, "/oauth2/auth"));
  }
#endif

  TEST_CASE("has_free_pass: trusted_ips: the peer's own address, in every spelling of it") {
    auto policy = behind_proxy();
    policy.forwarded = {};
    for (const auto* peer : {"192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7", "[2001:db8::7]"}) {
      CAPTURE(peer);
      CHECK(passes(policy, peer));
    }
    for (const auto* peer :
         {"192.0.3.7", "2001:db9::7", "", "192.0.2.7:80", "192.0.2", "localhost"}) {
      CAPTURE(peer);
      CHECK_FALSE(passes(policy, peer));
    }
  }

  TEST_CASE("has_free_pass: H-15: the header of somebody who is no trusted proxy says nothing") {
    for (const auto* name : {"X-Real-IP", "X-Forwarded-For"}) {
      const auto policy = behind_proxy(name);
      CHECK(passes(policy, "10.0.0.1", {{name, "192.0.2.7"}}));
      CHECK_FALSE(passes(policy, "203.0.113.7", {{name, "192.0.2.7"}}));
    }
    auto off = behind_proxy();
    off.forwarded.reverse_proxy = false;
    CHECK_FALSE(passes(off, "10.0.0.1", {{"X-Real-IP", "192.0.2.7"}}));
  }

  TEST_CASE("has_free_pass: a trusted proxy that names no client, or two, speaks for nobody") {
    auto policy = behind_proxy();
    policy.free_pass.trusted_ips = ranges({"10.0.0.0/8", "192.0.2.0/24"});
    CHECK_FALSE(passes(policy, "10.0.0.1"));
    CHECK_FALSE(passes(policy, "10.0.0.1", {{"X-Real-IP", ""}}));
    CHECK_FALSE(passes(policy, "10.0.0.1", {{"X-Real-IP", "192.0.2.7, 203.0.113.7"}}));
    CHECK_FALSE(
        passes(policy, "10.0.0.1", {{"X-Real-IP", "192.0.2.7"}, {"X-Real-IP", "203.0.113.7"}}));
    CHECK_FALSE(passes(policy, "10.0.0.1", {{"X-Forwarded-For", "192.0.2.7"}}));
    CHECK(passes(policy, "10.0.0.1", {{"X-Real-IP", "10.9.9.9"}}));
  }

  TEST_CASE(
      "client_ip: of X-Forwarded-For the last hop that is no trusted proxy, whatever the client "
      "wrote before it") {
    const auto policy = behind_proxy("X-Forwarded-For");
    CHECK(passes(policy, "10.0.0.1", {{"X-Forwarded-For", "203.0.113.7, 192.0.2.7, 10.0.0.2"}}));
    CHECK_FALSE(passes(policy, "10.0.0.1", {{"X-Forwarded-For", "192.0.2.7, 203.0.113.7"}}));
    CHECK_FALSE(passes(policy, "10.0.0.1", {{"X-Forwarded-For", "192.0.2.7, nonsense, 10.0.0.2"}}));
    CHECK_FALSE(passes(policy, "10.0.0.1", {{"X-Forwarded-For", "10.0.0.2"}}));
  }
}
