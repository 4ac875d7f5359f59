// Whether one value, taken alone, is what its option allows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "config/options.hpp"

namespace gatelet::config {

// What is wrong with the value and what to write, on one line; empty when nothing is. A URL with
// user information is not shown, since that may be a password.
std::string complaint(const Range&, const std::string& text);
std::string complaint(const Range&, std::int64_t number);
std::string complaint(const Range&, std::uint64_t size);
std::string complaint(const Range&, Duration);
std::string complaint(const Range&, const std::vector<std::string>& items);

// A value as a problem may show it.
std::string shown(std::string_view value);

}  // namespace gatelet::config
