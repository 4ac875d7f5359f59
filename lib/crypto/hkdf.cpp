#include "crypto/hkdf.hpp"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <string>

#include "crypto/openssl_handle.hpp"

namespace gatelet::crypto {
namespace {

constexpr std::size_t max_size = std::size_t{255} * 32;  // RFC 5869 section 2.3

using KdfHandle = std::unique_ptr<EVP_KDF, Release<EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, Release<EVP_KDF_CTX_free>>;

// OpenSSL reads through the pointer and never writes.
OSSL_PARAM octets_param(const char* name, std::string_view bytes) noexcept {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

}  // namespace

Result<Secret> hkdf_sha256(const Secret& secret, std::string_view salt, std::string_view info,
                           std::size_t size) {
  if (secret.empty()) return Error{Status::invalid_value, "a key cannot come of an empty secret"};
  if (size == 0 || size > max_size) {
    return Error{Status::invalid_value, "HKDF gives 1 to 8160 bytes, not " + std::to_string(size)};
  }
  const ErrorScope errors;
  const KdfHandle algorithm(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const KdfContext context(algorithm ? EVP_KDF_CTX_new(algorithm.get()) : nullptr);
  std::array<char, 7> digest = {"SHA256"};
  std::array<OSSL_PARAM, 5> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      octets_param(OSSL_KDF_PARAM_KEY, secret.reveal())};
  std::size_t num_params = 2;
  if (!salt.empty()) params[num_params++] = octets_param(OSSL_KDF_PARAM_SALT, salt);
  if (!info.empty()) params[num_params++] = octets_param(OSSL_KDF_PARAM_INFO, info);
  params[num_params] = OSSL_PARAM_construct_end();

  std::string derived(size, '\0');
  if (!context || EVP_KDF_derive(context.get(), octets(derived.data()), size, params.data()) != 1) {
    return Error{Status::internal, "deriving a key failed"};
  }
  Secret out(derived);
  wipe(derived);
  return out;
}

}  // namespace gatelet::crypto
