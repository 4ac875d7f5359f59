#include "support/token_mint.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <map>
#include <mutex>
#include <stdexcept>

#include "base/base64url.hpp"

namespace gatelet::support {
namespace {

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string("token_mint: ") + what);
}

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* p) const { Free(p); }
};
using Pkey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Bignum = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ECDSA_SIG_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO, BIO_free_all>>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::size_t coordinate_size(MintKey::Kind kind) {
  switch (kind) {
    case MintKey::Kind::p256:
    case MintKey::Kind::secp256k1: return 32;
    case MintKey::Kind::p384: return 48;
    case MintKey::Kind::p521: return 66;
    case MintKey::Kind::rsa_1024:
    case MintKey::Kind::rsa_2048:
    case MintKey::Kind::ed25519: return 0;
  }
  return 0;
}

std::string_view curve_name(MintKey::Kind kind) {
  switch (kind) {
    case MintKey::Kind::p256: return "P-256";
    case MintKey::Kind::p384: return "P-384";
    case MintKey::Kind::p521: return "P-521";
    case MintKey::Kind::secp256k1: return "secp256k1";
    case MintKey::Kind::ed25519: return "Ed25519";
    case MintKey::Kind::rsa_1024:
    case MintKey::Kind::rsa_2048: return "";
  }
  return "";
}

const EVP_MD* digest_of(std::string_view alg) {
  if (alg == "ES256K" || alg.ends_with("256")) return EVP_sha256();
  if (alg.ends_with("384")) return EVP_sha384();
  return EVP_sha512();
}

// `size` 0: as many bytes as the number needs.
std::string number_bytes(EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* raw = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &raw) == 1, "no such key parameter");
  const Bignum number(raw);
  std::string out(size != 0 ? size : static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
  require(BN_bn2binpad(raw, bytes(out), static_cast<int>(out.size())) > 0, "number too long");
  return out;
}

MintKey::Kind kind_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return MintKey::Kind::ed25519;
  if (EVP_PKEY_is_a(key, "RSA") == 1)
    return EVP_PKEY_get_bits(key) < 2048 ? MintKey::Kind::rsa_1024 : MintKey::Kind::rsa_2048;
  std::array<char, 64> group{};
  std::size_t size = 0;
  require(EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1, "unknown key");
  const std::string_view name(group.data(), size);
  if (name == "prime256v1") return MintKey::Kind::p256;
  if (name == "secp384r1") return MintKey::Kind::p384;
  if (name == "secp521r1") return MintKey::Kind::p521;
  require(name == "secp256k1", "unknown curve");
  return MintKey::Kind::secp256k1;
}

Pkey generate_pkey(MintKey::Kind kind) {
  switch (kind) {
    case MintKey::Kind::rsa_1024: return Pkey(EVP_RSA_gen(1024u));
    case MintKey::Kind::rsa_2048: return Pkey(EVP_RSA_gen(2048u));
    case MintKey::Kind::ed25519: return Pkey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    case MintKey::Kind::p256:
    case MintKey::Kind::p384:
    case MintKey::Kind::p521:
    case MintKey::Kind::secp256k1:
      return Pkey(
          EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", const_cast<char*>(curve_name(kind).data())));
  }
  return nullptr;
}

// DER from OpenSSL, r ‖ s for JOSE (RFC 7518 section 3.4).
std::string joined_signature(const std::string& der, std::size_t size) {
  const unsigned char* from = bytes(std::string_view(der));
  const Signature parts(d2i_ECDSA_SIG(nullptr, &from, static_cast<long>(der.size())));
  require(parts != nullptr, "bad DER");
  std::string out(2 * size, '\0');
  const int width = static_cast<int>(size);
  require(BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), bytes(out), width) == width, "r too long");
  require(BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), bytes(out) + size, width) == width,
          "s too long");
  return out;
}

