#include "crypto/pem.hpp"

#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "support/token_mint.hpp"

using namespace gatelet;
using namespace gatelet::crypto;
using support::MintKey;
using support::test_key;

namespace {

std::string certificate_pem(const MintKey& key) {
  const auto text = key.private_pem();
  BIO* in = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  EVP_PKEY* pkey = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
  X509_set_pubkey(certificate, pkey);
  X509_sign(certificate, pkey, EVP_sha256());
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(out, certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(out);
  X509_free(certificate);
  EVP_PKEY_free(pkey);
  BIO_free(in);
  return pem;
}

}  // namespace

TEST_SUITE("crypto/pem") {
  TEST_CASE("read_pem: each supported kind, with its numbers whole") {
    for (const auto& [kind, expected] :
         {std::pair(MintKey::Kind::rsa_2048, PublicKey::Kind::rsa),
          std::pair(MintKey::Kind::p256, PublicKey::Kind::ec_p256),
          std::pair(MintKey::Kind::p384, PublicKey::Kind::ec_p384),
          std::pair(MintKey::Kind::p521, PublicKey::Kind::ec_p521),
          std::pair(MintKey::Kind::ed25519, PublicKey::Kind::ed25519)}) {
      const auto parts = read_pem(test_key(kind).public_pem());
      REQUIRE(parts.ok());
      CHECK(parts->kind == expected);
      CHECK(parts->first == test_key(kind).first_parameter());
      CHECK(parts->second == test_key(kind).second_parameter());
    }
  }

  TEST_CASE("read_pem: a certificate gives its key") {
    const auto& key = test_key(MintKey::Kind::p256);
    CHECK(read_pem(certificate_pem(key)).value().first == key.first_parameter());
  }

  TEST_CASE("LB-29: read_pem: private keys, other curves, ssh-rsa and text are refused") {
    CHECK(read_pem(test_key(MintKey::Kind::rsa_2048).private_pem()).error().text ==
          "a private key stands where a public key belongs");
    CHECK_FALSE(read_pem(test_key(MintKey::Kind::secp256k1).public_pem()).ok());
    CHECK_FALSE(read_pem("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC me@here").ok());
    CHECK_FALSE(read_pem("").ok());
    CHECK_FALSE(read_pem(std::string(100000, '-')).ok());
  }

  TEST_CASE("read_pem: a text of more than 64 KiB is refused, whatever stands in it") {
    const auto pem = test_key(MintKey::Kind::ed25519).public_pem();
    CHECK(read_pem(std::string(1000, '\n') + pem).ok());
    CHECK_FALSE(read_pem(std::string(64 * 1024, '\n') + pem).ok());
  }

  TEST_CASE("read_pem: a cut, changed or lengthened block is refused") {
    const auto pem = test_key(MintKey::Kind::ed25519).public_pem();
    REQUIRE(read_pem(pem).ok());
    for (std::size_t size = 0; size + 1 < pem.size(); ++size)
      CHECK_FALSE(read_pem(pem.substr(0, size)).ok());
    const auto longer = pem.find("=\n-----END") + 1;
    CHECK_FALSE(read_pem(pem.substr(0, longer) + "AAAA" + pem.substr(longer)).ok());
  }

  TEST_CASE("read_pem: leaves the host's OpenSSL errors, and adds none") {
    ERR_clear_error();
    CHECK_FALSE(read_pem("junk").ok());
    CHECK(ERR_peek_error() == 0);
    ERR_raise(ERR_LIB_USER, 42);
    CHECK_FALSE(read_pem("junk").ok());
    CHECK(ERR_GET_REASON(ERR_peek_last_error()) == 42);
    ERR_clear_error();
  }
}
