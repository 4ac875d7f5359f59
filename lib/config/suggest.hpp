// What somebody who wrote a name that does not exist may have meant.
#pragma once

#include <string_view>

namespace gatelet::config {

// The option whose key is nearest, or empty when none is near. A command line's spelling counts as
// the key's ("--cookie-secure").
std::string_view nearest_option(std::string_view key) noexcept;

}  // namespace gatelet::config
