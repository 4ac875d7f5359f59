#include "http/outbound_proxy.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using namespace gatelet::http;

namespace {

Url url(std::string_view text) { return parse_url(text).value(); }

// "http://host:port user password", or the refusal.
std::string read(std::string_view text) {
  const auto server = parse_proxy(text);
  if (!server.ok()) return std::string(server.error().text.substr(0, 14));
  auto out = server->url();
  for (const auto* part : {&server->user, &server->password}) {
    if (!part->empty()) out += " " + std::string(part->reveal());
  }
  return out;
}

}  // namespace

TEST_SUITE("http/outbound_proxy") {
  TEST_CASE("parse_proxy: a URL, or host and port alone; each scheme has its port") {
    CHECK(read("http://proxy.example:3128") == "http://proxy.example:3128");
    CHECK(read("proxy.example:3128") == "http://proxy.example:3128");
    CHECK(read("Proxy.Example") == "http://proxy.example:80");
    CHECK(read("HTTPS://proxy.example/") == "https://proxy.example:443");
    CHECK(read("socks5://proxy.example") == "socks5h://proxy.example:1080");
    CHECK(read("socks5h://10.0.0.1:9050") == "socks5h://10.0.0.1:9050");
    CHECK(read("http://[2001:db8::1]:3128") == "http://[2001:db8::1]:3128");
  }

  TEST_CASE("parse_proxy: user and password, percent-decoded; an @ in them may stand as it is") {
    CHECK(read("http://me:pass@proxy.example:1") == "http://proxy.example:1 me pass");
    CHECK(read("http://me@proxy.example:1") == "http://proxy.example:1 me");
    CHECK(read("http://me:a%3Ab%40c@proxy.example:1") == "http://proxy.example:1 me a:b@c");
    CHECK(read("http://me:a:b@proxy.example:1") == "http://proxy.example:1 me a:b");
    CHECK(read("http://me:a@b@proxy.example:1") == "http://proxy.example:1 me a@b");
  }

  TEST_CASE("parse_proxy: anything else is refused, and nothing of it is told") {
    for (const auto* text :
         {"", "http://", "ftp://proxy.example", "socks4://proxy.example:1", "://proxy.example",
          "http://proxy.example:0", "http://proxy.example:65536", "http://proxy.example:1/path",
          "http://proxy.example:1?q", "http://pro xy:1", "http://proxy.example:x",
          "http://:canary@proxy.example:1", "http://me:canary%@proxy.example:1",
          "http://me:canary%zz@proxy.example:1", "http://me:canary%00@proxy.example:1",
          "http://me:canary%0d%0aX: y@proxy.example:1", "http://0x7f.1:1", "http://a..b:1"}) {
      CAPTURE(text);
      const auto server = parse_proxy(text);
      REQUIRE_FALSE(server.ok());
      CHECK(server.error().status == Status::malformed);
      CHECK(server.error().text.find("canary") == std::string::npos);
    }
  }

  TEST_CASE(
      "DirectHosts: what Go's client answers stands in tests/vectors/no_proxy.tsv; and this") {
    DirectHosts none;
    CHECK(none.cover(url("https://localhost/")));
    CHECK(none.cover(url("https://[::1]/")));
    CHECK(none.cover(url("https://a.localhost:8443/")));  // Go asks the proxy for its own loopback
    CHECK_FALSE(none.cover(url("https://localhost.example.com/")));
    CHECK_FALSE(none.cover(url("https://notlocalhost/")));
    CHECK_FALSE(none.cover(url("https://10.0.0.1/")));
  }

  TEST_CASE("DirectHosts: an entry that is no host changes nothing and is told") {
    DirectHosts hosts;
    for (const auto* text : {"", " ", ".", "*.", "**", "*.*", ":443", "a b", "example.com:x",
                             "10.0.0.0/33", ".10.0.0.1", "https://example.com", "a..b"}) {
      CAPTURE(text);
      CHECK_FALSE(hosts.add(text));
    }
    CHECK(hosts == DirectHosts());
    CHECK(hosts.add("*"));
    CHECK(hosts.cover(url("https://example.com/")));
  }

  TEST_CASE("server_for: by the scheme that is called, unless the host is reached directly") {
    OutboundProxy proxy;
    CHECK(proxy.server_for(url("https://idp.example/")) == nullptr);

    proxy.for_https = parse_proxy("http://secure.example:1").value();
    REQUIRE(proxy.direct.add("direct.example"));
    REQUIRE(proxy.server_for(url("https://idp.example/")) != nullptr);
    CHECK(proxy.server_for(url("https://idp.example/"))->host == "secure.example");
    CHECK(proxy.server_for(url("http://idp.example/")) == nullptr);
    CHECK(proxy.server_for(url("https://a.direct.example/")) == nullptr);

    proxy.for_http = parse_proxy("http://plain.example:1").value();
    CHECK(proxy.server_for(url("http://idp.example/"))->host == "plain.example");
  }
}
