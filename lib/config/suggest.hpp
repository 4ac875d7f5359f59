// What somebody who wrote a name that does not exist may have meant.
#pragma once

#include <span>
#include <string_view>

namespace gatelet::config {

// The option whose key is nearest, or empty when none is near. A command line's spelling counts as
// the key's ("--cookie-secure").
std::string_view nearest_option(std::string_view key) noexcept;

// The same among names of any kind.
std::string_view nearest_of(std::span<const std::string_view> names,
                            std::string_view name) noexcept;

}  // namespace gatelet::config
