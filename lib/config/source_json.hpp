// Settings from a JSON object (RFC 8259) with oauth2-proxy's keys; {"providers": {"<id>": {...}}}
// for each further provider.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/file_entry.hpp"

namespace gatelet::config {

// The keys and values of a text, in its order; names are not judged.
//   Failure: Status::invalid_value: the text is no JSON object, a name stands twice, or a value is
//   of a kind that no option takes (null, a fraction, an object elsewhere). The text names the key,
//   never a value.
Result<std::vector<FileEntry>> read_json(std::string_view text);

}  // namespace gatelet::config
