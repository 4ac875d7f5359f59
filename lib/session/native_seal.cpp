#include "session/native_seal.hpp"

#include <array>
#include <utility>

#include "base/base64url.hpp"
#include "base/bytes.hpp"
#include "crypto/hkdf.hpp"
#include "session/lz4_frame.hpp"
#include "session/signed_value.hpp"

namespace gatelet::session {
namespace {

using base64url::Padding;
using crypto::SealKey;

constexpr char version = 1;
constexpr char is_compressed = 1;  // the one flag there is
constexpr std::size_t key_id_size = 8;
constexpr std::size_t header_size = 2 + key_id_size + 8;
constexpr std::size_t header_text_size = base64url::encoded_size(header_size, Padding::none);
constexpr std::size_t overhead = SealKey::nonce_size + SealKey::tag_size;
constexpr std::string_view salt = "gatelet cookie v1";
constexpr std::array purposes = {Purpose::session, Purpose::login_state,   Purpose::sign_out_state,
                                 Purpose::ticket,  Purpose::session_index, Purpose::deny_list};
constexpr std::size_t name_size = 16;  // in bytes; twice as many digits

static_assert(header_size % 3 == 0, "the text of the header ends where that of the nonce begins");

constexpr std::string_view text_of(Purpose purpose) noexcept {
  switch (purpose) {
    case Purpose::session: return "session";
    case Purpose::login_state: return "login state";
    case Purpose::sign_out_state: return "sign-out state";
    case Purpose::ticket: return "ticket";
    case Purpose::session_index: return "session index";
    case Purpose::deny_list: return "deny list";
  }
  return {};
}

Error refused(const char* text) { return Error{Status::session_invalid, text}; }

void append_number(std::uint64_t number, std::size_t size, std::string& out) {
  while (size-- > 0) out += static_cast<char>(number >> 8 * size & 0xff);
}

// version ‖ flags ‖ key id ‖ time.
struct Header {
  std::array<char, base64url::max_decoded_size(header_text_size)> bytes;

