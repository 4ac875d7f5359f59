// The cookie store: a whole session in sealed cookies, in oauth2-proxy's format or the native one
// (lib/session/README.md).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/ports.hpp>
#include <gatelet/request.hpp>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/cfb.hpp"
#include "crypto/hmac.hpp"
#include "http/cookie.hpp"
#include "session/native_seal.hpp"
#include "session/session.hpp"
#include "session/workspace.hpp"

namespace gatelet::session {

// How cookies look on some hosts of several.
struct CookieRule {
  std::string host;                   // "app.example.com", ".example.com" for those below it
  http::CookieAttributes attributes;  // whole; with its domain, or none
};

// How cookie values are written: session_format.
enum class CookieFormat : std::uint8_t { native, oauth2_proxy };

// Which of the provider's tokens sessions keep at all, wherever they are: session_drop_tokens.
struct KeptTokens {
  bool access = true, id = true, refresh = true;
};

// Everything that shapes a session cookie; plain settings, no profile.
struct SessionSettings {
  std::string cookie_name = "__Host-gatelet";
  bool is_stored = false;             // sessions are in a store, cookies hold tickets
  bool has_store_beside = false;      // cookies hold sessions; a store helps, and holds large ones
  bool falls_back_to_cookie = false;  // a store that is down: a new session goes into cookies
  std::size_t cookie_budget = 0;      // bytes of a request that our cookies may take; 0: any
  bool takes_login_room = false;      // what is left for a sign-in is the session's as well
  bool access_token_goes_last = false;  // of the tokens for which cookies have no room
  bool needs_id_token = false;          // to judge the one that a refresh brings
  Duration cache_max_staleness{std::chrono::seconds(5)};  // how long the store need not be asked
  std::vector<std::string> cookie_domains;         // most specific match wins; see domain_for
  http::CookieAttributes attributes;               // without domain
  std::vector<CookieRule> cookie_rules;            // the longest that fits the host replaces both
  std::chrono::seconds cookie_expire{168 * 3600};  // 0: no Max-Age, never too old
  std::chrono::seconds max_lifetime{0};            // from the sign-in itself; 0: no limit
  std::chrono::seconds idle_timeout{0};            // not used for so long: over; 0: off
  std::chrono::seconds cookie_refresh{0};          // refresh when older; 0: never by age
  Duration refresh_before_expiry{std::chrono::seconds(30)};  // 0: off
  bool refreshes_behind = true;  // sessions in a store: where no answer must wait for it
  bool session_ends_with_tokens = false;
  bool expire_with_tokens_on_refresh_only =
      false;  // compat: expires_on is looked at only when a refresh is due
  CookieFormat format = CookieFormat::native;
  bool accept_other_format = false;  // values in the format that is not written are read too
  bool minimal = false;              // session_cookie_minimal: tokens are left out of cookies
  KeptTokens kept_tokens;
  bool write_extra_keys = true;      // off: exactly oauth2-proxy's record, in its format
  bool newest_of_duplicates = true;  // off (compat): the first of several same-named cookies counts
  std::size_t record_limit = 1024 * 1024;  // session_limit: bytes of a decoded record
  std::chrono::seconds login_state_expire{15 * 60};
  bool login_state_per_request = true;
  unsigned login_state_limit = 8;  // 0: no limit
  http::SameSite login_state_same_site = http::SameSite::unset;
  bool encode_state = false;

  // There is a store, whatever is kept in it.
  bool has_store() const noexcept { return is_stored || has_store_beside; }

  // Some sessions are in cookies and others in a store.
  bool keeps_both() const noexcept { return has_store_beside || falls_back_to_cookie; }
};

// The two keys of a secret in oauth2-proxy's format.
struct CompatKey {
  crypto::HmacKey mac;
  crypto::CfbKey cipher;
};

// The keys of cookie_secret and of the secrets before it, prepared once, and the workspaces that
// opening cookies needs. The first secret writes, all read. Shared by any number of threads.
class CookieKeys {
  struct Token {};

