#include <algorithm>
#include <utility>

#include "base/base64url.hpp"
#include "session/cookie_session.hpp"

namespace gatelet::session {
namespace {

bool is_aes_key_size(std::size_t size) noexcept { return size == 16 || size == 24 || size == 32; }

// As Go's decoder: line ends are skipped, unused bits of the last character ignored.
std::optional<Secret> decode_leniently(std::string_view text) {
  std::string kept(text);
  std::erase_if(kept, [](char c) { return c == '\r' || c == '\n'; });
  auto bytes = base64url::decode(kept, base64url::Padding::none, base64url::TrailingBits::ignored);
  wipe(kept);
  if (!bytes) return std::nullopt;
  Secret out(*bytes);
  wipe(*bytes);
  return out;
}

Error unusable(const Secret& secret, std::string_view name) {
  return {Status::invalid_value,
          std::string(name) + " must be 16, 24 or 32 bytes, or base64url of as many; it has " +
              std::to_string(secret.size()) + " bytes"};
}

}  // namespace

Secret aes_key_of(const Secret& cookie_secret) {
  auto text = cookie_secret.reveal();
  while (text.ends_with('=')) text.remove_suffix(1);
  const auto decoded = decode_leniently(text);
  if (decoded && is_aes_key_size(decoded->size())) return *decoded;
  return is_aes_key_size(cookie_secret.size()) ? cookie_secret : Secret();
}

CookieKeys::CookieKeys(Token, std::vector<CompatKey> compat, KeyRing native)
    : compat_(std::move(compat)), native_(std::move(native)) {}

CookieKeys::~CookieKeys() = default;

Result<std::shared_ptr<const CookieKeys>> CookieKeys::make(const Secret& cookie_secret,
                                                           std::span<const Secret> previous) {
  std::vector<CompatKey> compat;
  std::vector<Secret> aes_keys;
  const auto add = [&](const Secret& secret, std::string_view name) -> Result<void> {
    auto aes_key = aes_key_of(secret);
    if (aes_key.empty()) return unusable(secret, name);
    auto cipher = crypto::CfbKey::make(aes_key);
    if (!cipher) return std::move(cipher).error();
    auto mac = crypto::HmacKey::make(crypto::Digest::sha256, secret);
    if (!mac) return std::move(mac).error();
    compat.push_back({std::move(mac).value(), std::move(cipher).value()});
    aes_keys.push_back(std::move(aes_key));
    return {};
  };
  auto added = add(cookie_secret, "cookie_secret");
  for (auto secret = previous.begin(); added && secret != previous.end(); ++secret)
    added = add(*secret, "a secret of cookie_secrets_previous");
  if (!added) return std::move(added).error();
  auto native = KeyRing::make(aes_keys);
  if (!native) return std::move(native).error();
  std::shared_ptr<const CookieKeys> keys =
      std::make_shared<CookieKeys>(Token(), std::move(compat), std::move(native).value());
  return keys;
}

}  // namespace gatelet::session
