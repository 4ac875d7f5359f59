#include "crypto/hash.hpp"

#include "crypto/openssl_handle.hpp"

namespace gatelet::crypto {
namespace {

const EVP_MD* algorithm(Digest digest) noexcept {
  switch (digest) {
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

Result<std::array<unsigned char, 32>> sha256(std::string_view data) {
  std::array<unsigned char, 32> out{};
  if (!hash_into(Digest::sha256, data, out.data())) return failed();
  return out;
}

}  // namespace gatelet::crypto
