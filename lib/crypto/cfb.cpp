#include "crypto/cfb.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <utility>

#include "crypto/prepared_cipher.hpp"
#include "crypto/random.hpp"

namespace gatelet::crypto {
namespace {

constexpr std::size_t block_size = 16;
constexpr std::size_t step = 32 * block_size;  // of key stream made at once when decrypting

}  // namespace

// CFB decrypts block n by the encryption of block n-1 of the ciphertext, all of which is there from
// the start. So many blocks go through the cipher side by side (as ECB), several times as fast as
// OpenSSL's CFB, which takes them one after the other. Encrypting cannot be done so.
struct CfbKey::Impl {
  PreparedCipher cfb, ecb;
};

CfbKey::CfbKey(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
CfbKey::CfbKey(CfbKey&&) noexcept = default;
CfbKey& CfbKey::operator=(CfbKey&&) noexcept = default;
CfbKey::~CfbKey() = default;

Result<CfbKey> CfbKey::make(const Secret& key) {
  const auto size = key.size();
  if (size != 16 && size != 24 && size != 32) {
    return Error{Status::invalid_value,
                 "an AES key has 16, 24 or 32 bytes, not " + std::to_string(size)};
  }
  const ErrorScope errors;
  const auto name = "AES-" + std::to_string(8 * size);
  auto impl = std::make_unique<Impl>();
  if (!impl->cfb.prepare(name + "-CFB", key) || !impl->ecb.prepare(name + "-ECB", key))
    return Error{Status::internal, "setting up an AES key failed"};
  return CfbKey(std::move(impl));
}

Result<std::string> CfbKey::encrypt(std::string_view plain, Entropy& entropy) const {
  if (plain.size() > INT_MAX) return Error{Status::internal, "too much to encrypt"};
  auto sealed = random_bytes(entropy, iv_size);
  if (!sealed) return sealed;

  sealed->resize(iv_size + plain.size());
  auto* const out = octets(sealed->data());
  auto context = impl_->cfb.borrow();
  // Only the start value is new; the key schedule stays.
  if (!context || EVP_EncryptInit_ex2(context.get(), nullptr, nullptr, out, nullptr) != 1 ||
      (!plain.empty() &&
       !encrypt_blocks(context.get(), octets(plain.data()), plain.size(), out + iv_size))) {
    ERR_clear_error();  // memory ran out: nothing else can fail above
    return Error{Status::internal, "encrypting failed"};
  }
  impl_->cfb.give_back(std::move(context));
  return sealed;
}

Result<void> CfbKey::decrypt_in_place(char* sealed, std::size_t size) const {
  if (size < iv_size || size > INT_MAX)
    return Error{Status::session_invalid, "the encrypted value has an impossible size"};
  if (size == iv_size) return {};

  auto* const data = octets(sealed);
  auto context = impl_->ecb.borrow();
  bool done = context != nullptr;
  std::array<unsigned char, step> stream;
  // From the back, so that the ciphertext before each step is still there when its turn comes.
  const std::size_t text_size = size - iv_size;
  for (std::size_t at = (text_size - 1) / step * step + step; done && at > 0;) {
    at -= step;
    const std::size_t num_bytes = std::min(step, text_size - at);
    const std::size_t num_blocks = (num_bytes + block_size - 1) / block_size;
    done = encrypt_blocks(context.get(), data + at, num_blocks * block_size, stream.data());
    for (std::size_t i = 0; i < num_bytes; ++i) data[at + iv_size + i] ^= stream[i];
  }
  wipe(stream.data(), stream.size());
  if (!done) {
    ERR_clear_error();
    return Error{Status::internal, "decrypting failed"};
  }
  impl_->ecb.give_back(std::move(context));
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
