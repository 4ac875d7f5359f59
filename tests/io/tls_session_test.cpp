#include "io/tls_session.hpp"

#include <doctest/doctest.h>

#include <string>

#include "support/certificates.hpp"

using namespace gatelet;
using namespace gatelet::io;
using support::Certificate;
using support::CertificateTerms;

namespace {

const Certificate& authority() {
  static const auto made = support::make_authority();
  return made;
}

CertificateTerms terms_for(std::string name) {
  CertificateTerms terms;
  terms.dns_names = {std::move(name)};
  terms.addresses = {"127.0.0.1"};
  return terms;
}

// OpenSSL's own server, fed by hand.
struct Server {
  // `client_authority`: clients must show a certificate that it vouches for; null: none is asked.
  explicit Server(const Certificate& certificate, int max_version = 0,
                  const Certificate* client_authority = nullptr) {
    context.reset(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), certificate.x509.get());
    SSL_CTX_use_PrivateKey(context.get(), certificate.key.get());
    if (max_version != 0) {
      SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
      SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context.get(), max_version);
    }
    if (client_authority) {
      SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), client_authority->x509.get());
    }
    session.reset(SSL_new(context.get()), SSL_free);
    SSL_set_bio(session.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(session.get());
  }

  // What it answers to these bytes; what it read is in `plain`.
  std::string take(const std::string& bytes) {
    BIO_write(SSL_get_rbio(session.get()), bytes.data(), static_cast<int>(bytes.size()));
    char chunk[4096];
    int got = 0;
    while ((got = SSL_read(session.get(), chunk, sizeof chunk)) > 0) {
      plain.append(chunk, static_cast<std::size_t>(got));
    }
    return outgoing();
  }
  std::string say(std::string_view text) {
    SSL_write(session.get(), text.data(), static_cast<int>(text.size()));
    return outgoing();
  }
  std::string outgoing() {
    std::string bytes(BIO_ctrl_pending(SSL_get_wbio(session.get())), '\0');
    BIO_read(SSL_get_wbio(session.get()), bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }

  std::shared_ptr<SSL_CTX> context;
  std::shared_ptr<SSL> session;
  std::string plain;
};

TlsServer::Terms trust(std::string host) {
  return {std::move(host),
          {},
          authority().pem(),
          false,
          false,
          "redis_ca_path",
          nullptr,
          "redis_client_certificate_path"};
}

TlsSession session_with(TlsServer::Terms terms) {
  return TlsSession(TlsServer::create(std::move(terms)).value());
}

// Runs the handshake; pieces of so many bytes go to the client.
Result<void> meet(TlsSession& client, Server& server, std::size_t piece_size = 100'000) {
  for (int i = 0; i < 10 && !client.is_agreed(); ++i) {
    auto answer = server.take(client.take_outgoing());
    std::string plain;
    for (std::size_t at = 0; at < answer.size(); at += piece_size) {
      if (auto took = client.receive(answer.substr(at, piece_size), plain); !took.ok()) return took;
    }
    CHECK(plain.empty());
  }
  std::string plain;
  return client.receive(server.take(client.take_outgoing()), plain);  // tickets
}

std::string refusal(TlsServer::Terms terms, const Certificate& certificate, int max_version = 0) {
  auto client = session_with(std::move(terms));
  Server server(certificate, max_version);
  const auto met = meet(client, server);
  CHECK_FALSE(client.is_agreed());
  return met.ok() ? std::string() : met.error().text;
}

TlsServer::Terms with(const Certificate& client, std::string chain = {}) {
  auto terms = trust("redis.example");
  if (chain.empty()) chain = client.pem();
  auto read = TlsClientCertificate::read_chain(chain);
  terms.client = TlsClientCertificate::create(std::move(read).value(), client.key_pem()).value();
  return terms;
}

// What a server that demands a client certificate says to it.
std::string answer_of_demanding(std::shared_ptr<const TlsServer> terms, int max_version = 0) {
  TlsSession client(std::move(terms));
  Server server(support::issue(authority(), terms_for("redis.example")), max_version, &authority());
  const auto met = meet(client, server);
  if (!met.ok()) return met.error().text;
  CHECK(client.is_agreed());
  CHECK(SSL_is_init_finished(server.session.get()));
  return "agreed";
}

