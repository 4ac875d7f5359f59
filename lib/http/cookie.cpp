#include "http/cookie.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "http/header.hpp"

namespace gatelet::http {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Sixteen bytes that are compared at once: a session is some 3 KB of cookie, read with every
// request. Vector types of the language extension that g++ and clang share; left to themselves the
// two differ by a factor of ten here.
using Lanes [[gnu::vector_size(16)]] = signed char;
using Halves [[gnu::vector_size(16)]] = std::int64_t;

// Go's validCookieValueByte, without `;`, at which the field was split. Signed, bytes outside ASCII
// are below zero.
inline Lanes illegal_bytes(Lanes bytes) noexcept {
  return (bytes < 0x20) | (bytes == 0x7f) | (bytes == '"') | (bytes == '\\');
}

bool is_cookie_value(std::string_view value) noexcept {
  Lanes illegal{};
  Lanes bytes;
  const char* at = value.data();
  std::size_t size = value.size();
  for (; size >= sizeof bytes; size -= sizeof bytes, at += sizeof bytes) {
    std::memcpy(&bytes, at, sizeof bytes);
    illegal |= illegal_bytes(bytes);
  }
  if (size > 0) {
    bytes = Lanes{} + static_cast<signed char>(' ');
    std::memcpy(&bytes, at, size);
    illegal |= illegal_bytes(bytes);
  }
  const auto halves = std::bit_cast<Halves>(illegal);
  return (halves[0] | halves[1]) == 0;
}

std::string_view same_site_text(SameSite same_site) noexcept {
  switch (same_site) {
    case SameSite::unset: return "";
    case SameSite::lax: return "; SameSite=Lax";
    case SameSite::strict: return "; SameSite=Strict";
    case SameSite::none: return "; SameSite=None";
  }
  unreachable();
}

}  // namespace

bool CookieReader::next_pair(CookieView& out) noexcept {
  while (rest_.empty()) {
    while (!headers_.empty() && !equal_ignoring_case(headers_.front().name, "Cookie")) {
      headers_ = headers_.subspan(1);
    }
    if (headers_.empty()) return false;
    rest_ = headers_.front().value;
    headers_ = headers_.subspan(1);
  }
  const auto end = rest_.find(';');
  const auto pair = trimmed(rest_.substr(0, end));
  rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);

  const auto equals = pair.find('=');
  auto value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
  if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  out = {trimmed(pair.substr(0, equals)), value};
  return true;
}

bool CookieReader::next(CookieView& out) noexcept {
  CookieView pair;
  while (next_pair(pair)) {
    if (!is_token(pair.name) || !is_cookie_value(pair.value)) continue;
    out = pair;
    return true;
  }
  return false;
}

std::optional<std::string_view> find_cookie(std::span<const HeaderView> headers,
                                            std::string_view name) noexcept {
  CookieReader reader(headers);
  CookieView cookie;
  while (reader.next(cookie)) {
    if (cookie.name == name) return cookie.value;
  }
  return std::nullopt;
}

void write_set_cookie(std::string_view name, std::string_view value,
                      const CookieAttributes& attributes,
                      std::optional<std::chrono::seconds> max_age, std::string& out) {
  out.append(name).append("=").append(value);
  if (!attributes.path.empty()) out.append("; Path=").append(attributes.path);
  if (!attributes.domain.empty()) out.append("; Domain=").append(attributes.domain);
  if (max_age) {
    out.append("; Max-Age=").append(std::to_string(std::max<std::int64_t>(max_age->count(), 0)));
  }
  if (attributes.http_only) out.append("; HttpOnly");
  if (attributes.secure) out.append("; Secure");
  out.append(same_site_text(attributes.same_site));
  if (attributes.partitioned) out.append("; Partitioned");
}

bool is_cookie_name(std::string_view name) noexcept { return is_token(name); }

}  // namespace gatelet::http
