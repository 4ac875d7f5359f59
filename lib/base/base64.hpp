// base64 with the alphabet of RFC 4648 section 4 and padding, strict: what HTTP and JSON use where
// JOSE does not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatelet::base64 {

std::string encode(std::string_view bytes);
std::optional<std::string> decode(std::string_view text);

}  // namespace gatelet::base64
