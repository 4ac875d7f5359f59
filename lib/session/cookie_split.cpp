#include "session/cookie_split.hpp"

#include <algorithm>
#include <charconv>

namespace gatelet::session {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The digits behind the name in NAME_<digits>; empty when `candidate` is none.
std::string_view digits_of(std::string_view name, std::string_view candidate) noexcept {
  auto start = candidate.size();
  while (start > 0 && is_digit(candidate[start - 1])) --start;
  if (start == candidate.size() || start == 0 || candidate[start - 1] != '_') return {};
  const auto suffix_size = candidate.size() - start + 1;
  if (suffix_size >= max_part_name_size) return {};
  if (candidate.substr(0, start - 1) != name.substr(0, max_part_name_size - suffix_size)) return {};
  return candidate.substr(start);
}

NamedCookie make_cookie(std::string name, std::string_view value,
                        const http::CookieAttributes& attributes,
                        std::optional<std::chrono::seconds> max_age) {
  NamedCookie cookie{std::move(name), {}};
  http::write_set_cookie(cookie.name, value, attributes, max_age, cookie.set_cookie);
  return cookie;
}

}  // namespace

std::string part_name(std::string_view name, std::size_t number) {
  const auto suffix = "_" + std::to_string(number);
  std::string out(name.substr(0, max_part_name_size - suffix.size()));
  return out.append(suffix);
}

std::optional<std::size_t> part_number(std::string_view name, std::string_view candidate) noexcept {
  const auto digits = digits_of(name, candidate);
  if (digits.empty() || digits.size() > 2 || (digits.front() == '0' && digits.size() > 1))
    return std::nullopt;
  std::size_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (number >= max_parts) return std::nullopt;
  return number;
}

bool is_cookie_or_part(std::string_view name, std::string_view candidate) noexcept {
  return candidate == name || !digits_of(name, candidate).empty();
}

Result<std::vector<NamedCookie>> split_cookie(std::string_view name, std::string_view value,
                                              const http::CookieAttributes& attributes,
                                              std::optional<std::chrono::seconds> max_age) {
  std::vector<NamedCookie> cookies;
  auto whole = make_cookie(std::string(name), value, attributes, max_age);
  if (whole.set_cookie.size() <= max_set_cookie_size) {
    cookies.push_back(std::move(whole));
    return cookies;
  }
  const auto around = whole.set_cookie.size() - name.size() - value.size();
  while (!value.empty()) {
    auto part = part_name(name, cookies.size());
    if (cookies.size() == max_parts || around + part.size() >= max_set_cookie_size) {
      return Error{Status::session_too_large,
                   "the session does not fit into 16 cookies: leave tokens or groups out, or keep "
                   "sessions in a store (session_store_type, session_store_beside)"};
    }
    const auto size = std::min(value.size(), max_set_cookie_size - around - part.size());
    cookies.push_back(make_cookie(std::move(part), value.substr(0, size), attributes, max_age));
    value.remove_prefix(size);
  }
  return cookies;
}

}  // namespace gatelet::session
