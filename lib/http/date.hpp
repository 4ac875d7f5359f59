// Moments as text, in UTC.
#pragma once

#include <cstdint>
#include <string>

namespace gatelet::http {

// "2026-11-27 09:05:00"; with another sign between the numbers of the day, "2026/11/27 09:05:00".
// Years outside 0 to 9999 are written as the nearest of them.
std::string date_text(std::int64_t unix_seconds, char between = '-');

}  // namespace gatelet::http
