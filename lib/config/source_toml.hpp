// Settings from a TOML file with oauth2-proxy's keys; a table [providers.<id>] for each further
// provider.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/file_entry.hpp"

namespace gatelet::config {

// The keys and values of a text, in its order; names are not judged.
//   Failure: Status::invalid_value: the text is no TOML, or has a value that no option takes (a
//   date, a fraction, a table elsewhere). The text names line and key, never a value.
//   Status::not_built: the library was built without TOML.
Result<std::vector<FileEntry>> read_toml(std::string_view text);

}  // namespace gatelet::config
