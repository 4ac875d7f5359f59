// Cookies: reading the Cookie header, writing Set-Cookie (RFC 6265 and its successor).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <gatelet/request.hpp>

#include "base/result.hpp"

namespace gatelet::http {

struct CookieView {
  std::string_view name, value;  // value without its enclosing double quotes
};

// Walks all cookies of all Cookie fields in order, in one scan, as Go's net/http reads them: names
// compare exactly, enclosing double quotes are removed, a pair with an illegal byte in name or
// value is passed over. Allocates nothing.
class CookieReader {
 public:
  explicit CookieReader(std::span<const HeaderView> headers) noexcept : headers_(headers) {}
  bool next(CookieView& out) noexcept;
  // Every pair, the illegal ones too: for whoever looks at some values only, or compares them.
  bool next_pair(CookieView& out) noexcept;

 private:
  std::span<const HeaderView> headers_;
  std::string_view rest_;  // what is left of the current Cookie field
};

// The first cookie of this name.
std::optional<std::string_view> find_cookie(std::span<const HeaderView> headers,
                                            std::string_view name) noexcept;

enum class SameSite : std::uint8_t { unset, lax, strict, none };

struct CookieAttributes {
  std::string path = "/";
  std::string domain = {};  // empty: host-only; no leading dot
  bool secure = true;
  bool http_only = true;
  SameSite same_site = SameSite::unset;
  bool partitioned = false;  // kept apart by the site on top (CHIPS)
};

// Appends the text of a Set-Cookie value, attributes in the order of Go's net/http (which
// oauth2-proxy uses): Path, Domain, Max-Age, HttpOnly, Secure, SameSite, Partitioned. `max_age`
// absent: a session cookie; 0 or less is written as Max-Age=0. Name and value must be legal
// already: names are checked by configuration, values are ours.
void write_set_cookie(std::string_view name, std::string_view value,
                      const CookieAttributes& attributes,
                      std::optional<std::chrono::seconds> max_age, std::string& out);

bool is_cookie_name(std::string_view name) noexcept;  // a token

}  // namespace gatelet::http
