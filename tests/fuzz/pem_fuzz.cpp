// PEM: an accepted text is a key that can be made again from its parts, and OpenSSL's errors stay
// with us.
#include <openssl/err.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/pem.hpp"
#include "crypto/pkey.hpp"
#include "require.hpp"

using namespace gatelet;
using crypto::PublicKey;
using crypto::SignatureAlgorithm;

namespace {

Result<PublicKey> from_parts(const crypto::KeyParts& parts) {
  switch (parts.kind) {
    case PublicKey::Kind::rsa: return PublicKey::rsa(parts.first, parts.second);
    case PublicKey::Kind::ec_p256:
    case PublicKey::Kind::ec_p384:
    case PublicKey::Kind::ec_p521: return PublicKey::ec(parts.kind, parts.first, parts.second);
    case PublicKey::Kind::ed25519: return PublicKey::ed25519(parts.first);
  }
  __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto parts = crypto::read_pem(input);
  const auto key = PublicKey::pem(input);
  require(ERR_peek_error() == 0);
  if (!parts) {
    require(!key.ok() && key.error().status == parts.error().status);
    return 0;
  }
  const auto again = from_parts(*parts);
  require(again.ok() == key.ok());
  if (!key) return 0;
  require(key->kind() == parts->kind && again->kind() == parts->kind);

  const std::size_t signature_size = parts->kind == PublicKey::Kind::rsa ? parts->first.size()
                                     : parts->second.empty()             ? 64
                                                                         : 2 * parts->first.size();
  int num_fitting = 0;
  for (int i = 0; i < 10; ++i) {
    const auto algorithm = static_cast<SignatureAlgorithm>(i);
    if (key->fits(algorithm)) ++num_fitting;
    require(!key->verify(algorithm, "text", std::string(signature_size, '\x01')));
  }
  require(num_fitting == (parts->kind == PublicKey::Kind::rsa ? 6 : 1));
  require(ERR_peek_error() == 0);
  return 0;
}
