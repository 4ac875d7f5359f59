#include "crypto/cfb.hpp"

#include <climits>
#include <utility>

#include "crypto/context_pool.hpp"
#include "crypto/openssl_handle.hpp"
#include "crypto/random.hpp"

namespace gatelet::crypto {
namespace {

const char* algorithm_name(std::size_t key_size) noexcept {
  switch (key_size) {
    case 16: return "AES-128-CFB";
    case 24: return "AES-192-CFB";
    case 32: return "AES-256-CFB";
  }
  return nullptr;
}

}  // namespace

struct CfbKey::Impl {
  CipherHandle algorithm;
  Secret key;
  CipherContext decryptor;  // never used itself: copied when the pool is empty
  mutable ContextPool<CipherContext> pool;

  CipherContext borrow() const noexcept {
    auto context = pool.take();
    if (context) return context;
    context.reset(EVP_CIPHER_CTX_new());
    if (!context || EVP_CIPHER_CTX_copy(context.get(), decryptor.get()) != 1) return nullptr;
    return context;
  }
};

CfbKey::CfbKey(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
CfbKey::CfbKey(CfbKey&&) noexcept = default;
CfbKey& CfbKey::operator=(CfbKey&&) noexcept = default;
CfbKey::~CfbKey() = default;

Result<CfbKey> CfbKey::make(const Secret& key) {
  const char* name = algorithm_name(key.size());
  if (name == nullptr) {
    return Error{Status::invalid_value,
                 "an AES key has 16, 24 or 32 bytes, not " + std::to_string(key.size())};
  }
  const ErrorScope errors;
  auto impl = std::make_unique<Impl>();
  impl->algorithm.reset(EVP_CIPHER_fetch(nullptr, name, nullptr));
  impl->key = key;
  impl->decryptor.reset(EVP_CIPHER_CTX_new());
  if (!impl->algorithm || !impl->decryptor ||
      EVP_DecryptInit_ex2(impl->decryptor.get(), impl->algorithm.get(), octets(key.reveal().data()),
                          nullptr, nullptr) != 1)
    return Error{Status::internal, "setting up an AES key failed"};
  if (auto first = impl->borrow()) impl->pool.give_back(std::move(first));
  return CfbKey(std::move(impl));
}

Result<std::string> CfbKey::encrypt(std::string_view plain, Entropy& entropy) const {
  if (plain.size() > INT_MAX) return Error{Status::internal, "too much to encrypt"};
  auto sealed = random_bytes(entropy, iv_size);
  if (!sealed) return sealed;

  sealed->resize(iv_size + plain.size());
  auto* const out = octets(sealed->data());
  const ErrorScope errors;
  const CipherContext context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool done =
      context &&
      EVP_EncryptInit_ex2(context.get(), impl_->algorithm.get(), octets(impl_->key.reveal().data()),
                          out, nullptr) == 1 &&
      (plain.empty() || EVP_EncryptUpdate(context.get(), out + iv_size, &size, octets(plain.data()),
                                          static_cast<int>(plain.size())) == 1);
  if (!done || static_cast<std::size_t>(size) != plain.size())
    return Error{Status::internal, "encrypting failed"};
  return sealed;
}

Result<void> CfbKey::decrypt_in_place(char* sealed, std::size_t size) const {
  if (size < iv_size || size > INT_MAX)
    return Error{Status::session_invalid, "the encrypted value has an impossible size"};
  if (size == iv_size) return {};

  auto context = impl_->borrow();
  auto* const data = octets(sealed);
  int written = 0;
  // Only the start value is new; the key schedule stays.
  const bool done = context &&
                    EVP_DecryptInit_ex2(context.get(), nullptr, nullptr, data, nullptr) == 1 &&
                    EVP_DecryptUpdate(context.get(), data + iv_size, &written, data + iv_size,
                                      static_cast<int>(size - iv_size)) == 1;
  if (!done) {
    ERR_clear_error();  // memory ran out: nothing else can fail above
    return Error{Status::internal, "decrypting failed"};
  }
  impl_->pool.give_back(std::move(context));
  return {};
}

Result<std::string> CfbKey::decrypt(std::string_view sealed) const {
  std::string buffer(sealed);
  auto done = decrypt_in_place(buffer.data(), buffer.size());
  if (!done) return std::move(done).error();
  buffer.erase(0, iv_size);
  return buffer;
}

}  // namespace gatelet::crypto