 public:
  // Secrets as configured (wire format, "Secret"): 16, 24 or 32 bytes, or base64url of as many.
  //   Failure: Status::invalid_value; the text says which sizes work and what size came.
  static Result<std::shared_ptr<const CookieKeys>> make(const Secret& cookie_secret,
                                                        std::span<const Secret> previous = {});

  CookieKeys(Token, std::vector<CompatKey> compat, KeyRing native);  // for make() only
  CookieKeys(const CookieKeys&) = delete;
  CookieKeys& operator=(const CookieKeys&) = delete;
  ~CookieKeys();

  const KeyRing& native() const noexcept { return native_; }
  std::span<const CompatKey> compat() const noexcept { return compat_; }
  const crypto::HmacKey& mac() const noexcept { return compat_.front().mac; }
  const crypto::CfbKey& cipher() const noexcept { return compat_.front().cipher; }
  WorkspacePool& workspaces() const noexcept { return workspaces_; }

 private:
  std::vector<CompatKey> compat_;  // never empty
  KeyRing native_;
  mutable WorkspacePool workspaces_;
};

// The AES key that a cookie secret's text gives; empty when the text has no usable size.
Secret aes_key_of(const Secret& cookie_secret);

// How a cookie looks on a host: by the longest rule that fits it, else the settings' attributes
// with domain_for.
http::CookieAttributes cookie_attributes(const SessionSettings&, std::string_view host);

// The cookie domain for a host: the longest configured one that is the host or a parent of it, else
// the shortest; without leading dot. Empty: host-only.
std::string_view domain_for(const SessionSettings&, std::string_view host) noexcept;

// One session cookie's value as a request carries it: of one cookie, or of parts joined by number.
struct SessionCookie {
  std::string_view whole;   // of one cookie; views the request
  std::string joined;       // of parts; empty otherwise
  std::string signed_name;  // the name it is bound to, where it is not cookie_name (a lone NAME_0)

  std::string_view value() const noexcept { return joined.empty() ? whole : joined; }
};

// What the request carries, best candidate first, at most 4; found in one scan of the cookies.
// Allocates the list and joined parts, nothing else.
//   newest_of_duplicates: whole and split values alike, the later time stamp first (a claim until
//   open_session has checked it). Empty cookies do not count.
//   off: as the reference reads. The first of several same-named cookies, and NAME, even an empty
//   one, hides parts.
std::vector<SessionCookie> find_session_cookies(const SessionSettings&,
                                                std::span<const HeaderView>);

// Opens a value: authenticity, age, decryption, decompression, record. Cheap refusals come first.
// `ends_at` is set.
//   Failure: Status::session_invalid; the text says which step refused, never a byte of the value.
//   Status::not_built in a build without liblz4.
Result<Session> open_session(const SessionSettings&, const CookieKeys&, const SessionCookie&,
                             Instant now);

// Set-Cookie values that store `session` (split when needed), or its ticket where it has one, and
// that expire every other cookie of the name which `request_headers` carry. The value's time stamp
// is created_at; Max-Age is what is left of the session at `now`, or at created_at without it.
//   Requires: created_at is set.
// Expired are sign-in attempts too, the oldest first, for which cookie_budget leaves no room.
//   Failure: Status::no_entropy or internal; Status::not_built in a build without liblz4;
//   Status::session_too_large when it is above cookie_budget, would need more than 16 parts or is
//   above record_limit; the text tells sizes and what to do.
Result<std::vector<std::string>> write_session(const SessionSettings&, const CookieKeys&,
                                               const Session&, std::string_view host,
                                               std::span<const HeaderView> request_headers,
                                               Entropy&, std::optional<Instant> now = {});

// Set-Cookie values that expire every session cookie and part the request carries, each name once,
// with the same attributes. At most 64 names: parts have numbers below 16, the rest is not ours.
// With a store, NAME in any case.
std::vector<std::string> clear_session(const SessionSettings&, std::string_view host,
                                       std::span<const HeaderView> request_headers);

}  // namespace gatelet::session
