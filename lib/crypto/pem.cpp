#include "crypto/pem.hpp"

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include <array>
#include <memory>

#include "base/secret.hpp"
#include "crypto/openssl_handle.hpp"

namespace gatelet::crypto {
namespace {

constexpr std::size_t max_pem_size = 64 * 1024;

Error refused(const char* why) { return {Status::malformed, why}; }

struct Free {
  void operator()(char* text) const noexcept { OPENSSL_free(text); }
};
using OpensslText = std::unique_ptr<char, Free>;

// It may have been a private key that somebody put in the wrong place.
struct Wipe {
  std::size_t size;
  void operator()(unsigned char* data) const noexcept { OPENSSL_clear_free(data, size); }
};

struct Block {
  std::string label;
  std::string der;
};

Result<Block> read_block(std::string_view text) {
  const BioHandle bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) return Error{Status::out_of_memory, "reading a PEM text failed"};
  char* raw_label = nullptr;
  char* raw_header = nullptr;
  unsigned char* raw_data = nullptr;
  long size = 0;
  if (PEM_read_bio(bio.get(), &raw_label, &raw_header, &raw_data, &size) != 1)
    return refused("no PEM block was found");
  const OpensslText label(raw_label);
  const OpensslText header(raw_header);
  const std::unique_ptr<unsigned char, Wipe> data(raw_data, Wipe{static_cast<std::size_t>(size)});
  return Block{label.get(), {reinterpret_cast<char*>(data.get()), static_cast<std::size_t>(size)}};
}

PkeyHandle decode(const Block& block) {
  const unsigned char* from = octets(block.der.data());
  const unsigned char* const end = from + block.der.size();
  const auto size = static_cast<long>(block.der.size());
  if (block.label == PEM_STRING_PUBLIC) {
    PkeyHandle key(d2i_PUBKEY(nullptr, &from, size));
    return from == end ? std::move(key) : nullptr;
  }
  const X509Handle certificate(d2i_X509(nullptr, &from, size));
  if (!certificate || from != end) return nullptr;
  return PkeyHandle(X509_get_pubkey(certificate.get()));
}

std::string number(EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
  const BignumHandle value(raw);
  std::string out(size != 0 ? size : static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
  if (BN_bn2binpad(raw, octets(out.data()), static_cast<int>(out.size())) < 0) return {};
  return out;
}

KeyParts ec_parts(EVP_PKEY* key, PublicKey::Kind curve, std::size_t size) {
  return {curve, number(key, OSSL_PKEY_PARAM_EC_PUB_X, size),
          number(key, OSSL_PKEY_PARAM_EC_PUB_Y, size)};
}

}  // namespace

Result<KeyParts> read_pem(std::string_view text) {
  if (text.size() > max_pem_size) return refused("a PEM text has more than 64 KiB");
  const ErrorScope errors;
  auto block = read_block(text);
  if (!block) return std::move(block).error();
  if (block->label.ends_with("PRIVATE KEY")) {
    wipe(block->der);
    return refused("a private key stands where a public key belongs");
  }
  if (block->label != PEM_STRING_PUBLIC && block->label != PEM_STRING_X509)
    return refused("a PEM block is neither PUBLIC KEY nor CERTIFICATE");

  const auto key = decode(*block);
  if (!key) return refused("a PEM block does not hold a key");
  // "RSA-PSS" keys carry parameters of their own and are another type.
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1) {
    return KeyParts{PublicKey::Kind::rsa, number(key.get(), OSSL_PKEY_PARAM_RSA_N, 0),
                    number(key.get(), OSSL_PKEY_PARAM_RSA_E, 0)};
  }
  if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) {
    std::string x(32, '\0');
    std::size_t size = x.size();
    if (EVP_PKEY_get_raw_public_key(key.get(), octets(x.data()), &size) != 1 || size != x.size())
      return refused("an Ed25519 key cannot be read");
    return KeyParts{PublicKey::Kind::ed25519, std::move(x), {}};
  }
  std::array<char, 64> name{};
  std::size_t size = 0;
  if (EVP_PKEY_is_a(key.get(), "EC") == 1 &&
      EVP_PKEY_get_group_name(key.get(), name.data(), name.size(), &size) == 1) {
    // Whatever parameters the file spelt out, the key is rebuilt on the curve of that name.
    const std::string_view curve(name.data(), size);
    if (curve == "prime256v1") return ec_parts(key.get(), PublicKey::Kind::ec_p256, 32);
    if (curve == "secp384r1") return ec_parts(key.get(), PublicKey::Kind::ec_p384, 48);
    if (curve == "secp521r1") return ec_parts(key.get(), PublicKey::Kind::ec_p521, 66);
  }
  return refused("a key is neither RSA, P-256, P-384, P-521 nor Ed25519");
}

}  // namespace gatelet::crypto
