// Writing JSON: one line, no spaces; also safe inside an HTML script element (<, >, &, U+2028 and
// U+2029 are escaped).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "json/reader.hpp"

namespace gatelet::json {

// Appends `text` as a JSON string; bytes that are not UTF-8 become U+FFFD.
void write_string(std::string_view text, std::string& out);
void write(const Value& value, std::string& out);
std::string to_text(const Value& value);

}  // namespace gatelet::json
