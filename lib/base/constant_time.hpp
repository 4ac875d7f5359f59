// Comparison that takes the same time wherever the first difference stands.
#pragma once

#include <string_view>

namespace gatelet {

// True when both are equal byte for byte. Sizes are not secret: different sizes answer at once.
bool equal_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace gatelet
