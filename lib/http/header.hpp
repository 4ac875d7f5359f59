// Header fields: finding them, comparing names, and what may stand in a value.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include <gatelet/request.hpp>

#include "base/result.hpp"

namespace gatelet::http {

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;  // ASCII

// Equal for ASCII case and with every non-alphanumeric character taken as "-": how servers and CGI
// fold names, so that `X-Auth_Request.User` counts as `X-Auth-Request-User`.
bool equal_folded(std::string_view a, std::string_view b) noexcept;

// The first field of this name (ASCII case-insensitive), or null.
const HeaderView* find_header(std::span<const HeaderView> headers, std::string_view name) noexcept;
std::size_t count_header(std::span<const HeaderView> headers, std::string_view name) noexcept;

bool is_token(std::string_view text) noexcept;  // RFC 9110 section 5.6.2; not empty

// May stand in a field value this library writes: no control byte (tab included), no NUL, no CR or
// LF.
bool is_safe_value(std::string_view value) noexcept;

// Refuses a request whose headers cannot be read without doubt: more than 64 KiB in all, a name
// that is no token, a value with CR, LF or NUL, two Host, two Authorization.
//   Failure: Status::bad_request. Allocates nothing on success.
Result<void> check_headers(std::span<const HeaderView> headers);

// The elements of a comma-separated list, trimmed, empty ones left out; calls `each` with a view of
// every element.
template <class F>
void for_each_element(std::string_view list, F&& each) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    auto item = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (!item.empty()) each(item);
  }
}

}  // namespace gatelet::http
