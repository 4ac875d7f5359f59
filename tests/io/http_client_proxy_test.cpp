// The HTTP client through proxies: scripted ones here; a real one stands in tests/integration.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/base64.hpp"
#include "io/http_client.hpp"
#include "io/http_exchange.hpp"
#include "support/certificates.hpp"
#include "support/http_server.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using support::Certificate;
using support::CertificateTerms;
using support::HttpPeer;
using support::HttpServer;

namespace {

constexpr auto unreachable_provider = Status::provider_unreachable;

const Certificate& authority() {
  static const auto made = support::make_authority();
  return made;
}

HttpServer::Tls certificate_for(std::string name, std::vector<std::string> addresses = {}) {
  CertificateTerms terms;
  terms.dns_names = {std::move(name)};
  terms.addresses = std::move(addresses);
  return {support::issue(authority(), terms)};
}

// idp.test has no address: whoever reaches it was taken there by a proxy.
struct Provider {
  std::mutex mutex;
  std::vector<std::string> requests;
  HttpServer server{[this](HttpPeer& peer) {
                      while (auto request = peer.read_request()) {
                        const std::scoped_lock lock(mutex);
                        requests.push_back(*request);
                        peer.reply(200, "from the provider");
                      }
                    },
                    certificate_for("idp.test")};
};

// A proxy that tunnels to the provider whatever host it is asked for.
struct ConnectProxy {
  explicit ConnectProxy(Provider& to, std::optional<HttpServer::Tls> tls = std::nullopt)
      : provider(to), server([this](HttpPeer& peer) { serve(peer); }, std::move(tls)) {}

  void serve(HttpPeer& peer) {
    auto request = peer.read_request();
    if (!request) return;
    {
      const std::scoped_lock lock(mutex);
      last = *request;
    }
    if (status == 200) {
      peer.send("HTTP/1.1 200 Connection established\r\nX-Proxy: canary\r\n\r\n");
      return peer.tunnel_to(provider.server);
    }
    peer.reply(status, "canary");
  }

  std::string seen() {
    const std::scoped_lock lock(mutex);
    return last;
  }

  Provider& provider;
  std::mutex mutex;
  std::string last;
  std::atomic<int> status{200};
  HttpServer server;
};

HttpTrust through(const std::string& proxy) {
  HttpTrust trust;
  trust.ca_pem = authority().pem();
  trust.use_system_store = false;
  trust.allow_http = true;
  trust.proxy.for_https = trust.proxy.for_http = http::parse_proxy(proxy).value();
  return trust;
}

std::string at(const char* scheme, const HttpServer& server, const char* user = "") {
  return std::string(scheme) + "://" + user + "127.0.0.1:" + std::to_string(server.port());
}

HttpCall call_with(HttpTrust trust, const char* url = "https://idp.test/token") {
  auto call = HttpCall::get(url);
  call.add_header("Authorization", "Bearer for-the-provider");
  call.trust = std::make_shared<const HttpTrust>(std::move(trust));
  return call;
}

}  // namespace

