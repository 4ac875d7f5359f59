#include "crypto/gcm.hpp"

#include <openssl/core_names.h>

#include <array>
#include <climits>
#include <utility>

#include "base/secret.hpp"
#include "crypto/context_pool.hpp"
#include "crypto/openssl_handle.hpp"

namespace gatelet::crypto {
namespace {

Error unusable() {
  return {Status::invalid_value, "AES-GCM takes a key of 16, 24 or 32 bytes and a nonce of 12"};
}

Error refused() { return {Status::session_invalid, "the encrypted value is not authentic"}; }

bool feed(EVP_CIPHER_CTX* context, std::string_view in, unsigned char* out) noexcept {
  int written = 0;
  return in.empty() || (EVP_CipherUpdate(context, out, &written, octets(in.data()),
                                         static_cast<int>(in.size())) == 1 &&
                        static_cast<std::size_t>(written) == in.size());
}

}  // namespace

// The three sizes of keys. A context that served a key of its size needs no algorithm set again.
struct Gcm::Impl {
  struct OfSize {
    CipherHandle algorithm;
    mutable ContextPool<CipherContext> pool;

    // Ready to encrypt, or to decrypt what has this tag (tag_size bytes, else null); null when
    // memory ran out.
    CipherContext begin(std::string_view key, std::string_view nonce,
                        unsigned char* expected_tag) const noexcept {
      std::array params = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
      if (expected_tag != nullptr) {
        params[0] =
            OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, expected_tag, tag_size);
      }
      auto context = pool.take();
      const bool is_new = !context;
      if (is_new) context.reset(EVP_CIPHER_CTX_new());
      if (!context || EVP_CipherInit_ex2(context.get(), is_new ? algorithm.get() : nullptr,
                                         octets(key.data()), octets(nonce.data()),
                                         expected_tag == nullptr ? 1 : 0, params.data()) != 1) {
        return nullptr;
      }
      return context;
    }
  };
  std::array<OfSize, 3> sizes;  // 16, 24 and 32 bytes

  const OfSize* find(std::string_view key, std::string_view nonce) const noexcept {
    const bool is_good = key.size() == 16 || key.size() == 24 || key.size() == 32;
    return is_good && nonce.size() == nonce_size ? &sizes[key.size() / 8 - 2] : nullptr;
  }
};

Gcm::Gcm(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Gcm::Gcm(Gcm&&) noexcept = default;
Gcm& Gcm::operator=(Gcm&&) noexcept = default;
Gcm::~Gcm() = default;

Result<Gcm> Gcm::make() {
  const ErrorScope errors;
  auto impl = std::make_unique<Impl>();
  constexpr std::array names = {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    impl->sizes[i].algorithm.reset(EVP_CIPHER_fetch(nullptr, names[i], nullptr));
    if (!impl->sizes[i].algorithm) return Error{Status::internal, "setting up AES-GCM failed"};
  }
  return Gcm(std::move(impl));
}

Result<void> Gcm::seal(std::string_view key, std::string_view nonce, std::string_view data,
                       std::string_view plain, std::string& out) const {
  const auto* size = impl_->find(key, nonce);
  if (!size) return unusable();
  if (data.size() > INT_MAX || plain.size() > INT_MAX) {
    return Error{Status::internal, "too much to encrypt"};
  }
  const ErrorScope errors;
  const auto before = out.size();
  out.resize(before + plain.size() + tag_size);
  auto* const text = octets(out.data()) + before;
  auto context = size->begin(key, nonce, nullptr);
  int written = 0;
  if (!context || !feed(context.get(), data, nullptr) || !feed(context.get(), plain, text) ||
      EVP_CipherFinal_ex(context.get(), text + plain.size(), &written) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_size),
                          text + plain.size()) != 1) {
    out.resize(before);
    return Error{Status::internal, "encrypting failed"};
  }
  size->pool.give_back(std::move(context));
  return {};
}

Result<void> Gcm::open_in_place(std::string_view key, std::string_view nonce, std::string_view data,
                                char* sealed, std::size_t sealed_size) const {
  const auto* size = impl_->find(key, nonce);
  if (!size) return unusable();
  if (sealed_size < tag_size || sealed_size > INT_MAX || data.size() > INT_MAX) return refused();
  const ErrorScope errors;
  const std::string_view text(sealed, sealed_size - tag_size);
  auto* const bytes = octets(sealed);
  auto context = size->begin(key, nonce, bytes + text.size());
  const bool is_ready =
      context && feed(context.get(), data, nullptr) && feed(context.get(), text, bytes);
  int written = 0;
  if (is_ready && EVP_CipherFinal_ex(context.get(), bytes + text.size(), &written) == 1) {
    size->pool.give_back(std::move(context));
    return {};
  }
  wipe(sealed, sealed_size);  // nobody may see a text that was not authentic
  if (!is_ready) return Error{Status::internal, "decrypting failed"};
  size->pool.give_back(std::move(context));
  return refused();
}

}  // namespace gatelet::crypto
