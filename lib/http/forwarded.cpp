#include "http/forwarded.hpp"

#include "http/authority.hpp"
#include "http/path.hpp"

namespace gatelet::http {
namespace {

// The one value of all fields of this name, without blanks around it; perhaps empty, which none of
// the readers below accepts.
std::optional<std::string_view> only_value(std::span<const HeaderView> headers,
                                           std::string_view name) noexcept {
  std::optional<std::string_view> found;
  for (const auto& header : headers) {
    if (!equal_ignoring_case(header.name, name)) continue;
    const auto value = trim(header.value);
    if (found && *found != value) return std::nullopt;
    found = value;
  }
  return found;
}

}  // namespace

std::optional<std::string_view> forwarded_proto(std::span<const HeaderView> headers) noexcept {
  const auto value = only_value(headers, "X-Forwarded-Proto");
  if (!value) return std::nullopt;
  for (const std::string_view scheme : {"http", "https"}) {
    if (equal_ignoring_case(*value, scheme)) return scheme;
  }
  return std::nullopt;
}

std::optional<std::string_view> forwarded_host(std::span<const HeaderView> headers) noexcept {
  const auto value = only_value(headers, "X-Forwarded-Host");
  return value && is_host(*value) ? value : std::nullopt;
}

std::optional<std::string_view> forwarded_uri(std::span<const HeaderView> headers) noexcept {
  const auto value = only_value(headers, "X-Forwarded-Uri");
  return value && is_target(*value) ? value : std::nullopt;
}

std::optional<std::string_view> forwarded_method(std::span<const HeaderView> headers) noexcept {
  const auto value = only_value(headers, "X-Forwarded-Method");
  return value && is_token(*value) ? value : std::nullopt;
}

std::optional<IpAddress> forwarded_address(std::span<const HeaderView> headers,
                                           std::string_view name) noexcept {
  const auto value = only_value(headers, name);
  return value ? parse_ip(*value) : std::nullopt;
}

bool is_host(std::string_view text) noexcept { return parse_authority(text).has_value(); }

}  // namespace gatelet::http
