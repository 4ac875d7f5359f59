// A value too long for one cookie, split over NAME_0, NAME_1, ...; and which names belong to a
// cookie that may be split.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/cookie.hpp"

namespace gatelet::session {

constexpr std::size_t max_set_cookie_size = 4000;  // of one Set-Cookie value, attributes included
constexpr std::size_t max_part_name_size = 256;
constexpr std::size_t max_parts = 16;

// NAME_<number>, with NAME cut so that the whole has at most 256 characters.
std::string part_name(std::string_view name, std::size_t number);

// The number of the part of `name` that a cookie of the name `candidate` is; nullopt for another
// cookie, a number with leading zeros or one of 16 and above. Allocates nothing.
std::optional<std::size_t> part_number(std::string_view name, std::string_view candidate) noexcept;

// True for NAME itself and NAME_<digits>, literally, whatever the number: what clearing expires.
bool is_cookie_or_part(std::string_view name, std::string_view candidate) noexcept;

struct NamedCookie {
  std::string name;
  std::string set_cookie;
};

// The Set-Cookie values that store `value`: one under `name` when it fits, else parts of exactly
// 4000 bytes each but the last.
//   Failure: Status::session_too_large when 16 parts are not enough.
Result<std::vector<NamedCookie>> split_cookie(std::string_view name, std::string_view value,
                                              const http::CookieAttributes& attributes,
                                              std::optional<std::chrono::seconds> max_age);

}  // namespace gatelet::session
