#include "crypto/pkey.hpp"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>
#include <new>
#include <string>
#include <utility>

#include "crypto/context_pool.hpp"
#include "crypto/ecdsa_signature.hpp"
#include "crypto/ed25519_point.hpp"
#include "crypto/hash.hpp"
#include "crypto/openssl_handle.hpp"
#include "crypto/pem.hpp"
#include "crypto/rsa_modulus.hpp"

namespace gatelet::crypto {
namespace {

using Kind = PublicKey::Kind;

constexpr std::size_t num_algorithms = 10;
constexpr std::size_t max_digest_size = 64;
constexpr std::size_t max_coordinate_size = 66;

bool is_pss(SignatureAlgorithm algorithm) noexcept {
  return algorithm == SignatureAlgorithm::ps256 || algorithm == SignatureAlgorithm::ps384 ||
         algorithm == SignatureAlgorithm::ps512;
}

// The hash that is signed. EdDSA hashes inside and never comes here.
const char* digest_name(SignatureAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case SignatureAlgorithm::rs256:
    case SignatureAlgorithm::ps256:
    case SignatureAlgorithm::es256: return "SHA2-256";
    case SignatureAlgorithm::rs384:
    case SignatureAlgorithm::ps384:
    case SignatureAlgorithm::es384: return "SHA2-384";
    case SignatureAlgorithm::rs512:
    case SignatureAlgorithm::ps512:
    case SignatureAlgorithm::es512:
    case SignatureAlgorithm::eddsa: return "SHA2-512";
  }
  return nullptr;
}

// 0 for keys that are not on a Weierstrass curve.
std::size_t coordinate_size(Kind kind) noexcept {
  switch (kind) {
    case Kind::ec_p256: return 32;
    case Kind::ec_p384: return 48;
    case Kind::ec_p521: return 66;
    case Kind::rsa:
    case Kind::ed25519: return 0;
  }
  return 0;
}

const char* curve_name(Kind kind) noexcept {
  switch (kind) {
    case Kind::ec_p256: return "P-256";
    case Kind::ec_p384: return "P-384";
    case Kind::ec_p521: return "P-521";
    case Kind::rsa:
    case Kind::ed25519: return nullptr;
  }
  return nullptr;
}

using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>>;

BignumHandle big_number(std::string_view bytes) {
  return BignumHandle(BN_bin2bn(octets(bytes.data()), static_cast<int>(bytes.size()), nullptr));
}

PkeyHandle import(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return PkeyHandle(key);
}

// A hash and a verification, set up for one key and one algorithm.
struct Verification {
  MdContext hash;
  PkeyContext verify;

  bool set_up(EVP_PKEY* key, SignatureAlgorithm algorithm) noexcept;
  bool run(std::string_view data, const unsigned char* signature, std::size_t size) noexcept;
};

bool Verification::set_up(EVP_PKEY* key, SignatureAlgorithm algorithm) noexcept {
  const MdHandle digest(EVP_MD_fetch(nullptr, digest_name(algorithm), nullptr));
  hash.reset(EVP_MD_CTX_new());
  verify.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!digest || !hash || !verify) return false;
  if (EVP_DigestInit_ex2(hash.get(), digest.get(), nullptr) != 1 ||
      EVP_PKEY_verify_init(verify.get()) != 1)
    return false;
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    const int padding = is_pss(algorithm) ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
    if (EVP_PKEY_CTX_set_rsa_padding(verify.get(), padding) != 1) return false;
  }
  if (EVP_PKEY_CTX_set_signature_md(verify.get(), digest.get()) != 1) return false;
  // RFC 7518 section 3.5: the salt is as long as the hash, MGF1 uses the same hash.
  return !is_pss(algorithm) ||
         (EVP_PKEY_CTX_set_rsa_mgf1_md(verify.get(), digest.get()) == 1 &&
          EVP_PKEY_CTX_set_rsa_pss_saltlen(verify.get(), RSA_PSS_SALTLEN_DIGEST) == 1);
}

bool Verification::run(std::string_view data, const unsigned char* signature,
                       std::size_t size) noexcept {
  std::array<unsigned char, max_digest_size> digest;
  unsigned digest_length = 0;
  return EVP_DigestInit_ex2(hash.get(), nullptr, nullptr) == 1 &&
         EVP_DigestUpdate(hash.get(), data.data(), data.size()) == 1 &&
         EVP_DigestFinal_ex(hash.get(), digest.data(), &digest_length) == 1 &&
         EVP_PKEY_verify(verify.get(), signature, size, digest.data(), digest_length) == 1;
}

// A verification takes ten microseconds and more: that threads share a cache line does not show.
using VerificationPool = ContextPool<std::unique_ptr<Verification>, 8, sizeof(void*)>;

Error refused(const char* why) { return {Status::malformed, why}; }

}  // namespace

struct PublicKey::Impl {
  Kind kind;
  PkeyHandle key;
  std::size_t signature_size = 0;                          // RSA: of the modulus
  std::array<unsigned char, max_coordinate_size> order{};  // EC: n, coordinate_size bytes
  mutable std::array<VerificationPool, num_algorithms> pools;

  bool read_order() noexcept;
  bool verify_prepared(SignatureAlgorithm, std::string_view data, const unsigned char* signature,
                       std::size_t size) const noexcept;
  bool verify_ed25519(std::string_view data, std::string_view signature) const noexcept;
};

bool PublicKey::Impl::read_order() noexcept {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_EC_ORDER, &raw) != 1) return false;
  const BignumHandle n(raw);
  const int size = static_cast<int>(coordinate_size(kind));
  return BN_bn2binpad(raw, order.data(), size) == size;
}

