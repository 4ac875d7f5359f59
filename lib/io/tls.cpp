#include "io/tls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <span>

#include "http/ip.hpp"

namespace gatelet::io {

bool demand_name(void* ssl_ctx, std::string_view host) noexcept {
  if (host.empty()) return false;  // OpenSSL would check no name at all
  auto* param = SSL_CTX_get0_param(static_cast<SSL_CTX*>(ssl_ctx));
  X509_VERIFY_PARAM_set_hostflags(
      param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (const auto address = http::parse_ip(host)) {
    const auto bytes = std::span(address->bytes).subspan(address->is_v4() ? 12 : 0);
    return X509_VERIFY_PARAM_set1_ip(param, bytes.data(), bytes.size()) == 1;
  }
  return X509_VERIFY_PARAM_set1_host(param, host.data(), host.size()) == 1;
}

bool add_system_store(void* ssl_ctx) noexcept {
  return SSL_CTX_set_default_verify_paths(static_cast<SSL_CTX*>(ssl_ctx)) == 1;
}

std::string certificate_problem(long verify_result, std::string_view ca_option) {
  switch (verify_result) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "its certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "its certificate is not valid yet";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "its certificate is self-signed; name the authority in " + std::string(ca_option);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its certificate comes from an unknown authority; name it in " +
             std::string(ca_option);
    case X509_V_OK:  // libcurl's own check, which is about names only
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "its certificate is for another name";
    case X509_V_ERR_CERT_REVOKED: return "its certificate is revoked";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK: return "its certificate is too weak";
    default: return "its certificate cannot be accepted";
  }
}

}  // namespace gatelet::io
