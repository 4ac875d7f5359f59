// The id a request is known by in logs and on error pages.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <gatelet/request.hpp>

#include "policy/policy.hpp"

namespace gatelet::policy {

constexpr std::size_t max_request_id_size = 128;

// The value of request_id_header when it came once, is at most 128 bytes long and made of letters,
// digits and -._~:+/=@ ; else empty, and the engine makes one.
std::string_view request_id(const Policy&, std::span<const HeaderView> headers) noexcept;

}  // namespace gatelet::policy
