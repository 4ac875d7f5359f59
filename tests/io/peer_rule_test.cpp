#include "io/peer_rule.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <initializer_list>
#include <string>

using namespace gatelet;
using gatelet::io::PeerRule;

namespace {

HttpCall call_to(const std::string& url, HttpTrust trust = {}) {
  auto call = HttpCall::get(url);
  call.trust = std::make_shared<const HttpTrust>(std::move(trust));
  return call;
}

bool may_reach(const PeerRule& rule, const char* address) {
  return rule.may_reach(http::parse_ip(address).value());
}

}  // namespace

TEST_SUITE("io/peer_rule") {
  TEST_CASE("of: https is accepted, with or without trust") {
    CHECK(PeerRule::of(HttpCall::get("https://idp.example/x")).ok());
    CHECK(PeerRule::of(call_to("https://idp.example/x")).ok());
  }

  TEST_CASE("H-17: only https, http by the insecure option, and never another scheme") {
    HttpTrust lax;
    lax.allow_http = true;
    CHECK(PeerRule::of(call_to("http://idp.example/", lax)).ok());
    CHECK_FALSE(PeerRule::of(call_to("http://idp.example/")).ok());
    CHECK_FALSE(PeerRule::of(HttpCall::get("http://idp.example/")).ok());

    for (const auto* url :
         {"file:///etc/passwd", "gopher://127.0.0.1/", "unix:/run/x.sock", "ftp://a/",
          "https://a@b/", "https:///", "//idp.example/", "idp.example", ""}) {
      CAPTURE(url);
      const auto refused = PeerRule::of(call_to(url, lax));
      CHECK(refused.error().status == Status::provider_bad_answer);
    }
  }

  TEST_CASE("H-17: private addresses only for hosts the configuration names") {
    HttpTrust trust;
    trust.configured_hosts = {"idp.example"};
    const auto configured = PeerRule::of(call_to("https://IDP.example/", trust)).value();
    const auto named_by_document = PeerRule::of(call_to("https://other.example/", trust)).value();

    for (const auto* address :
         {"127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
          "0.0.0.0", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1"}) {
      CAPTURE(address);
      CHECK(may_reach(configured, address));
      CHECK_FALSE(may_reach(named_by_document, address));
    }
    CHECK(may_reach(named_by_document, "8.8.8.8"));
    CHECK(may_reach(named_by_document, "2606:4700::1111"));
  }

  TEST_CASE("may_reach: the insecure option accepts private addresses for every host") {
    HttpTrust trust;
    trust.allow_private = true;
    CHECK(may_reach(PeerRule::of(call_to("https://a.example/", trust)).value(), "127.0.0.1"));
  }

  TEST_CASE("may_reach: reads socket addresses of both families, and refuses any other") {
    const auto rule = PeerRule::of(HttpCall::get("https://a.example/")).value();
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    ::inet_pton(AF_INET, "8.8.8.8", &v4.sin_addr);
    CHECK(rule.may_reach(reinterpret_cast<sockaddr&>(v4)));
    ::inet_pton(AF_INET, "127.0.0.1", &v4.sin_addr);
    CHECK_FALSE(rule.may_reach(reinterpret_cast<sockaddr&>(v4)));

    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    ::inet_pton(AF_INET6, "2606:4700::1111", &v6.sin6_addr);
    CHECK(rule.may_reach(reinterpret_cast<sockaddr&>(v6)));
    ::inet_pton(AF_INET6, "::ffff:10.0.0.1", &v6.sin6_addr);
    CHECK_FALSE(rule.may_reach(reinterpret_cast<sockaddr&>(v6)));

    HttpTrust trust;
    trust.allow_private = true;
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    CHECK_FALSE(PeerRule::of(call_to("https://a.example/", trust))
                    .value()
                    .may_reach(reinterpret_cast<sockaddr&>(local)));
  }

  TEST_CASE("F-116: through a proxy the socket is the proxy's; an address in the URL is judged") {
    HttpTrust trust;
    trust.proxy.for_https = http::parse_proxy("http://10.0.0.1:3128").value();
    const auto by_name = PeerRule::of(call_to("https://idp.example/", trust)).value();
    REQUIRE(by_name.proxy() != nullptr);
    CHECK(by_name.proxy()->host == "10.0.0.1");
    CHECK(may_reach(by_name, "10.0.0.1"));
    CHECK(PeerRule::of(call_to("https://203.0.114.7/", trust)).ok());

    for (const auto* url : {"https://192.168.0.1/", "https://[fd00::1]/", "https://203.0.113.7/"}) {
      CAPTURE(url);
      const auto refused = PeerRule::of(call_to(url, trust));
      REQUIRE_FALSE(refused.ok());
      CHECK(refused.error().status == Status::provider_unreachable);
    }
    trust.configured_hosts = {"192.168.0.1"};
    CHECK(PeerRule::of(call_to("https://192.168.0.1/", trust)).ok());

    // Reached directly, an address is the host's own again.
    REQUIRE(trust.proxy.direct.add("idp.example"));
    const auto direct = PeerRule::of(call_to("https://idp.example/", trust)).value();
    CHECK(direct.proxy() == nullptr);
    CHECK_FALSE(may_reach(direct, "10.0.0.1"));
  }
}
