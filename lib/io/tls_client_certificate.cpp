#include "io/tls_client_certificate.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <string>
#include <utility>

namespace gatelet::io {
namespace {

struct FreeAll {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  // The certificates in it belong to the chain.
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_free(stack); }
};

Error refused(std::string why) { return {Status::invalid_configuration, std::move(why)}; }

std::unique_ptr<BIO, FreeAll> reader_of(std::string_view pem) {
  return std::unique_ptr<BIO, FreeAll>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// In place of OpenSSL's own, which asks on the terminal.
int no_passphrase(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

}  // namespace

void TlsClientCertificate::Free::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

void TlsClientCertificate::Free::operator()(x509_st* certificate) const noexcept {
  X509_free(certificate);
}

TlsClientCertificate::TlsClientCertificate(Chain chain, Key key) noexcept
    : chain_(std::move(chain)), key_(std::move(key)) {}

Result<TlsClientCertificate::Chain> TlsClientCertificate::read_chain(std::string_view pem) {
  const auto text = reader_of(pem);
  Chain chain;
  ERR_clear_error();
  while (text) {
    Chain::value_type one(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
    if (!one) break;
    chain.push_back(std::move(one));
  }
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (chain.empty() || !is_at_end) return refused("holds no certificates in PEM, or a broken one");
  return chain;
}

bool operator==(const TlsClientCertificate& a, const TlsClientCertificate& b) noexcept {
  return std::equal(a.chain_.begin(), a.chain_.end(), b.chain_.begin(), b.chain_.end(),
                    [](const auto& x, const auto& y) { return X509_cmp(x.get(), y.get()) == 0; });
}

Result<std::shared_ptr<const TlsClientCertificate>> TlsClientCertificate::create(
    Chain chain, std::string_view key_pem) {
  const auto text = reader_of(key_pem);
  bool is_under_passphrase = false;
  Key key(text ? PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, &is_under_passphrase)
               : nullptr);
  ERR_clear_error();
  if (is_under_passphrase) {
    return refused("holds a private key under a passphrase; write it without one");
  }
  if (!key) return refused("holds no private key in PEM, or a broken one");
  const bool is_its_key = X509_check_private_key(chain.front().get(), key.get()) == 1;
  ERR_clear_error();
  if (!is_its_key) return refused("holds another key than that of the certificate");

  const std::unique_ptr<SSL_CTX, FreeAll> trial(SSL_CTX_new(TLS_client_method()));
  if (!trial) return Error{Status::out_of_memory, "memory ran out before TLS began"};
  std::shared_ptr<const TlsClientCertificate> made(
      new TlsClientCertificate(std::move(chain), std::move(key)));
  if (!made->use_on(trial.get())) {
    return refused("holds the key of a certificate that is too weak for TLS, or of no kind it has");
  }
  return made;
}

bool TlsClientCertificate::use_on(ssl_ctx_st* context) const noexcept {
  const std::unique_ptr<STACK_OF(X509), FreeAll> above(sk_X509_new_null());
  bool is_whole = above != nullptr;
  for (std::size_t i = 1; is_whole && i < chain_.size(); ++i) {
    is_whole = sk_X509_push(above.get(), chain_[i].get()) > 0;
  }
  const bool is_used = is_whole && SSL_CTX_use_cert_and_key(context, chain_.front().get(),
                                                            key_.get(), above.get(), 1) == 1;
  ERR_clear_error();
  return is_used;
}

}  // namespace gatelet::io
