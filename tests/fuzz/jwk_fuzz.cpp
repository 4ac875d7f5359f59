// Keys: an accepted one has the size, curve and use it must have, and OpenSSL agrees.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64url.hpp"
#include "jose/jwk.hpp"
#include "jose/key_set.hpp"
#include "json/reader.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

std::string bytes_of(const json::Value& jwk, const char* name) {
  const auto* text = jwk.find_string(name);
  require(text != nullptr);
  const auto bytes = base64url::decode(*text);
  require(bytes.has_value());
  return *bytes;
}

// A second opinion: OpenSSL's whole check of the point.
bool is_on_curve(const std::string& curve, const std::string& point) {
  std::unique_ptr<OSSL_PARAM_BLD, void (*)(OSSL_PARAM_BLD*)> builder(OSSL_PARAM_BLD_new(),
                                                                     OSSL_PARAM_BLD_free);
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(), 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  std::unique_ptr<OSSL_PARAM, void (*)(OSSL_PARAM*)> params(OSSL_PARAM_BLD_to_param(builder.get()),
                                                            OSSL_PARAM_free);
  std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* raw = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return false;
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(raw, EVP_PKEY_free);
  std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> check(
      EVP_PKEY_CTX_new_from_pkey(nullptr, raw, nullptr), EVP_PKEY_CTX_free);
  return EVP_PKEY_public_check(check.get()) == 1;
}

void check_key(const json::Value& jwk) {
  const auto key = jose::parse_jwk(jwk);
  if (!key) {
    require(key.error().status == Status::malformed);
    return;
  }
  for (const auto* name : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
    require(jwk.find(name) == nullptr);
  const auto* use = jwk.find("use");
  require(use == nullptr || (use->string() != nullptr && *use->string() == "sig"));
  const auto* alg = jwk.find_string("alg");
  if (alg != nullptr) require((*key)->fits(jose::parse_algorithm(*alg).value()));
  require(!(*key)->public_key().verify(jose::Algorithm::rs256, "text", std::string(256, 'x')));

  const auto& kty = *jwk.find_string("kty");
  if (kty == "RSA") {
    const auto n = bytes_of(jwk, "n");
    const auto e = bytes_of(jwk, "e");
    require(n.size() >= 256 && n.size() <= 1024 && n[0] != 0 && (n.back() & 1) == 1);
    require(n.size() > 256 || static_cast<unsigned char>(n[0]) >= 0x80);
    require(!e.empty() && e.size() <= 8 && (e.back() & 1) == 1 && e != "\x01");
  } else if (kty == "EC") {
    const auto point = "\x04" + bytes_of(jwk, "x") + bytes_of(jwk, "y");
    require(is_on_curve(*jwk.find_string("crv"), point));
  } else {
    require(kty == "OKP" && bytes_of(jwk, "x").size() == 32);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto jwk = json::parse(input)) check_key(*jwk);

  std::vector<std::string> skipped;
  const auto keys = jose::parse_key_set(input, &skipped);
  if (!keys) {
    require(keys.error().status == Status::provider_bad_answer);
    return 0;
  }
  const auto document = json::parse(input).value();
  const auto& list = *document.find_array("keys");
  require(list.size() == keys->keys().size() + skipped.size() && list.size() <= 256);
  for (const auto& jwk : list) check_key(jwk);
  for (const auto& key : keys->keys()) {
    const auto chosen = keys->select(key->kid(), key->algorithm().value_or(jose::Algorithm::rs256));
    if (chosen) require((*chosen)->kid() == key->kid() || !key->kid());
  }
  return 0;
}
