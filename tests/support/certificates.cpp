#include "support/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace gatelet::support {
namespace {

template <class T>
T* must(T* made) {
  if (!made) throw std::runtime_error("OpenSSL made no certificate");
  return made;
}

void add_name(GENERAL_NAMES* names, int type, const std::string& bytes) {
  auto* text = must(type == GEN_IPADD ? a2i_IPADDRESS(bytes.c_str())
                                      : reinterpret_cast<ASN1_OCTET_STRING*>(ASN1_IA5STRING_new()));
  if (type == GEN_DNS) ASN1_STRING_set(text, bytes.data(), static_cast<int>(bytes.size()));
  auto* name = must(GENERAL_NAME_new());
  GENERAL_NAME_set0_value(name, type, text);
  sk_GENERAL_NAME_push(names, name);
}

Certificate make(const CertificateTerms& terms, const Certificate* issuer, bool is_authority) {
  static std::atomic<long> serial{1};
  Certificate made;
  made.key.reset(must(EVP_EC_gen("P-256")), FreeOpenSsl{});
  made.x509.reset(must(X509_new()), FreeOpenSsl{});
  auto* x509 = made.x509.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x509), terms.starts_in_seconds);
  X509_gmtime_adj(X509_getm_notAfter(x509), terms.ends_in_seconds);
  X509_set_pubkey(x509, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(terms.common_name.data()),
                             static_cast<int>(terms.common_name.size()), -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(issuer ? issuer->x509.get() : x509));

  auto* constraints = must(BASIC_CONSTRAINTS_new());
  constraints->ca = is_authority ? 0xff : 0;
  X509_add1_ext_i2d(x509, NID_basic_constraints, constraints, 1, 0);
  BASIC_CONSTRAINTS_free(constraints);

  auto* names = must(sk_GENERAL_NAME_new_null());
  for (const auto& name : terms.dns_names) add_name(names, GEN_DNS, name);
  for (const auto& address : terms.addresses) add_name(names, GEN_IPADD, address);
  if (sk_GENERAL_NAME_num(names) > 0) {
    X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0);
  }
  sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);

  X509_sign(x509, (issuer ? issuer->key : made.key).get(), EVP_sha256());
  return made;
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

}  // namespace

std::string Certificate::pem() const {
  BIO* memory = must(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory, x509.get());
  return text_of(memory);
}

std::string Certificate::key_pem() const {
  BIO* memory = must(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(memory, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(memory);
}

Certificate make_authority() {
  CertificateTerms terms;
  terms.common_name = "Test Authority";
  return make(terms, nullptr, true);
}

Certificate issue(const Certificate& authority, const CertificateTerms& terms) {
  return make(terms, &authority, false);
}

Certificate issue_authority(const Certificate& above) {
  CertificateTerms terms;
  terms.common_name = "Test Intermediate";
  return make(terms, &above, true);
}

Certificate self_signed(const CertificateTerms& terms) { return make(terms, nullptr, false); }

}  // namespace gatelet::support
