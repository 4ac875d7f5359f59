#include "crypto/hmac.hpp"

#include <cstring>
#include <utility>

#include "base/constant_time.hpp"
#include "crypto/context_pool.hpp"
#include "crypto/openssl_handle.hpp"

namespace gatelet::crypto {
namespace {

constexpr std::size_t max_block_size = 128;
constexpr std::size_t max_digest_size = 64;

const char* algorithm_name(Digest digest) noexcept {
  switch (digest) {
    case Digest::md5: return "MD5";
    case Digest::sha1: return "SHA1";
    case Digest::sha224: return "SHA2-224";
    case Digest::sha256: return "SHA2-256";
    case Digest::sha384: return "SHA2-384";
    case Digest::sha512: return "SHA2-512";
  }
  return nullptr;
}

}  // namespace

// The two hash states of RFC 2104 with the padded key already taken in. Copying a state costs less
// than OpenSSL's own HMAC object, which takes the padded key in again for each message.
struct HmacKey::Impl {
  Digest digest;
  MdHandle algorithm;
  MdContext inner;
  MdContext outer;
  mutable ContextPool<MdContext> pool;

  bool absorb_key(std::string_view key) noexcept;
  bool compute(EVP_MD_CTX* context, std::initializer_list<std::string_view> parts,
               unsigned char* out) const noexcept;
};

bool HmacKey::Impl::absorb_key(std::string_view key) noexcept {
  const auto block_size = static_cast<std::size_t>(EVP_MD_get_block_size(algorithm.get()));
  if (block_size > max_block_size) return false;

  std::array<unsigned char, max_block_size> block{};
  bool done = true;
  if (key.size() > block_size) {
    done = EVP_Digest(key.data(), key.size(), block.data(), nullptr, algorithm.get(), nullptr) == 1;
  } else if (!key.empty()) {
    std::memcpy(block.data(), key.data(), key.size());
  }
  for (auto& byte : block) byte ^= 0x36;
  done = done && EVP_DigestInit_ex2(inner.get(), algorithm.get(), nullptr) == 1 &&
         EVP_DigestUpdate(inner.get(), block.data(), block_size) == 1;
  for (auto& byte : block) byte ^= 0x36 ^ 0x5c;
  done = done && EVP_DigestInit_ex2(outer.get(), algorithm.get(), nullptr) == 1 &&
         EVP_DigestUpdate(outer.get(), block.data(), block_size) == 1;
  wipe(block.data(), block.size());
  return done;
}

bool HmacKey::Impl::compute(EVP_MD_CTX* context, std::initializer_list<std::string_view> parts,
                            unsigned char* out) const noexcept {
  if (EVP_MD_CTX_copy_ex(context, inner.get()) != 1) return false;
  for (const auto part : parts) {
    if (EVP_DigestUpdate(context, part.data(), part.size()) != 1) return false;
  }
  std::array<unsigned char, max_digest_size> inside{};
  const bool done = EVP_DigestFinal_ex(context, inside.data(), nullptr) == 1 &&
                    EVP_MD_CTX_copy_ex(context, outer.get()) == 1 &&
                    EVP_DigestUpdate(context, inside.data(), digest_size(digest)) == 1 &&
                    EVP_DigestFinal_ex(context, out, nullptr) == 1;
  wipe(inside.data(), inside.size());
  return done;
}

HmacKey::HmacKey(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
HmacKey::HmacKey(HmacKey&&) noexcept = default;
HmacKey& HmacKey::operator=(HmacKey&&) noexcept = default;
HmacKey::~HmacKey() = default;

Result<HmacKey> HmacKey::make(Digest digest, const Secret& key) {
  // An empty key signs for everybody.
  if (key.empty()) return Error{Status::invalid_value, "an HMAC key may not be empty"};

  const ErrorScope errors;
  auto impl = std::make_unique<Impl>();
  impl->digest = digest;
  impl->algorithm.reset(EVP_MD_fetch(nullptr, algorithm_name(digest), nullptr));
  impl->inner.reset(EVP_MD_CTX_new());
  impl->outer.reset(EVP_MD_CTX_new());
  if (!impl->algorithm || !impl->inner || !impl->outer || !impl->absorb_key(key.reveal()))
    return Error{Status::internal, "setting up an HMAC key failed"};
  impl->pool.give_back(MdContext(EVP_MD_CTX_new()));
  return HmacKey(std::move(impl));
}

Result<void> HmacKey::mac(std::initializer_list<std::string_view> parts, unsigned char* out) const {
  auto context = impl_->pool.take();
  if (!context) context.reset(EVP_MD_CTX_new());
  if (context && impl_->compute(context.get(), parts, out)) {
    impl_->pool.give_back(std::move(context));
    return {};
  }
  ERR_clear_error();  // memory ran out: nothing else can fail above
  std::memset(out, 0, digest_size(impl_->digest));
  return Error{Status::internal, "computing an HMAC failed"};
}

Result<std::string> HmacKey::mac(std::initializer_list<std::string_view> parts) const {
  std::string out(digest_size(impl_->digest), '\0');
  auto done = mac(parts, octets(out.data()));
  if (!done) return std::move(done).error();
  return out;
}

bool HmacKey::verify(std::initializer_list<std::string_view> parts,
                     std::string_view expected) const noexcept {
  std::array<unsigned char, max_digest_size> computed{};
  auto context = impl_->pool.take();
  if (!context) context.reset(EVP_MD_CTX_new());
  if (!context || !impl_->compute(context.get(), parts, computed.data())) {
    ERR_clear_error();
    return false;
  }
  impl_->pool.give_back(std::move(context));
  const std::string_view whole(reinterpret_cast<const char*>(computed.data()),
                               digest_size(impl_->digest));
  const bool equal = equal_constant_time(whole, expected);
  wipe(computed.data(), computed.size());
  return equal;
}

}  // namespace gatelet::crypto