std::string quoted(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      ((out += "\\u00") += digits[static_cast<unsigned char>(c) >> 4]) += digits[c & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

}  // namespace

struct MintKey::Handle {
  Pkey key;
};

MintKey MintKey::generate(Kind kind, std::string kid) {
  auto key = generate_pkey(kind);
  require(key != nullptr, "key generation failed");
  return {std::make_shared<Handle>(Handle{std::move(key)}), kind, std::move(kid)};
}

MintKey MintKey::from_private_pem(std::string_view pem, std::string kid) {
  const Memory bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  require(key != nullptr, "no private key in the PEM text");
  const Kind kind = kind_of(key.get());
  return {std::make_shared<Handle>(Handle{std::move(key)}), kind, std::move(kid)};
}

MintKey MintKey::named(std::string kid) const { return {key_, kind_, std::move(kid)}; }

std::string_view MintKey::default_algorithm() const noexcept {
  switch (kind_) {
    case Kind::rsa_1024:
    case Kind::rsa_2048: return "RS256";
    case Kind::p256: return "ES256";
    case Kind::p384: return "ES384";
    case Kind::p521: return "ES512";
    case Kind::secp256k1: return "ES256K";
    case Kind::ed25519: return "EdDSA";
  }
  return "";
}

std::string MintKey::first_parameter() const {
  if (kind_ == Kind::ed25519) {
    std::string out(32, '\0');
    std::size_t size = out.size();
    require(EVP_PKEY_get_raw_public_key(key_->key.get(), bytes(out), &size) == 1, "no raw key");
    return out;
  }
  if (kind_ == Kind::rsa_1024 || kind_ == Kind::rsa_2048)
    return number_bytes(key_->key.get(), OSSL_PKEY_PARAM_RSA_N, 0);
  return number_bytes(key_->key.get(), OSSL_PKEY_PARAM_EC_PUB_X, coordinate_size(kind_));
}

std::string MintKey::second_parameter() const {
  if (kind_ == Kind::ed25519) return {};
  if (kind_ == Kind::rsa_1024 || kind_ == Kind::rsa_2048)
    return number_bytes(key_->key.get(), OSSL_PKEY_PARAM_RSA_E, 0);
  return number_bytes(key_->key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, coordinate_size(kind_));
}

std::string MintKey::jwk(std::string_view alg, std::string_view extra) const {
  JsonText out;
  const auto first = base64url::encode(first_parameter());
  const auto second = base64url::encode(second_parameter());
  if (kind_ == Kind::rsa_1024 || kind_ == Kind::rsa_2048) {
    out.set_string("kty", "RSA").set_string("n", first).set_string("e", second);
  } else {
    out.set_string("kty", kind_ == Kind::ed25519 ? "OKP" : "EC");
    out.set_string("crv", curve_name(kind_)).set_string("x", first);
    if (kind_ != Kind::ed25519) out.set_string("y", second);
  }
  if (!kid_.empty()) out.set_string("kid", kid_);
  if (!alg.empty()) out.set_string("alg", alg);
  if (extra.find("\"use\"") == std::string_view::npos) out.set_string("use", "sig");
  auto text = out.str();
  return text.insert(text.size() - 1, extra);
}

std::string MintKey::public_pem() const {
  const Memory bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PUBKEY(bio.get(), key_->key.get()) == 1, "cannot write PEM");
  return text_of(bio.get());
}

std::string MintKey::private_pem() const {
  const Memory bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PrivateKey(bio.get(), key_->key.get(), nullptr, nullptr, 0, nullptr,
                                   nullptr) == 1,
          "cannot write PEM");
  return text_of(bio.get());
}

std::string MintKey::sign(std::string_view alg, std::string_view data) const {
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* pkey_context = nullptr;
  const EVP_MD* digest = alg == "EdDSA" ? nullptr : digest_of(alg);
  require(EVP_DigestSignInit(context.get(), &pkey_context, digest, nullptr, key_->key.get()) == 1,
          "cannot sign");
  if (alg.starts_with("PS")) {
    require(EVP_PKEY_CTX_set_rsa_padding(pkey_context, RSA_PKCS1_PSS_PADDING) == 1, "no PSS");
    require(EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_context, RSA_PSS_SALTLEN_DIGEST) == 1, "no PSS");
  }
  std::size_t size = 0;
  require(EVP_DigestSign(context.get(), nullptr, &size, bytes(data), data.size()) == 1,
          "cannot sign");
  std::string out(size, '\0');
  require(EVP_DigestSign(context.get(), bytes(out), &size, bytes(data), data.size()) == 1,
          "cannot sign");
  out.resize(size);
  return alg.starts_with("ES") ? joined_signature(out, coordinate_size(kind_)) : out;
}