std::string answer_to(TlsServer::Terms terms, int max_version = 0) {
  return answer_of_demanding(TlsServer::create(std::move(terms)).value(), max_version);
}

}  // namespace

TEST_SUITE("io/tls_session") {
  TEST_CASE("F-073: plain text goes both ways, however the bytes are cut") {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100'000}}) {
      for (const int version : {TLS1_2_VERSION, 0}) {
        auto client = session_with(trust("redis.example"));
        Server server(support::issue(authority(), terms_for("redis.example")), version);
        REQUIRE(meet(client, server, piece).ok());
        REQUIRE(client.is_agreed());

        const std::string large(100'000, 'x');
        REQUIRE(client.send(large).ok());
        std::string plain;
        REQUIRE(client.receive(server.take(client.take_outgoing()), plain).ok());
        CHECK(server.plain == large);
        CHECK(plain.empty());
        auto both = server.say("hello");
        both += server.say("again");
        REQUIRE(client.receive(both, plain).ok());
        CHECK(plain == "helloagain");
        CHECK_FALSE(client.has_ended());
        SSL_shutdown(server.session.get());
        REQUIRE(client.receive(server.outgoing(), plain).ok());
        CHECK(client.has_ended());
      }
    }
  }

  TEST_CASE("F-073: an address is verified as an address") {
    auto client = session_with(trust("127.0.0.1"));
    Server server(support::issue(authority(), terms_for("redis.example")));
    CHECK(meet(client, server).ok());
    CHECK(client.is_agreed());
    CHECK(refusal(trust("127.0.0.2"), support::issue(authority(), terms_for("redis.example")))
              .find("another name") != std::string::npos);
  }

  TEST_CASE("RD-05: a good chain for another name, and no name at all, are refused") {
    CHECK(
        refusal(trust("redis.example"), support::issue(authority(), terms_for("other.example"))) ==
        "its certificate is for another name");
    CertificateTerms common_name;
    common_name.common_name = "redis.example";
    CHECK(refusal(trust("redis.example"), support::issue(authority(), common_name)) ==
          "its certificate is for another name");
    CHECK(TlsServer::create(trust("")).error().status == Status::invalid_configuration);
    auto lax = trust("");
    lax.insecure_skip_verify = true;
    CHECK(TlsServer::create(std::move(lax)).ok());
  }

  TEST_CASE("a chain that nobody vouches for is refused, and the option is named") {
    CHECK(refusal(trust("redis.example"), support::self_signed(terms_for("redis.example"))) ==
          "its certificate is self-signed; name the authority in redis_ca_path");
    auto nobody = trust("redis.example");
    nobody.ca_pem.clear();
    CHECK(refusal(nobody, support::issue(authority(), terms_for("redis.example"))) ==
          "its certificate comes from an unknown authority; name it in redis_ca_path");
    nobody.use_system_store = true;
    CHECK_FALSE(refusal(nobody, support::issue(authority(), terms_for("redis.example"))).empty());
    auto expired = terms_for("redis.example");
    expired.ends_in_seconds = -60;
    CHECK(refusal(trust("redis.example"), support::issue(authority(), expired)) ==
          "its certificate has expired");
  }

  TEST_CASE("redis_insecure_skip_tls_verify accepts any certificate, and only where it is set") {
    auto lax = trust("redis.example");
    lax.insecure_skip_verify = true;
    auto client = session_with(lax);
    Server server(support::self_signed(terms_for("other.example")));
    CHECK(meet(client, server).ok());
    CHECK(client.is_agreed());
  }

  TEST_CASE("H-18: TLS 1.1 and older, and what is no TLS, are refused") {
    const auto good = support::issue(authority(), terms_for("redis.example"));
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
      CHECK(refusal(trust("redis.example"), good, version).find("TLS 1.2 or newer") !=
            std::string::npos);
    }
    auto client = session_with(trust("redis.example"));
    std::string plain;
    CHECK_FALSE(client.receive("-ERR this is no TLS\r\n", plain).ok());
    CHECK(plain.empty());
  }

  TEST_CASE(
      "authorities that cannot be read are a mistake of the configuration, not fewer of them") {
    auto terms = trust("redis.example");
    for (const auto& pem :
         {std::string("nothing"), authority().pem() + "-----BEGIN CERTIFICATE-----\n!\n",
          std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}) {
      terms.ca_pem = pem;
      const auto made = TlsServer::create(terms);
      REQUIRE_FALSE(made.ok());
      CHECK(made.error().status == Status::invalid_configuration);
      CHECK(made.error().text.starts_with("redis_ca_path: "));
    }
    terms.ca_pem = "a comment\n" + authority().pem() + authority().pem() + "\n";
    CHECK(TlsServer::create(terms).ok());
  }

  TEST_CASE("another server on the same terms: by its own name, or by one that it may have too") {
    const auto first = TlsServer::create(trust("redis.example")).value();
    const auto is_met = [&](std::string host, std::vector<std::string> or_names,
                            const support::Certificate& certificate) {
      TlsSession client(first->for_host(std::move(host), std::move(or_names)).value());
      Server server(certificate);
      return meet(client, server).ok() && client.is_agreed();
    };
    const auto of = [](std::string name) {
      return support::issue(authority(), terms_for(std::move(name)));
    };
    CHECK(is_met("node.example", {}, of("node.example")));
    CHECK_FALSE(is_met("node.example", {}, of("redis.example")));
    CHECK(is_met("node.example", {"redis.example"}, of("redis.example")));
    CHECK(is_met("node.example", {"redis.example"}, of("node.example")));
    CHECK_FALSE(is_met("node.example", {"redis.example"}, of("other.example")));
    CHECK(is_met("127.0.0.1", {}, of("whatever.example")));
    CHECK_FALSE(is_met("127.0.0.2", {}, of("whatever.example")));
    CHECK_FALSE(is_met("node.example", {}, support::self_signed(terms_for("node.example"))));
    CHECK(first->for_host("", {}).error().status == Status::invalid_configuration);
  }

  TEST_CASE("a server that demands a client certificate: ours is shown, in every version of TLS") {
    for (const int version : {TLS1_2_VERSION, 0}) {
      CAPTURE(version);
      const auto client = support::issue(authority(), {});
      CHECK(answer_to(with(client), version) == "agreed");
      CHECK(answer_to(trust("redis.example"), version) ==
            "it asks for a client certificate; name one in redis_client_certificate_path");
      for (const auto& stranger :
           {support::issue(support::make_authority(), {}), support::self_signed({})}) {
        CHECK(answer_to(with(stranger), version) ==
              "it refuses the certificate in redis_client_certificate_path");
      }
      support::CertificateTerms past;
      past.ends_in_seconds = -60;
      CHECK(answer_to(with(support::issue(authority(), past)), version) ==
            "it refuses the certificate in redis_client_certificate_path");
    }
  }

  TEST_CASE("a client certificate is shown with those that lead to its authority") {
    const auto intermediate = support::issue_authority(authority());
    const auto client = support::issue(intermediate, {});
    CHECK(answer_to(with(client, client.pem() + intermediate.pem())) == "agreed");
    CHECK(answer_to(with(client)) == "it refuses the certificate in redis_client_certificate_path");
  }

  TEST_CASE("another server on the same terms is shown the client certificate too") {
    const auto client = support::issue(authority(), {});
    const auto first = TlsServer::create(with(client)).value();
    CHECK(answer_of_demanding(first->for_host("redis.example", {}).value()) == "agreed");
    const auto without = TlsServer::create(trust("redis.example")).value();
    CHECK(answer_of_demanding(without->for_host("redis.example", {}).value()) != "agreed");
  }

  TEST_CASE("a client certificate is kept to itself where no server asks for it") {
    const auto client = support::issue(authority(), {});
    auto session = session_with(with(client));
    Server server(support::issue(authority(), terms_for("redis.example")));
    CHECK(meet(session, server).ok());
    CHECK(session.is_agreed());
    CHECK(SSL_get0_peer_certificate(server.session.get()) == nullptr);
  }

  TEST_CASE("bytes that were changed on the way end the session") {
    auto client = session_with(trust("redis.example"));
    Server server(support::issue(authority(), terms_for("redis.example")));
    REQUIRE(meet(client, server).ok());
    auto bytes = server.say("hello");
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    std::string plain;
    const auto took = client.receive(bytes, plain);
    REQUIRE_FALSE(took.ok());
    CHECK(took.error().text == "it broke off TLS");
    CHECK(plain.empty());
  }
}