  std::string_view view() const noexcept { return {bytes.data(), header_size}; }
  char flags() const noexcept { return bytes[1]; }
  std::string_view key_id() const noexcept { return view().substr(2, key_id_size); }
  std::int64_t seconds() const noexcept {
    std::uint64_t number = 0;
    for (const char c : view().substr(2 + key_id_size))
      number = number << 8 | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(number);
  }
};

std::optional<Header> read_header(std::string_view value) noexcept {
  if (value.size() < header_text_size + base64url::encoded_size(overhead, Padding::none))
    return std::nullopt;
  Header header;
  if (!base64url::decode_into(value.substr(0, header_text_size), header.bytes.data(),
                              Padding::none) ||
      header.bytes[0] != version || (header.flags() & ~is_compressed) != 0)
    return std::nullopt;
  return header;
}

std::string write_header(char flags, std::string_view key_id, std::int64_t seconds) {
  std::string out = {version, flags};
  out += key_id;
  append_number(static_cast<std::uint64_t>(seconds), 8, out);
  return out;
}

// Each with its length in front, so that no byte can change sides.
void write_associated(std::string_view header, const Binding& binding, std::string& out) {
  out.clear();
  for (const auto part : {header, text_of(binding.purpose), binding.name}) {
    append_number(part.size(), 4, out);
    out += part;
  }
}

}  // namespace

Result<KeyRing::Keys> KeyRing::derive(const Secret& secret,
                                      const std::shared_ptr<const crypto::Gcm>& gcm) {
  auto id = crypto::hkdf_sha256(secret, salt, "key id", key_id_size);
  if (!id) return std::move(id).error();
  const auto name_key = crypto::hkdf_sha256(secret, salt, "names", SealKey::key_size);
  if (!name_key) return name_key.error();
  auto names = crypto::HmacKey::make(crypto::Digest::sha256, *name_key);
  if (!names) return std::move(names).error();
  Keys out{std::string(id->reveal()), {}, std::move(names).value()};
  for (const auto purpose : purposes) {
    const auto bytes = crypto::hkdf_sha256(secret, salt, text_of(purpose), SealKey::key_size);
    if (!bytes) return bytes.error();
    auto key = SealKey::make(*bytes, gcm);
    if (!key) return std::move(key).error();
    out.keys.push_back(std::move(key).value());
  }
  return out;
}

Result<KeyRing> KeyRing::make(std::span<const Secret> secrets) {
  if (secrets.empty()) return Error{Status::invalid_value, "a key ring needs a key"};
  auto made = crypto::Gcm::make();
  if (!made) return std::move(made).error();
  const auto gcm = std::make_shared<const crypto::Gcm>(std::move(made).value());
  KeyRing ring({});
  for (const auto& secret : secrets) {
    auto keys = derive(secret, gcm);
    if (!keys) return std::move(keys).error();
    if (!ring.find(keys->id)) ring.ring_.push_back(std::move(keys).value());
  }
  return ring;
}

const KeyRing::Keys* KeyRing::find(std::string_view id) const noexcept {
  for (const auto& keys : ring_) {
    if (keys.id == id) return &keys;
  }
  return nullptr;
}

Result<std::vector<std::string>> KeyRing::names_of(std::string_view text) const {
  std::vector<std::string> out;
  for (const auto& keys : ring_) {
    const auto mac = keys.names.mac({text});
    if (!mac) return mac.error();
    out.push_back(to_hex(std::string_view(*mac).substr(0, name_size)));
  }
  return out;
}

Result<std::string> KeyRing::seal(const Binding& binding, std::string_view content,
                                  std::int64_t seconds, Entropy& entropy, std::size_t which) const {
  std::string frame;
  if (binding.purpose == Purpose::session) {
    auto written = write_frame(content);
    if (written) frame = std::move(written).value();  // without liblz4 it stays as it is
  }
  const bool compresses = !frame.empty() && frame.size() < content.size();
  const auto& keys = ring_.at(which);
  auto sealed = write_header(compresses ? is_compressed : '\0', keys.id, seconds);
  std::string associated;
  write_associated(sealed, binding, associated);
  const auto& key = keys.keys[static_cast<std::size_t>(binding.purpose)];
  auto done = key.seal(associated, compresses ? std::string_view(frame) : content, entropy, sealed);
  wipe(frame);
  if (!done) return std::move(done).error();
  return base64url::encode(sealed, Padding::none);
}

Result<OpenedValue> KeyRing::open(const Binding& binding, std::string_view value,
                                  std::chrono::seconds lifetime, Instant now, std::size_t limit,
                                  Workspace& workspace) const {
  const auto header = read_header(value);
  if (!header) return refused("the cookie is no sealed value");
  const auto* keys = find(header->key_id());
  if (!keys)
    return refused("the cookie's key is none of cookie_secret and cookie_secrets_previous");
  const auto seconds = header->seconds();
  if (!is_timely(seconds, lifetime, now))
    return refused("the cookie is too old, or from the future");

  auto& buffer = workspace.sealed;
  const auto text = value.substr(header_text_size);
  const auto room = base64url::max_decoded_size(text.size());
  if (buffer.size() < room) buffer.resize(room);
  const auto size = base64url::decode_into(text, buffer.data(), Padding::none);
  if (!size) return refused("the cookie's value is no base64url");
  workspace.used = *size;
  write_associated(header->view(), binding, workspace.associated);
  const auto& key = keys->keys[static_cast<std::size_t>(binding.purpose)];
  const auto content = key.open_in_place(workspace.associated, buffer.data(), *size);
  if (!content) return content.error();

  if (header->flags() != is_compressed) {
    if (content->size() > limit) return refused("the record is larger than session_limit");
    return OpenedValue{*content, seconds};
  }
  const auto record = workspace.frames.read(*content, limit);
  if (!record) return record.error();
  return OpenedValue{*record, seconds};
}

bool KeyRing::is_foreign(std::string_view value) const noexcept {
  const auto header = read_header(value);
  return header && find(header->key_id()) == nullptr;
}

std::optional<std::int64_t> claimed_native_time(std::string_view value) noexcept {
  const auto header = read_header(value);
  if (!header) return std::nullopt;
  return header->seconds();
}

}  // namespace gatelet::session
