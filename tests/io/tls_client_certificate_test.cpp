#include "io/tls_client_certificate.hpp"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <string>

#include "support/certificates.hpp"

using namespace gatelet;
using namespace gatelet::io;
using support::Certificate;

namespace {

std::string chain_problem(const std::string& pem) {
  const auto read = TlsClientCertificate::read_chain(pem);
  if (read.ok()) return "read";
  CHECK(read.error().status == Status::invalid_configuration);
  return read.error().text;
}

std::string key_problem(const Certificate& certificate, const std::string& key_pem) {
  auto chain = TlsClientCertificate::read_chain(certificate.pem());
  const auto made = TlsClientCertificate::create(std::move(chain).value(), key_pem);
  if (made.ok()) return "made";
  CHECK(made.error().status == Status::invalid_configuration);
  return made.error().text;
}

std::string under_passphrase(const Certificate& certificate) {
  std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PKCS8PrivateKey(memory.get(), certificate.key.get(), EVP_aes_128_cbc(), "canary", 6,
                                nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

TEST_SUITE("io/tls_client_certificate") {
  TEST_CASE("a certificate and its key, with comments and certificates above it") {
    const auto authority = support::make_authority();
    const auto client = support::issue(authority, {});
    CHECK(chain_problem(client.pem()) == "read");
    CHECK(chain_problem("a comment\n" + client.pem() + authority.pem() + "\n") == "read");
    CHECK(key_problem(client, client.key_pem()) == "made");
    CHECK(key_problem(client, client.pem() + client.key_pem()) == "made");
  }

  TEST_CASE("no certificate, or a broken one among good ones, is refused") {
    const auto good = support::make_authority();
    for (const auto& pem :
         {std::string(), std::string("canary"), good.key_pem(),
          good.pem() + "-----BEGIN CERTIFICATE-----\n!\n",
          std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}) {
      CHECK(chain_problem(pem) == "holds no certificates in PEM, or a broken one");
    }
  }

  TEST_CASE("a key that is none, or another certificate's, is refused") {
    const auto client = support::self_signed({});
    for (const auto& pem : {std::string(), std::string("canary"), client.pem(),
                            std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE "
                                        "KEY-----\n")}) {
      CHECK(key_problem(client, pem) == "holds no private key in PEM, or a broken one");
    }
    CHECK(key_problem(client, support::self_signed({}).key_pem()) ==
          "holds another key than that of the certificate");
  }

  TEST_CASE("a key under a passphrase is refused; nobody is asked for one") {
    const auto client = support::self_signed({});
    CHECK(key_problem(client, under_passphrase(client)) ==
          "holds a private key under a passphrase; write it without one");
  }
}
