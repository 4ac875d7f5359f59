#include "keys.hpp"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

#include "encoding.hpp"

namespace dev_idp {
namespace {

void require(bool is_fine, const char* what) {
  if (!is_fine) throw std::runtime_error(std::string("OpenSSL: ") + what + " failed");
}

EVP_PKEY* make_pair(const std::string& algorithm) {
  if (algorithm == "ES256") return EVP_EC_gen("P-256");
  if (algorithm == "EdDSA") return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  return EVP_RSA_gen(2048);
}

std::string number(const EVP_PKEY* key, const char* name, std::size_t size = 0) {
  BIGNUM* value = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &value) == 1, name);
  std::string bytes(size ? size : static_cast<std::size_t>(BN_num_bytes(value)), '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()),
               static_cast<int>(bytes.size()));
  BN_free(value);
  return base64url(bytes);
}

// RFC 7518 section 3.4: R and S side by side, 32 bytes each; OpenSSL makes a DER sequence.
std::string fixed_width(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* parts = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  require(parts != nullptr, "reading an ECDSA signature");
  std::string out(64, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(parts), bytes, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(parts), bytes + 32, 32);
  ECDSA_SIG_free(parts);
  return out;
}

}  // namespace

SigningKey::SigningKey(std::string key_id, std::string algorithm)
    : key_id_(std::move(key_id)), algorithm_(std::move(algorithm)), key_(make_pair(algorithm_)) {
  require(key_ != nullptr, "making a key");
}

std::string SigningKey::sign(std::string_view input) const {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free);
  EVP_PKEY_CTX* details = nullptr;
  const char* digest = algorithm_ == "EdDSA" ? nullptr : "SHA256";
  require(EVP_DigestSignInit_ex(context.get(), &details, digest, nullptr, nullptr, key_.get(),
                                nullptr) == 1,
          "signing");
  if (algorithm_ == "PS256") {
    EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST);
  }

  const auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
  std::size_t size = 0;
  require(EVP_DigestSign(context.get(), nullptr, &size, bytes, input.size()) == 1, "signing");
  std::string signature(size, '\0');
  require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         bytes, input.size()) == 1,
          "signing");
  signature.resize(size);
  return algorithm_ == "ES256" ? fixed_width(signature) : signature;
}

nlohmann::json SigningKey::public_jwk() const {
  nlohmann::json jwk{{"kid", key_id_}, {"use", "sig"}, {"alg", algorithm_}};
  if (algorithm_ == "ES256") {
    jwk["kty"] = "EC";
    jwk["crv"] = "P-256";
    jwk["x"] = number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32);
    jwk["y"] = number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32);
  } else if (algorithm_ == "EdDSA") {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    require(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()),
                                        &size) == 1,
            "exporting a key");
    jwk["kty"] = "OKP";
    jwk["crv"] = "Ed25519";
    jwk["x"] = base64url(raw);
  } else {
    jwk["kty"] = "RSA";
    jwk["n"] = number(key_.get(), OSSL_PKEY_PARAM_RSA_N);
    jwk["e"] = number(key_.get(), OSSL_PKEY_PARAM_RSA_E);
  }
  return jwk;
}

std::string SigningKey::public_pem() const {
  std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  require(PEM_write_bio_PUBKEY(memory.get(), key_.get()) == 1, "exporting a key");
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

KeyRing::KeyRing(std::string algorithm) : algorithm_(std::move(algorithm)) {
  keys_.push_back(make());
}

std::shared_ptr<const SigningKey> KeyRing::make() {
  return std::make_shared<const SigningKey>("key-" + std::to_string(++num_made_), algorithm_);
}

std::shared_ptr<const SigningKey> KeyRing::current() const {
  const std::lock_guard lock(mutex_);
  return keys_.back();
}

std::shared_ptr<const SigningKey> KeyRing::unpublished() {
  const std::lock_guard lock(mutex_);
  if (!unpublished_) {
    unpublished_ = std::make_shared<const SigningKey>("unpublished", algorithm_);
  }
  return unpublished_;
}

nlohmann::json KeyRing::published() const {
  const std::lock_guard lock(mutex_);
  auto keys = nlohmann::json::array();
  for (const auto& key : keys_) keys.push_back(key->public_jwk());
  return {{"keys", keys}};
}

void KeyRing::rotate(bool keeps_old) {
  const std::lock_guard lock(mutex_);
  if (!keeps_old) keys_.clear();
  keys_.push_back(make());
}

}  // namespace dev_idp
