#include "crypto/hash.hpp"

#include <utility>

#include "crypto/context_pool.hpp"
#include "crypto/openssl_handle.hpp"

namespace gatelet::crypto {
namespace {

const EVP_MD* algorithm(Digest digest) noexcept {
  switch (digest) {
    case Digest::md5: return EVP_md5();
    case Digest::sha1: return EVP_sha1();
    case Digest::sha224: return EVP_sha224();
    case Digest::sha256: return EVP_sha256();
    case Digest::sha384: return EVP_sha384();
    case Digest::sha512: return EVP_sha512();
  }
  return nullptr;
}

bool hash_into(Digest digest, std::string_view data, unsigned char* out) noexcept {
  const ErrorScope errors;
  return EVP_Digest(data.data(), data.size(), out, nullptr, algorithm(digest), nullptr) == 1;
}

Error failed() { return {Status::internal, "computing a hash failed"}; }

}  // namespace

Result<std::string> hash(Digest digest, std::string_view data) {
  std::string out(digest_size(digest), '\0');
  if (!hash_into(digest, data, octets(out.data()))) return failed();
  return out;
}

struct Sha256::Impl {
  MdHandle algorithm;
  mutable ContextPool<MdContext> pool;
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  const ErrorScope errors;
  impl_->algorithm.reset(EVP_MD_fetch(nullptr, "SHA2-256", nullptr));
  impl_->pool.give_back(MdContext(EVP_MD_CTX_new()));
}

Sha256::~Sha256() = default;

Result<std::array<char, 32>> Sha256::operator()(std::string_view data) const {
  auto context = impl_->pool.take();
  if (!context) context.reset(EVP_MD_CTX_new());
  std::array<char, 32> out{};
  const bool done = context && impl_->algorithm &&
                    EVP_DigestInit_ex2(context.get(), impl_->algorithm.get(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), octets(out.data()), nullptr) == 1;
  if (!done) {
    ERR_clear_error();
    return failed();
  }
  impl_->pool.give_back(std::move(context));
  return out;
}

}  // namespace gatelet::crypto
