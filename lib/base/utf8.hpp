// UTF-8, strictly (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace gatelet {

// The size in bytes (1 to 4) of the code point `text` begins with; 0 when it begins with none.
std::size_t utf8_size(std::string_view text) noexcept;

bool is_utf8(std::string_view text) noexcept;

}  // namespace gatelet
