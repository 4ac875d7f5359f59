// Certificates for tests: an authority made on the spot, and what it signs, good and bad.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

namespace gatelet::support {

struct FreeOpenSsl {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};

struct Certificate {
  std::shared_ptr<EVP_PKEY> key;
  std::shared_ptr<X509> x509;

  std::string pem() const;
  std::string key_pem() const;
};

struct CertificateTerms {
  std::string common_name = "test";
  std::vector<std::string> dns_names;  // may hold any bytes, a NUL included
  std::vector<std::string> addresses;  // "127.0.0.1"
  long starts_in_seconds = -3600;
  long ends_in_seconds = 3600;
};

Certificate make_authority();
Certificate issue(const Certificate& authority, const CertificateTerms& terms);
Certificate issue_authority(const Certificate& above);  // one that another vouches for
Certificate self_signed(const CertificateTerms& terms);

}  // namespace gatelet::support
