// The text of a value as its type reads it. nullopt is: not of that type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"

namespace gatelet::config {

// 1 t T TRUE true True, 0 f F FALSE false False: what Go reads, nothing else.
std::optional<bool> parse_boolean(std::string_view text) noexcept;

// Decimal digits with or without "-", in 64 bits.
std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;

// Go's form: numbers with a unit, "168h", "1h30m", "1.5s", "-2m"; units h m s ms us ns. "0" needs
// no unit.
std::optional<Duration> parse_duration(std::string_view text) noexcept;

// Bytes: "1048576", "64 MiB"; units B KiB MiB GiB.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

// A list in one text: a JSON array of strings, or items divided by commas. Items lose the blanks
// around them and may be empty; an empty text is one empty item.
std::optional<std::vector<std::string>> split_list(std::string_view text);

// `text` in double quotes, fit for one line of a log: at most 80 bytes, other than printable ASCII
// as "?".
std::string quoted(std::string_view text);

}  // namespace gatelet::config
