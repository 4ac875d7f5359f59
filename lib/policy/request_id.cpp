#include "policy/request_id.hpp"

#include "http/header.hpp"

namespace gatelet::policy {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:+/=@";

}  // namespace

std::string_view request_id(const Policy& policy, std::span<const HeaderView> headers) noexcept {
  const auto& name = policy.request_id_header;
  if (name.empty() || http::count_header(headers, name) != 1) return {};
  const auto value = http::find_header(headers, name)->value;
  if (value.size() > max_request_id_size ||
      value.find_first_not_of(alphabet) != std::string_view::npos) {
    return {};
  }
  return value;
}

}  // namespace gatelet::policy
