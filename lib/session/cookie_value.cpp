#include "session/cookie_value.hpp"

#include <utility>

#include "base/secret.hpp"
#include "session/signed_value.hpp"

namespace gatelet::session {
namespace {

// A signed value has two '|', a native one none.
CookieFormat format_of(const SessionSettings& settings, std::string_view text) noexcept {
  if (!settings.accept_other_format) return settings.format;
  return text.find('|') == std::string_view::npos ? CookieFormat::native
                                                  : CookieFormat::oauth2_proxy;
}

struct Signed {
  SignedParts parts;
  const CompatKey* key;
};

// This format does not name its key: each of the few is asked.
Result<Signed> find_signed(const CookieKeys& keys, const CookieValue& value, Instant now) {
  std::optional<Error> first;
  for (const auto& key : keys.compat()) {
    auto parts = check_signed(key.mac, value.binding.name, value.text, value.lifetime, now);
    if (parts) return Signed{*parts, &key};
    if (!first) first = std::move(parts).error();
  }
  return std::move(*first);
}

Result<OpenedValue> open_signed(const SessionSettings& settings, const CookieKeys& keys,
                                const CookieValue& value, Instant now, Workspace& workspace) {
  const auto found = find_signed(keys, value, now);
  if (!found) return found.error();
  auto& buffer = workspace.sealed;
  const auto size = decode_payload(found->parts.payload, buffer);
  if (!size) return size.error();
  workspace.used = *size;
  if (value.binding.purpose == Purpose::ticket) {  // signed only
    return OpenedValue{std::string_view(buffer).substr(0, *size), found->parts.seconds};
  }
  auto decrypted = found->key->cipher.decrypt_in_place(buffer.data(), *size);
  if (!decrypted) return std::move(decrypted).error();

  auto content = std::string_view(buffer).substr(0, *size).substr(crypto::CfbKey::iv_size);
  if (value.binding.purpose == Purpose::session) {
    const auto record = workspace.frames.read(content, settings.record_limit);
    if (!record) return record.error();
    content = *record;
  }
  return OpenedValue{content, found->parts.seconds};
}

Result<std::string> encrypt(const CookieKeys& keys, Purpose purpose, std::string_view content,
                            Entropy& entropy) {
  if (purpose == Purpose::ticket) return std::string(content);
  if (purpose != Purpose::session) return keys.cipher().encrypt(content, entropy);
  auto frame = write_frame(content);
  if (!frame) return frame;
  auto sealed = keys.cipher().encrypt(*frame, entropy);
  wipe(*frame);
  return sealed;
}

}  // namespace

Result<OpenedValue> open_value(const SessionSettings& settings, const CookieKeys& keys,
                               const CookieValue& value, Instant now, Workspace& workspace) {
  if (format_of(settings, value.text) == CookieFormat::oauth2_proxy)
    return open_signed(settings, keys, value, now, workspace);
  return keys.native().open(value.binding, value.text, value.lifetime, now, settings.record_limit,
                            workspace);
}

Result<std::int64_t> check_value(const SessionSettings& settings, const CookieKeys& keys,
                                 const CookieValue& value, Instant now) {
  if (format_of(settings, value.text) == CookieFormat::oauth2_proxy) {
    const auto found = find_signed(keys, value, now);
    if (!found) return found.error();
    return found->parts.seconds;
  }
  BorrowedWorkspace workspace(keys.workspaces());
  const auto opened = open_value(settings, keys, value, now, *workspace);
  if (!opened) return opened.error();
  return opened->seconds;
}

Result<std::string> seal_value(const SessionSettings& settings, const CookieKeys& keys,
                               const Binding& binding, std::string_view content,
                               std::int64_t seconds, Entropy& entropy) {
  if (settings.format == CookieFormat::native)
    return keys.native().seal(binding, content, seconds, entropy);
  auto sealed = encrypt(keys, binding.purpose, content, entropy);
  if (!sealed) return sealed;
  auto value = write_signed(keys.mac(), binding.name, *sealed, seconds);
  wipe(*sealed);  // a ticket is not encrypted
  return value;
}

std::optional<std::int64_t> claimed_time(std::string_view value) noexcept {
  if (const auto parts = split_signed(value)) return parts->seconds;
  return claimed_native_time(value);
}

}  // namespace gatelet::session