bool PublicKey::Impl::verify_prepared(SignatureAlgorithm algorithm, std::string_view data,
                                      const unsigned char* signature,
                                      std::size_t size) const noexcept {
  auto& pool = pools[static_cast<std::size_t>(algorithm)];
  auto verification = pool.take();
  if (!verification) {
    verification.reset(new (std::nothrow) Verification);
    if (!verification || !verification->set_up(key.get(), algorithm)) return false;
  }
  const bool valid = verification->run(data, signature, size);
  pool.give_back(std::move(verification));
  return valid;
}

// The one-shot verification cannot be set up ahead (newer OpenSSL refuses a second use), which
// costs two parts in a hundred.
bool PublicKey::Impl::verify_ed25519(std::string_view data,
                                     std::string_view signature) const noexcept {
  const MdContext context(EVP_MD_CTX_new());
  return context &&
         EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key.get(),
                                 nullptr) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature.data()), signature.size(),
                          octets(data.data()), data.size()) == 1;
}

PublicKey::PublicKey(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
PublicKey::PublicKey(PublicKey&&) noexcept = default;
PublicKey& PublicKey::operator=(PublicKey&&) noexcept = default;
PublicKey::~PublicKey() = default;

Result<PublicKey> PublicKey::rsa(std::string_view modulus, std::string_view exponent) {
  auto fit = check_rsa_key(modulus, exponent);
  if (!fit) return std::move(fit).error();

  const ErrorScope errors;
  auto impl = std::make_unique<Impl>();
  impl->kind = Kind::rsa;
  impl->signature_size = modulus.size();
  const auto n = big_number(modulus);
  const auto e = big_number(exponent);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return Error{Status::out_of_memory, "setting up an RSA key failed"};
  impl->key = import("RSA", builder.get());
  if (!impl->key) return refused("an RSA key cannot be used");
  return PublicKey(std::move(impl));
}

Result<PublicKey> PublicKey::ec(Kind curve, std::string_view x, std::string_view y) {
  const std::size_t size = coordinate_size(curve);
  if (size == 0 || x.size() != size || y.size() != size)
    return refused("an EC key has coordinates of the wrong size");

  const ErrorScope errors;
  auto impl = std::make_unique<Impl>();
  impl->kind = curve;
  std::string point = "\x04";  // SEC 1: uncompressed
  point += x;
  point += y;
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve_name(curve),
                                      0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1)
    return Error{Status::out_of_memory, "setting up an EC key failed"};
  impl->key = import("EC", builder.get());
  if (!impl->key) return refused("an EC key is no point of its curve");
  const PkeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, impl->key.get(), nullptr));
  if (!check || EVP_PKEY_public_check_quick(check.get()) != 1 || !impl->read_order())
    return refused("an EC key is no point of its curve");
  return PublicKey(std::move(impl));
}

Result<PublicKey> PublicKey::ed25519(std::string_view x) {
  auto fit = check_ed25519_point(x);
  if (!fit) return std::move(fit).error();

  const ErrorScope errors;
  auto impl = std::make_unique<Impl>();
  impl->kind = Kind::ed25519;
  impl->key.reset(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets(x.data()), x.size()));
  if (!impl->key) return refused("an Ed25519 key cannot be used");
  return PublicKey(std::move(impl));
}

Result<PublicKey> PublicKey::pem(std::string_view text) {
  auto parts = read_pem(text);
  if (!parts) return std::move(parts).error();
  switch (parts->kind) {
    case Kind::rsa: return rsa(parts->first, parts->second);
    case Kind::ec_p256:
    case Kind::ec_p384:
    case Kind::ec_p521: return ec(parts->kind, parts->first, parts->second);
    case Kind::ed25519: return ed25519(parts->first);
  }
  unreachable();
}

PublicKey::Kind PublicKey::kind() const noexcept { return impl_->kind; }

bool PublicKey::fits(SignatureAlgorithm algorithm) const noexcept {
  switch (algorithm) {
    case SignatureAlgorithm::rs256:
    case SignatureAlgorithm::rs384:
    case SignatureAlgorithm::rs512:
    case SignatureAlgorithm::ps256:
    case SignatureAlgorithm::ps384:
    case SignatureAlgorithm::ps512: return kind() == Kind::rsa;
    case SignatureAlgorithm::es256: return kind() == Kind::ec_p256;
    case SignatureAlgorithm::es384: return kind() == Kind::ec_p384;
    case SignatureAlgorithm::es512: return kind() == Kind::ec_p521;
    case SignatureAlgorithm::eddsa: return kind() == Kind::ed25519;
  }
  return false;
}

bool PublicKey::verify(SignatureAlgorithm algorithm, std::string_view data,
                       std::string_view signature) const noexcept {
  if (!fits(algorithm)) return false;
  const ErrorScope errors;
  switch (kind()) {
    case Kind::rsa:
      return signature.size() == impl_->signature_size &&
             impl_->verify_prepared(algorithm, data, octets(signature.data()), signature.size());
    case Kind::ec_p256:
    case Kind::ec_p384:
    case Kind::ec_p521: {
      const auto der = der_from_jose(signature, {impl_->order.data(), coordinate_size(kind())});
      return der && impl_->verify_prepared(algorithm, data, der->bytes.data(), der->size);
    }
    case Kind::ed25519: return signature.size() == 64 && impl_->verify_ed25519(data, signature);
  }
  return false;
}

}  // namespace gatelet::crypto
