// X-Forwarded-* values, read strictly. Whether the sender may be believed is policy/trusted_proxy's
// question.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include <gatelet/request.hpp>

#include "http/ascii.hpp"
#include "http/header.hpp"
#include "http/ip.hpp"

namespace gatelet::http {

// Every reader answers nullopt for an absent field, an empty or blank one, several fields that
// differ, or a value that is not what it should be.
std::optional<std::string_view> forwarded_proto(
    std::span<const HeaderView>) noexcept;  // "http" or "https"
std::optional<std::string_view> forwarded_host(
    std::span<const HeaderView>) noexcept;  // passes is_host
std::optional<std::string_view> forwarded_uri(
    std::span<const HeaderView>) noexcept;  // passes parse_target
std::optional<std::string_view> forwarded_method(std::span<const HeaderView>) noexcept;  // a token

// The one address that the fields `name` hold.
std::optional<IpAddress> forwarded_address(std::span<const HeaderView>,
                                           std::string_view name) noexcept;

// The right-most address of X-Forwarded-For that `is_trusted` does not know; nullopt when an
// element on the way is no address, or when there is none that is not trusted.
// Empty elements do not count (RFC 9110 section 5.6.1).
template <class F>
std::optional<IpAddress> forwarded_client(std::span<const HeaderView> headers, F&& is_trusted) {
  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    if (!equal_ignoring_case(header->name, "X-Forwarded-For")) continue;
    auto list = header->value;
    while (!list.empty()) {
      const auto comma = list.rfind(',');
      const auto item = trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
      list = list.substr(0, comma == std::string_view::npos ? 0 : comma);
      if (item.empty()) continue;
      const auto address = parse_ip(item);
      if (!address) return std::nullopt;
      if (!is_trusted(*address)) return address;
    }
  }
  return std::nullopt;
}

// A Host or X-Forwarded-Host value: what parse_authority accepts, so no userinfo and no other byte.
bool is_host(std::string_view text) noexcept;

}  // namespace gatelet::http
