// An AES key in a mode that needs no authentication, its schedule done. Included in crypto/ only.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "base/secret.hpp"
#include "crypto/context_pool.hpp"
#include "crypto/openssl_handle.hpp"

namespace gatelet::crypto {

class PreparedCipher {
 public:
  // `name` as OpenSSL has it ("AES-256-ECB"); `key` of the size it says. False: OpenSSL refuses.
  bool prepare(const std::string& name, const Secret& key) noexcept {
    algorithm_.reset(EVP_CIPHER_fetch(nullptr, name.c_str(), nullptr));
    master_.reset(EVP_CIPHER_CTX_new());
    if (!algorithm_ || !master_ ||
        EVP_EncryptInit_ex2(master_.get(), algorithm_.get(), octets(key.reveal().data()), nullptr,
                            nullptr) != 1 ||
        EVP_CIPHER_CTX_set_padding(master_.get(), 0) != 1)
      return false;
    give_back(borrow());
    return true;
  }

  // Null when memory ran out.
  CipherContext borrow() const noexcept {
    auto context = pool_.take();
    if (context) return context;
    context.reset(EVP_CIPHER_CTX_new());
    if (!context || EVP_CIPHER_CTX_copy(context.get(), master_.get()) != 1) return nullptr;
    return context;
  }
  void give_back(CipherContext context) const noexcept {
    if (context) pool_.give_back(std::move(context));
  }

 private:
  CipherHandle algorithm_;
  CipherContext master_;  // never used itself: copied when the pool is empty
  mutable ContextPool<CipherContext> pool_;
};

// Encrypts `size` bytes; whole blocks, but in a mode that makes a stream.
inline bool encrypt_blocks(EVP_CIPHER_CTX* context, const unsigned char* in, std::size_t size,
                           unsigned char* out) noexcept {
  int written = 0;
  return EVP_EncryptUpdate(context, out, &written, in, static_cast<int>(size)) == 1 &&
         static_cast<std::size_t>(written) == size;
}

}  // namespace gatelet::crypto
