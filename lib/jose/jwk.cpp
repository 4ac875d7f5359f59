#include "jose/jwk.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64url.hpp"
#include "jose/compact.hpp"

namespace gatelet::jose {
namespace {

using crypto::PublicKey;

// RFC 7518 sections 6.2.2, 6.3.2, 6.4.1 and RFC 8037 section 2: what only the owner may know. An
// issuer that publishes it has lost the key.
constexpr std::array<std::string_view, 8> private_members = {"d",  "p",  "q",   "dp",
                                                             "dq", "qi", "oth", "k"};

Error refused(std::string why) { return {Status::malformed, std::move(why)}; }

bool is_base64(std::string_view text) noexcept {
  // RFC 7517 section 4.7: base64, not base64url, as certificates are written elsewhere.
  if (text.empty() || text.size() % 4 != 0) return false;
  if (text.ends_with('=')) text.remove_suffix(text.ends_with("==") ? 2 : 1);
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  });
}

Result<void> check_use(const json::Value& jwk) {
  const auto* use = jwk.find("use");
  if (use != nullptr && (use->string() == nullptr || *use->string() != "sig"))
    return refused("its use is not sig");
  const auto* operations = jwk.find("key_ops");
  if (operations == nullptr) return {};
  if (operations->array() == nullptr) return refused("its key_ops is no list");
  bool verifies = false;
  for (const auto& operation : *operations->array()) {
    const auto* name = operation.string();
    if (name == nullptr || (*name != "verify" && *name != "sign"))
      return refused("its key_ops has more than signatures");
    if (*name == "verify" && std::exchange(verifies, true))
      return refused("its key_ops repeats itself");  // RFC 7517 section 4.3
  }
  if (!verifies) return refused("its key_ops has no verify");
  return {};
}

Result<void> check_certificates(const json::Value& jwk) {
  const auto* x5c = jwk.find("x5c");
  if (x5c == nullptr) return {};
  if (x5c->array() == nullptr) return refused("its x5c is no list");
  for (const auto& certificate : *x5c->array()) {
    if (certificate.string() == nullptr || !is_base64(*certificate.string()))
      return refused("its x5c is not base64");
  }
  return {};
}

// The bytes of a base64url member; empty, which no key accepts, when there is none.
std::string bytes_of(const json::Value& jwk, std::string_view name) {
  const auto* text = jwk.find_string(name);
  if (text == nullptr) return {};
  return base64url::decode(*text).value_or(std::string());
}

Result<PublicKey> parse_ec(const json::Value& jwk) {
  const auto* crv = jwk.find_string("crv");
  if (crv == nullptr) return refused("it has no crv");
  const auto x = bytes_of(jwk, "x");
  const auto y = bytes_of(jwk, "y");
  if (*crv == "P-256") return PublicKey::ec(PublicKey::Kind::ec_p256, x, y);
  if (*crv == "P-384") return PublicKey::ec(PublicKey::Kind::ec_p384, x, y);
  if (*crv == "P-521") return PublicKey::ec(PublicKey::Kind::ec_p521, x, y);
  return refused("its curve is not supported");
}

Result<PublicKey> parse_public_key(const json::Value& jwk) {
  const auto* kty = jwk.find_string("kty");
  if (kty == nullptr) return refused("it has no kty");
  if (*kty == "RSA") return PublicKey::rsa(bytes_of(jwk, "n"), bytes_of(jwk, "e"));
  if (*kty == "EC") return parse_ec(jwk);
  if (*kty == "OKP") {
    const auto* crv = jwk.find_string("crv");
    if (crv == nullptr || *crv != "Ed25519") return refused("its curve is not supported");
    return PublicKey::ed25519(bytes_of(jwk, "x"));
  }
  if (*kty == "oct") return refused("a symmetric key does not belong in a public set");
  return refused("its kty is not supported");
}

}  // namespace

Result<std::shared_ptr<const Key>> parse_jwk(const json::Value& jwk) {
  if (jwk.object() == nullptr) return refused("it is no object");
  auto use = check_use(jwk);
  if (!use) return std::move(use).error();
  auto certificates = check_certificates(jwk);
  if (!certificates) return std::move(certificates).error();

  std::optional<std::string> kid;
  if (const auto* member = jwk.find("kid")) {
    if (member->string() == nullptr || member->string()->empty() ||
        member->string()->size() > max_kid_size)
      return refused("its kid is not usable");
    kid = *member->string();
  }
  std::optional<Algorithm> algorithm;
  if (const auto* member = jwk.find("alg")) {
    if (member->string() != nullptr) algorithm = parse_algorithm(*member->string());
    if (!algorithm) return refused("its alg is not supported");
  }

  auto key = parse_public_key(jwk);
  if (!key) return std::move(key).error();
  for (const auto name : private_members) {
    if (jwk.find(name) != nullptr) return refused("it holds private members");
  }
  if (algorithm && !key->fits(*algorithm)) return refused("its alg does not fit its type");
  return std::shared_ptr<const Key>(
      std::make_shared<Key>(std::move(kid), algorithm, std::move(*key)));
}

}  // namespace gatelet::jose
