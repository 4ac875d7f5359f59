// The native cookie value: content, time, name and purpose under one seal, by a ring of keys
// (lib/session/README.md, "Native value").
//
// What oauth2-proxy's signed value leaves open is closed here: borders between name, time and
// content are authenticated, a value serves one purpose, and a secret can be replaced without
// anybody having to sign in again.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/ports.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/hmac.hpp"
#include "crypto/seal.hpp"
#include "session/workspace.hpp"

namespace gatelet::session {

// What a value is for. Each has keys of its own. The last two are no cookies: a store keeps them.
enum class Purpose : std::uint8_t {
  session,
  login_state,
  sign_out_state,
  ticket,
  session_index,
  deny_list
};

// What a value is bound to: it opens for the same purpose under the same cookie name only.
struct Binding {
  Purpose purpose;
  std::string_view name;  // of the cookie, without the number of a part; or the key in a store
};

struct OpenedValue {
  std::string_view content;  // views the workspace
  std::int64_t seconds;      // since 1970: the time it was sealed with
};

// The keys of several secrets: the first one's seal, all open. Shared by any number of threads.
class KeyRing {
 public:
  // `secrets`: key bytes, the current one first; one that comes again counts once.
  //   Failure: Status::invalid_value for an empty list or secret; Status::internal.
  static Result<KeyRing> make(std::span<const Secret> secrets);
  KeyRing(KeyRing&&) noexcept = default;
  KeyRing& operator=(KeyRing&&) noexcept = default;

  // Seals `content` by the key of the secret of this number, 0: the current one; a session's is
  // compressed where that makes it smaller.
  //   Failure: Status::no_entropy or internal.
  Result<std::string> seal(const Binding&, std::string_view content, std::int64_t seconds, Entropy&,
                           std::size_t which = 0) const;

  // Opens a value: syntax, key, age (as session/signed_value.hpp), seal, then decompression up to
  // `limit` bytes. Allocates nothing once the workspace has grown.
  //   Failure: Status::session_invalid; the text says which step refused, never a byte of the
  //   value. Status::not_built for a compressed value in a build without liblz4.
  Result<OpenedValue> open(const Binding&, std::string_view value, std::chrono::seconds lifetime,
                           Instant now, std::size_t limit, Workspace&) const;

  // Whether the value says it was sealed by a key that is not in the ring: nothing can be told of
  // it, and it may well be another process' whose secret is newer. Nothing is authentic about that.
  bool is_foreign(std::string_view value) const noexcept;

  // Names for a text that nobody without the secrets can tell from random ones or find the text to:
  // 32 hexadecimal digits, one by each secret, the current one first.
  //   Failure: Status::internal.
  Result<std::vector<std::string>> names_of(std::string_view text) const;

 private:
  struct Keys {
    std::string id;                     // public
    std::vector<crypto::SealKey> keys;  // by purpose
    crypto::HmacKey names;
  };
  explicit KeyRing(std::vector<Keys> ring) noexcept : ring_(std::move(ring)) {}
  const Keys* find(std::string_view id) const noexcept;
  static Result<Keys> derive(const Secret& secret, const std::shared_ptr<const crypto::Gcm>& gcm);

  std::vector<Keys> ring_;  // never empty
};

// The time that a value in the native format claims to be of; nullopt for any other text. Nothing
// is authentic about it.
std::optional<std::int64_t> claimed_native_time(std::string_view value) noexcept;

}  // namespace gatelet::session
