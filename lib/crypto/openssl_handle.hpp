// OpenSSL objects that free themselves, and errors that stay with us. Included in crypto/ only.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace gatelet::crypto {

template <auto Free>
struct Release {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using MdHandle = std::unique_ptr<EVP_MD, Release<EVP_MD_free>>;
using MdContext = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;
using CipherHandle = std::unique_ptr<EVP_CIPHER, Release<EVP_CIPHER_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Release<EVP_CIPHER_CTX_free>>;
using PkeyHandle = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;
using BignumHandle = std::unique_ptr<BIGNUM, Release<BN_free>>;
using BioHandle = std::unique_ptr<BIO, Release<BIO_free_all>>;
using X509Handle = std::unique_ptr<X509, Release<X509_free>>;

// Takes back whatever OpenSSL adds to this thread's error queue while it lives: a host that uses
// OpenSSL itself must find its own errors there and none of ours.
class ErrorScope {
 public:
  ErrorScope() noexcept { ERR_set_mark(); }
  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;
  ~ErrorScope() { ERR_pop_to_mark(); }
};

inline const unsigned char* octets(const char* data) noexcept {
  return reinterpret_cast<const unsigned char*>(data);
}
inline unsigned char* octets(char* data) noexcept { return reinterpret_cast<unsigned char*>(data); }

}  // namespace gatelet::crypto
