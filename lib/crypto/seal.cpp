#include "crypto/seal.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "crypto/prepared_cipher.hpp"

namespace gatelet::crypto {
namespace {

constexpr std::size_t block_size = 16;
constexpr std::size_t half_nonce_size = 12;
using Block = std::array<unsigned char, block_size>;

// NIST SP 800-38B section 6.1: the subkey K1 of L = AES(key, 0), doubling in GF(2^128).
void double_in_field(Block& block) noexcept {
  const bool carries = (block.front() & 0x80) != 0;
  for (std::size_t i = 0; i + 1 < block_size; ++i)
    block[i] = static_cast<unsigned char>(block[i] << 1 | block[i + 1] >> 7);
  block.back() = static_cast<unsigned char>(block.back() << 1 ^ (carries ? 0x87 : 0));
}

// A key for one value, wiped when the value is done.
struct ValueKey {
  std::array<unsigned char, SealKey::key_size> bytes;

  ~ValueKey() { wipe(bytes.data(), bytes.size()); }
  std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

}  // namespace

struct SealKey::Impl {
  PreparedCipher block_cipher;
  Block subkey{};
  std::shared_ptr<const Gcm> gcm;

  ~Impl() { wipe(subkey.data(), subkey.size()); }

  bool make_subkey() noexcept {
    constexpr Block zero{};
    auto context = block_cipher.borrow();
    if (!context || !encrypt_blocks(context.get(), zero.data(), block_size, subkey.data()))
      return false;
    block_cipher.give_back(std::move(context));
    double_in_field(subkey);
    return true;
  }

  // Steps 3 to 5 of the specification: M1 and M2 differ in the counter; 'X' is the label.
  bool derive(std::string_view nonce, ValueKey& out) const noexcept {
    std::array<unsigned char, 2 * block_size> blocks{};
    for (std::size_t i = 0; i < 2; ++i) {
      auto* const block = blocks.data() + i * block_size;
      block[1] = static_cast<unsigned char>(i + 1);
      block[2] = 'X';
      std::copy_n(nonce.data(), half_nonce_size, block + 4);
      for (std::size_t j = 0; j < block_size; ++j) block[j] ^= subkey[j];
    }
    auto context = block_cipher.borrow();
    const bool done =
        context && encrypt_blocks(context.get(), blocks.data(), blocks.size(), out.bytes.data());
    wipe(blocks.data(), blocks.size());
    if (done) block_cipher.give_back(std::move(context));
    return done;
  }
};

SealKey::SealKey(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
SealKey::SealKey(SealKey&&) noexcept = default;
SealKey& SealKey::operator=(SealKey&&) noexcept = default;
SealKey::~SealKey() = default;

Result<SealKey> SealKey::make(const Secret& key, std::shared_ptr<const Gcm> gcm) {
  if (key.size() != key_size) {
    return Error{Status::invalid_value,
                 "a sealing key has 32 bytes, not " + std::to_string(key.size())};
  }
  const ErrorScope errors;
  auto impl = std::make_unique<Impl>();
  impl->gcm = std::move(gcm);
  if (!impl->block_cipher.prepare("AES-256-ECB", key) || !impl->make_subkey())
    return Error{Status::internal, "setting up a sealing key failed"};
  return SealKey(std::move(impl));
}

Result<void> SealKey::seal(std::string_view data, std::string_view plain, Entropy& entropy,
                           std::string& out) const {
  const ErrorScope errors;
  std::array<char, nonce_size> bytes{};
  auto drawn = entropy.fill(std::as_writable_bytes(std::span(bytes)));
  if (!drawn) return drawn;
  const std::string_view nonce(bytes.data(), bytes.size());
  ValueKey key;
  if (!impl_->derive(nonce, key)) return Error{Status::internal, "encrypting failed"};
  const auto before = out.size();
  out.reserve(before + nonce_size + plain.size() + tag_size);
  out.append(nonce);
  auto sealed = impl_->gcm->seal(key.view(), nonce.substr(half_nonce_size), data, plain, out);
  if (!sealed) out.resize(before);
  return sealed;
}

Result<std::string_view> SealKey::open_in_place(std::string_view data, char* sealed,
                                                std::size_t size) const {
  if (size < nonce_size + tag_size)
    return Error{Status::session_invalid, "the encrypted value has an impossible size"};
  const ErrorScope errors;
  const std::string_view nonce(sealed, nonce_size);
  ValueKey key;
  if (!impl_->derive(nonce, key)) return Error{Status::internal, "decrypting failed"};
  auto opened = impl_->gcm->open_in_place(key.view(), nonce.substr(half_nonce_size), data,
                                          sealed + nonce_size, size - nonce_size);
  if (!opened) return std::move(opened).error();
  return std::string_view(sealed + nonce_size, size - nonce_size - tag_size);
}

}  // namespace gatelet::crypto