const MintKey& test_key(MintKey::Kind kind) {
  static std::mutex mutex;
  static std::map<MintKey::Kind, MintKey> keys;
  const std::lock_guard lock(mutex);
  const auto found = keys.find(kind);
  if (found != keys.end()) return found->second;
  return keys.emplace(kind, MintKey::generate(kind)).first->second;
}

std::string key_set_json(const std::vector<std::string>& jwks) {
  std::string out = "{\"keys\":[";
  for (const auto& jwk : jwks) {
    if (!out.ends_with('[')) out += ',';
    out += jwk;
  }
  return out += "]}";
}

std::string key_set_json(const MintKey& key) {
  return key_set_json(std::vector<std::string>{key.jwk(key.default_algorithm())});
}

JsonText& JsonText::set(std::string name, std::string json) {
  for (auto& [member, value] : members_) {
    if (member != name) continue;
    value = std::move(json);
    return *this;
  }
  members_.emplace_back(std::move(name), std::move(json));
  return *this;
}

JsonText& JsonText::set_string(std::string name, std::string_view text) {
  return set(std::move(name), quoted(text));
}

JsonText& JsonText::set_number(std::string name, std::int64_t number) {
  return set(std::move(name), std::to_string(number));
}

JsonText& JsonText::remove(std::string_view name) {
  std::erase_if(members_, [&](const auto& member) { return member.first == name; });
  return *this;
}

std::string JsonText::str() const {
  std::string out = "{";
  for (const auto& [name, value] : members_) {
    if (out.size() > 1) out += ',';
    ((out += quoted(name)) += ':') += value;
  }
  return out += '}';
}

JsonText id_claims(Instant now, std::string_view nonce) {
  JsonText claims;
  claims.set_string("iss", "https://idp.example").set_string("sub", "alice").set_string("aud", "c");
  claims.set_number("iat", now.unix_seconds()).set_number("exp", now.unix_seconds() + 3600);
  claims.set_string("email", "alice@example.com").set("email_verified", "true");
  if (!nonce.empty()) claims.set_string("nonce", nonce);
  return claims;
}

std::string half_hash(std::string_view alg, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  require(EVP_Digest(text.data(), text.size(), digest.data(), &size, digest_of(alg), nullptr) == 1,
          "cannot hash");
  return base64url::encode({reinterpret_cast<const char*>(digest.data()), size / 2});
}

JsonText mint_header(const MintKey& key, std::string_view alg) {
  JsonText header;
  header.set_string("alg", alg.empty() ? key.default_algorithm() : alg);
  if (!key.kid().empty()) header.set_string("kid", key.kid());
  return header.set_string("typ", "JWT");
}

std::string mint_with(const MintKey& key, std::string_view alg, std::string_view header_json,
                      std::string_view payload) {
  auto token = base64url::encode(header_json) + "." + base64url::encode(payload);
  const auto signature = key.sign(alg, token);
  return token + "." + base64url::encode(signature);
}

std::string mint(const MintKey& key, std::string_view claims_json) {
  return mint_with(key, key.default_algorithm(), mint_header(key).str(), claims_json);
}

std::string mint(const MintKey& key, const JsonText& claims) { return mint(key, claims.str()); }

std::string mint_hmac(std::string_view alg, std::string_view key_bytes,
                      std::string_view header_json, std::string_view payload) {
  auto token = base64url::encode(header_json) + "." + base64url::encode(payload);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  require(HMAC(digest_of(alg), key_bytes.data(), static_cast<int>(key_bytes.size()), bytes(token),
               token.size(), mac.data(), &size) != nullptr,
          "cannot compute a MAC");
  return token + "." + base64url::encode({reinterpret_cast<const char*>(mac.data()), size});
}

}  // namespace gatelet::support