TEST_SUITE("io/http_client_proxy") {
  TEST_CASE("F-116: https goes through a tunnel, and the provider's name is checked in it") {
    Provider provider;
    ConnectProxy proxy(provider);

    const auto reply = exchange(call_with(through(at("http", proxy.server)))).value();

    CHECK(reply.body == "from the provider");
    CHECK(reply.header("X-Proxy").empty());
    CHECK(proxy.seen().starts_with("CONNECT idp.test:443 HTTP/1.1\r\n"));
    CHECK(provider.requests.at(0).starts_with("GET /token HTTP/1.1\r\n"));
    CHECK(provider.requests.at(0).find("for-the-provider") != std::string::npos);

    // The same tunnel to a host the provider's certificate does not name.
    CHECK(says(exchange(call_with(through(at("http", proxy.server)), "https://other.test/")),
               unreachable_provider, "certificate is for another name"));
    CHECK(provider.requests.size() == 1);
  }

  TEST_CASE(
      "F-116: the proxy sees neither the provider's credentials nor the provider the proxy's") {
    Provider provider;
    ConnectProxy proxy(provider);

    REQUIRE(exchange(call_with(through(at("http", proxy.server, "me:p%40ss@")))).ok());

    CHECK(proxy.seen().find("Proxy-Authorization: Basic " + base64::encode("me:p@ss") + "\r\n") !=
          std::string::npos);
    CHECK(proxy.seen().find("\r\nAuthorization") == std::string::npos);
    CHECK(provider.requests.at(0).find("Proxy-Authorization") == std::string::npos);
  }

  TEST_CASE("F-116: without user and password none are sent") {
    Provider provider;
    ConnectProxy proxy(provider);

    REQUIRE(exchange(call_with(through(at("http", proxy.server)))).ok());

    CHECK(proxy.seen().find("Proxy-Authorization") == std::string::npos);
  }

  TEST_CASE("F-116: what a proxy refuses is no answer of the provider, and asked once") {
    Provider provider;
    ConnectProxy proxy(provider);
    const auto refusal = [&](int status) {
      proxy.status = status;
      return exchange(call_with(through(at("http", proxy.server, "me:canary@"))));
    };

    CHECK(says(refusal(407), unreachable_provider, "the proxy wants a user and password"));
    CHECK(says(refusal(403), unreachable_provider, "the proxy did not connect to it (status 403)"));
    CHECK(says(refusal(302), unreachable_provider, "(status 302)"));
    CHECK(says(refusal(502), unreachable_provider, "(status 502)"));
    CHECK(refusal(502).error().text.find("canary") == std::string::npos);
    CHECK(proxy.server.num_requests() == 5);
    CHECK(provider.requests.empty());
  }

  TEST_CASE("F-116: a proxy that is away, has no address or hangs up is what is told") {
    std::string gone;
    {
      HttpServer server(support::hang());
      gone = at("http", server);
    }
    CHECK(says(exchange(call_with(through(gone))), unreachable_provider,
               "the proxy cannot be reached: nobody listens there"));
    CHECK(says(exchange(call_with(through("http://gatelet.invalid:3128"))), unreachable_provider,
               "the proxy cannot be reached: its name has no address"));

    HttpServer closes([](HttpPeer& peer) { peer.read_request(); });
    CHECK(says(exchange(call_with(through(at("http", closes)))), unreachable_provider,
               "cannot be reached"));
  }

  TEST_CASE("F-116: an endless answer to CONNECT is cut") {
    HttpServer flood([](HttpPeer& peer) {
      peer.read_request();
      peer.send("HTTP/1.1 200 OK\r\n");
      while (peer.send("X-Field: value\r\n")) {
      }
    });
    CHECK_FALSE(exchange(call_with(through(at("http", flood)))).ok());
  }

  TEST_CASE("F-116: plain http asks the proxy for the whole URL") {
    std::string request;
    HttpServer proxy([&](HttpPeer& peer) {
      request = peer.read_request().value_or("");
      peer.reply(200, "by proxy");
    });

    CHECK(exchange(call_with(through(at("http", proxy)), "http://idp.test/x?y")).value().body ==
          "by proxy");
    CHECK(request.starts_with("GET http://idp.test/x?y HTTP/1.1\r\n"));
  }

  TEST_CASE("F-116: a proxy that speaks TLS must have a certificate of its own name") {
    Provider provider;
    ConnectProxy good(provider, certificate_for("proxy.test", {"127.0.0.1"}));
    CHECK(exchange(call_with(through(at("https", good.server)))).value().body ==
          "from the provider");
    CHECK(good.seen().starts_with("CONNECT idp.test:443"));

    // Not even the provider's name will do for the proxy.
    ConnectProxy other(provider, certificate_for("idp.test"));
    CHECK(says(exchange(call_with(through(at("https", other.server)))), unreachable_provider,
               "the proxy cannot be reached: its certificate is for another name"));
    CHECK(other.server.num_requests() == 0);

    ConnectProxy foreign(provider, HttpServer::Tls{support::self_signed({})});
    CHECK(says(exchange(call_with(through(at("https", foreign.server)))), unreachable_provider,
               "the proxy cannot be reached: its certificate is self-signed"));
    // Through it, the provider's certificate is still the provider's.
    CHECK(says(exchange(call_with(through(at("https", good.server)), "https://other.test/")),
               unreachable_provider, "sound certificate"));
  }

  TEST_CASE("F-116: ssl_insecure_skip_verify is about the provider, not about the proxy") {
    Provider provider;
    auto trust = [&](const HttpServer& proxy) {
      auto out = through(at("https", proxy));
      out.insecure_skip_verify = true;
      return out;
    };
    ConnectProxy foreign(provider, HttpServer::Tls{support::self_signed({})});
    CHECK_FALSE(exchange(call_with(trust(foreign.server))).ok());
    ConnectProxy good(provider, certificate_for("proxy.test", {"127.0.0.1"}));
    CHECK(exchange(call_with(trust(good.server), "https://other.test/")).ok());
  }

  TEST_CASE("F-116: a SOCKS proxy gets the name, and user and password where it asks") {
    Provider provider;
    std::string asked, credentials;
    HttpServer proxy([&](HttpPeer& peer) {
      const auto greeting = peer.read_bytes(2).value_or("");
      const auto methods = peer.read_bytes(static_cast<std::size_t>(greeting.at(1))).value_or("");
      const bool has_password = methods.find('\2') != std::string::npos;
      peer.send(has_password ? std::string("\5\2", 2) : std::string("\5\0", 2));
      if (has_password) {  // RFC 1929
        const auto user_size = peer.read_bytes(2).value_or("").at(1);
        const auto user = peer.read_bytes(static_cast<std::size_t>(user_size)).value_or("");
        const auto size = peer.read_bytes(1).value_or("").at(0);
        credentials = user + ":" + peer.read_bytes(static_cast<std::size_t>(size)).value_or("");
        peer.send(std::string("\1\0", 2));
      }
      const auto request = peer.read_bytes(5).value_or("");  // RFC 1928 section 4
      asked = request.substr(0, 4) +
              peer.read_bytes(static_cast<std::size_t>(request.at(4)) + 2).value_or("");
      peer.send(std::string("\5\0\0\1\0\0\0\0\0\0", 10));
      peer.tunnel_to(provider.server);
    });

    CHECK(exchange(call_with(through(at("socks5", proxy)))).value().body == "from the provider");
    CHECK(asked == std::string("\5\1\0\3idp.test\1\xbb", 14));
    CHECK(credentials.empty());
    CHECK(exchange(call_with(through(at("socks5", proxy, "me:pass@")))).ok());
    CHECK(credentials == "me:pass");
  }

  TEST_CASE("F-116: a SOCKS proxy that says no is told by what it said") {
    const auto refusal = [](std::string reply) {
      HttpServer proxy([&](HttpPeer& peer) {
        const auto greeting = peer.read_bytes(2).value_or("");
        (void)peer.read_bytes(static_cast<std::size_t>(greeting.at(1)));
        if (reply.size() == 2) {
          peer.send(reply);
          return peer.wait_for_close();
        }
        peer.send(std::string("\5\0", 2));
        const auto request = peer.read_bytes(5).value_or("");
        (void)peer.read_bytes(static_cast<std::size_t>(request.at(4)) + 2);
        peer.send(reply);
        peer.wait_for_close();
      });
      return exchange(call_with(through(at("socks5", proxy))));
    };
    CHECK(
        says(refusal(std::string("\5\xff", 2)), unreachable_provider, "wants a user and password"));
    CHECK(says(refusal(std::string("\5\2\0\1\0\0\0\0\0\0", 10)), unreachable_provider,
               "rules do not allow"));
    CHECK(says(refusal(std::string("\5\4\0\1\0\0\0\0\0\0", 10)), unreachable_provider,
               "found no way to its host"));
    CHECK(says(refusal(std::string("\5\1\0\1\0\0\0\0\0\0", 10)), unreachable_provider,
               "did not connect to it"));
  }

  TEST_CASE("MA-48: private addresses that only a document names are asked of no proxy") {
    Provider provider;
    ConnectProxy proxy(provider);
    for (const auto* url :
         {"https://10.0.0.1/", "https://[fd00::1]/", "https://169.254.169.254/x"}) {
      CAPTURE(url);
      CHECK(says(exchange(call_with(through(at("http", proxy.server)), url)), unreachable_provider,
                 "its address is private"));
    }
    for (const auto* url :
         {"https://127.0.0.1:1/", "https://localhost:1/", "https://a.localhost:1/"}) {
      CAPTURE(url);
      CHECK_FALSE(exchange(call_with(through(at("http", proxy.server)), url)).ok());
    }
    CHECK(proxy.server.num_requests() == 0);

    auto named = through(at("http", proxy.server));
    named.configured_hosts = {"10.0.0.1"};
    (void)exchange(call_with(named, "https://10.0.0.1/"))
        .ok();  // another certificate: refused later
    CHECK(proxy.seen().starts_with("CONNECT 10.0.0.1:443"));
  }

  TEST_CASE("F-116: a host that is reached directly does not touch the proxy; nor the other way") {
    Provider provider;
    ConnectProxy proxy(provider);
    auto trust = through(at("http", proxy.server));
    trust.allow_private = true;
    HttpServer direct(support::answer(200, "direct"));
    CHECK(exchange(call_with(trust, direct.url().c_str())).value().body == "direct");
    CHECK(proxy.server.num_connections() == 0);

    REQUIRE(trust.proxy.direct.add("idp.test"));
    CHECK(says(exchange(call_with(trust)), unreachable_provider, "its name has no address"));
    CHECK(proxy.server.num_connections() == 0);
  }

  TEST_CASE("F-116: a grant has a tunnel of its own and is sent once") {
    Provider provider;
    ConnectProxy proxy(provider);
    const auto client = HttpClient::create({}).value();
    const auto trust = through(at("http", proxy.server));
    REQUIRE(exchange(*client, call_with(trust)).ok());
    REQUIRE(exchange(*client, call_with(trust)).ok());
    CHECK(proxy.server.num_requests() == 1);  // the tunnel is kept

    auto grant = HttpCall::post("https://idp.test/token", {});
    grant.trust = std::make_shared<const HttpTrust>(trust);
    grant.is_grant = true;
    REQUIRE(exchange(*client, grant).ok());
    CHECK(proxy.server.num_requests() == 2);
    CHECK(provider.requests.size() == 3);
  }

  TEST_CASE("F-116: the environment decides nothing here") {
    ::setenv("no_proxy", "*", 1);
    Provider provider;
    ConnectProxy proxy(provider);
    CHECK(exchange(call_with(through(at("http", proxy.server)))).ok());
    ::unsetenv("no_proxy");
  }
}
