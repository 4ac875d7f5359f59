// A first look at a TOML text, before it is parsed.
#pragma once

#include <cstddef>
#include <string_view>

namespace gatelet::config {

// The line of the first byte outside ASCII that stands neither in quotes nor in a comment, or right
// after a backslash in quotes; 0 when there is none. No configuration has such a byte. Quotes
// count where a key or a value begins; what is quoted further on in a dotted key must be ASCII.
//
// toml++ 3.3 looks whether it is white space in a table that does not cover it, which is undefined.
std::size_t line_of_stray_byte(std::string_view text) noexcept;

}  // namespace gatelet::config
