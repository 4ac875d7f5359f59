// The HTTP client against servers whose TLS is good or bad: live handshakes.
#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

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

CertificateTerms good_terms() {
  CertificateTerms terms;
  terms.dns_names = {"localhost"};
  terms.addresses = {"127.0.0.1"};
  return terms;
}

HttpTrust trust_in_authority() {
  HttpTrust trust;
  trust.ca_pem = authority().pem();
  trust.use_system_store = false;
  trust.allow_private = true;
  return trust;
}

Result<HttpReply> call(const std::string& url, HttpTrust trust = trust_in_authority()) {
  auto http = HttpCall::get(url);
  http.trust = std::make_shared<const HttpTrust>(std::move(trust));
  return exchange(std::move(http));
}

struct HttpsServer : HttpServer {
  explicit HttpsServer(Certificate certificate, int max_version = 0)
      : HttpServer(support::answer(200, "ok"), Tls{std::move(certificate), max_version}) {}
};

}  // namespace

TEST_SUITE("io/http_client_tls") {
  TEST_CASE(
      "H-18: a certificate of a trusted authority for this name, or this address, is accepted") {
    HttpsServer server(support::issue(authority(), good_terms()));

    CHECK(call(server.url_at("localhost")).value().body == "ok");
    CHECK(call(server.url_at("127.0.0.1")).value().body == "ok");
    CHECK(server.tls_version() == "TLSv1.3");
  }

  TEST_CASE("the system's store counts beside an authority of one's own, unless it is left out") {
    HttpsServer server(support::issue(authority(), good_terms()));
    auto trust = trust_in_authority();
    trust.use_system_store = true;
    CHECK(call(server.url_at("localhost"), trust).ok());

    trust.ca_pem.clear();
    CHECK(says(call(server.url_at("localhost"), trust), unreachable_provider, "unknown authority"));
    trust.use_system_store = false;  // nobody is trusted
    CHECK(says(call(server.url_at("localhost"), trust), unreachable_provider, "unknown authority"));
  }

  TEST_CASE("PX-17: a TLS 1.2 server is spoken to, TLS 1.0 and 1.1 are refused in the handshake") {
    HttpsServer current(support::issue(authority(), good_terms()), TLS1_2_VERSION);
    CHECK(call(current.url_at("localhost")).ok());
    CHECK(current.tls_version() == "TLSv1.2");

    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
      CAPTURE(version);
      HttpsServer old(support::issue(authority(), good_terms()), version);
      CHECK(says(call(old.url_at("localhost")), unreachable_provider, "TLS 1.2 or newer"));
      CHECK(old.tls_version().empty());
      CHECK(old.num_requests() == 0);
    }
  }

  TEST_CASE(
      "PX-17: expired, not yet valid, from nobody, for another name: refused, and said which") {
    auto expired = good_terms();
    expired.ends_in_seconds = -60;
    auto early = good_terms();
    early.starts_in_seconds = 3600;
    early.ends_in_seconds = 7200;
    auto other = good_terms();
    other.dns_names = {"other.example"};
    other.addresses = {"127.0.0.2"};

    const auto refusal = [](const Certificate& certificate, std::string_view host,
                            std::string_view text) {
      HttpsServer server(certificate);
      const auto result = call(server.url_at(host));
      CAPTURE(text);
      CHECK(says(result, unreachable_provider, text));
      CHECK(server.num_requests() == 0);
    };
    refusal(support::issue(authority(), expired), "localhost", "has expired");
    refusal(support::issue(authority(), early), "localhost", "not valid yet");
    refusal(support::issue(authority(), other), "localhost", "for another name");
    refusal(support::issue(authority(), other), "127.0.0.1", "for another name");
    refusal(support::issue(support::make_authority(), good_terms()), "localhost",
            "sound certificate");
  }

  TEST_CASE("LB-10: a self-signed certificate with the right name is refused") {
    HttpsServer server(support::self_signed(good_terms()));

    CHECK(says(call(server.url_at("localhost")), unreachable_provider, "self-signed"));
    CHECK(server.num_requests() == 0);
  }

  TEST_CASE("H-18: a common name alone, a NUL in a name, a partial wildcard are refused") {
    CertificateTerms common_name;
    common_name.common_name = "localhost";
    auto only_address = common_name;
    only_address.addresses = {"127.0.0.1"};
    CertificateTerms nul;
    nul.dns_names = {std::string("localhost\0.evil.example", 23)};
    CertificateTerms wildcard;
    wildcard.dns_names = {"local*", "*", "*host"};

    for (const auto& terms : {common_name, only_address, nul, wildcard}) {
      HttpsServer server(support::issue(authority(), terms));
      CHECK_FALSE(call(server.url_at("localhost")).ok());
      CHECK(server.num_requests() == 0);
    }
  }

  TEST_CASE("insecure_skip_verify accepts any certificate, and only where it is set") {
    HttpsServer server(support::self_signed({}));
    HttpTrust trust;
    trust.allow_private = true;
    trust.insecure_skip_verify = true;

    CHECK(call(server.url_at("localhost"), trust).ok());
    trust.insecure_skip_verify = false;
    CHECK_FALSE(call(server.url_at("localhost"), trust).ok());
  }

  TEST_CASE("a connection made without verification does not serve a call that verifies") {
    HttpsServer server(support::self_signed(good_terms()));
    const auto client = HttpClient::create({}).value();
    auto lax = trust_in_authority();
    lax.insecure_skip_verify = true;
    auto first = HttpCall::get(server.url_at("localhost"));
    first.trust = std::make_shared<const HttpTrust>(lax);
    auto second = HttpCall::get(server.url_at("localhost"));
    second.trust = std::make_shared<const HttpTrust>(trust_in_authority());

    REQUIRE(exchange(*client, first).ok());
    CHECK_FALSE(exchange(*client, second).ok());
    CHECK(server.num_requests() == 1);
  }

  TEST_CASE("an answer that ends with the connection may have been cut, and is refused over TLS") {
    const HttpServer::Tls tls{support::issue(authority(), good_terms())};
    const auto serve = [&](std::string bytes) {
      HttpServer server(support::send_raw(std::move(bytes)), tls);
      return call(server.url_at("localhost"));
    };
    CHECK(says(serve("HTTP/1.1 200 OK\r\n\r\nhalf"), Status::provider_bad_answer, "where it ends"));
    CHECK(says(serve("HTTP/1.0 200 OK\r\n\r\nhalf"), Status::provider_bad_answer, "where it ends"));
    CHECK(serve("HTTP/1.1 200 OK\r\n\r\n").value().body.empty());
    CHECK(serve("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n").ok());
  }

  TEST_CASE("a connection that is cut without TLS's goodbye ends no answer early") {
    HttpServer cut(
        [](HttpPeer& peer) {
          peer.close_without_alert();
          if (peer.read_request()) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        },
        HttpServer::Tls{support::issue(authority(), good_terms())});

    CHECK(says(call(cut.url_at("localhost")), Status::provider_bad_answer, "cut short"));
  }

  TEST_CASE("what is no TLS is refused; garbage for authorities as well") {
    HttpServer plain(
        [](HttpPeer& peer) { peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); });
    CHECK(says(call("https://localhost:" + std::to_string(plain.port()) + "/"),
               unreachable_provider, "TLS"));

    HttpsServer server(support::issue(authority(), good_terms()));
    auto trust = trust_in_authority();
    trust.ca_pem = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n";
    CHECK(says(call(server.url_at("localhost"), trust), unreachable_provider, "cannot be read"));
  }
}
