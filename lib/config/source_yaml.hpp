// A YAML text as a tree of values.
//
// Read is what oauth2-proxy reads, as it was written: every scalar is a text, also one that looks
// like a number or a truth value; an empty one, "~" and "null" without quotes are null. Anchors,
// aliases and merge keys ("<<") work. Refused: a name twice in one mapping, keys that are no texts,
// tags of other types, a second document, more than 1 MiB of text, 16 levels, 1,024 members, or
// what aliases would make of it (16 MiB).
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "json/reader.hpp"

namespace gatelet::config {

//   Failure: Status::invalid_value: the text has the line, never what stands there.
//   Status::not_built: the library was built without YAML.
Result<json::Value> read_yaml(std::string_view text);

}  // namespace gatelet::config
