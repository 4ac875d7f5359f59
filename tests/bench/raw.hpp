// The raw limits: what OpenSSL and LZ4 need for the work gatelet cannot avoid, called the fastest
// public way (fetched algorithms, keys and contexts prepared once).
#pragma once

#include <lz4frame.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace gatelet::bench {

inline void must(bool ok) {
  if (ok) return;
  std::fputs("bench: a raw call failed\n", stderr);
  std::exit(1);
}

inline const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
inline unsigned char* bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// HMAC-SHA256 with the key set up once.
class RawHmac {
 public:
  explicit RawHmac(std::string_view key) {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    context_ = EVP_MAC_CTX_new(mac);
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    must(EVP_MAC_init(context_, bytes(key), key.size(), params) == 1);
    EVP_MAC_free(mac);
  }
  std::array<unsigned char, 32> operator()(std::string_view data) const {
    std::array<unsigned char, 32> out;
    std::size_t size = 0;
    must(EVP_MAC_init(context_, nullptr, 0, nullptr) == 1);
    must(EVP_MAC_update(context_, bytes(data), data.size()) == 1);
    must(EVP_MAC_final(context_, out.data(), &size, out.size()) == 1);
    return out;
  }

 private:
  EVP_MAC_CTX* context_;
};

// AES-256-CFB128 with the key set up once.
class RawCfb {
 public:
  explicit RawCfb(std::string_view key) : context_(EVP_CIPHER_CTX_new()) {
    EVP_CIPHER* cipher =
        EVP_CIPHER_fetch(nullptr, key.size() == 32 ? "AES-256-CFB" : "AES-192-CFB", nullptr);
    must(EVP_DecryptInit_ex2(context_, cipher, bytes(key), nullptr, nullptr) == 1);
    EVP_CIPHER_free(cipher);
  }
  void operator()(std::string_view sealed, std::string& plain) const {
    int size = 0;
    must(EVP_DecryptInit_ex2(context_, nullptr, nullptr, bytes(sealed), nullptr) == 1);
    must(EVP_DecryptUpdate(context_, bytes(plain), &size, bytes(sealed.substr(16)),
                           static_cast<int>(sealed.size() - 16)) == 1);
  }

 private:
  EVP_CIPHER_CTX* context_;
};

// LZ4 frames with one context.
class RawLz4 {
 public:
  RawLz4() { must(!LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION))); }
  std::size_t operator()(std::string_view frame, std::string& out) const {
    std::size_t in_size = frame.size(), out_size = out.size();
    must(LZ4F_decompress(context_, out.data(), &out_size, frame.data(), &in_size, nullptr) == 0);
    return out_size;
  }

 private:
  LZ4F_dctx* context_ = nullptr;
};

// One RSA PKCS #1 signature over SHA-256, contexts prepared.
class RawRsaVerify {
 public:
  explicit RawRsaVerify(EVP_PKEY* key)
      : digest_(EVP_MD_fetch(nullptr, "SHA256", nullptr)),
        context_(EVP_PKEY_CTX_new(key, nullptr)) {
    must(EVP_PKEY_verify_init(context_) == 1);
    must(EVP_PKEY_CTX_set_rsa_padding(context_, RSA_PKCS1_PADDING) == 1);
    must(EVP_PKEY_CTX_set_signature_md(context_, digest_) == 1);
  }
  bool operator()(std::string_view data, std::string_view signature) const {
    std::array<unsigned char, 32> hash;
    must(EVP_Digest(data.data(), data.size(), hash.data(), nullptr, digest_, nullptr) == 1);
    return EVP_PKEY_verify(context_, bytes(signature), signature.size(), hash.data(),
                           hash.size()) == 1;
  }

 private:
  EVP_MD* digest_;
  EVP_PKEY_CTX* context_;
};

}  // namespace gatelet::bench
