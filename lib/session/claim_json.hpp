// A claim's value as JSON text.
#pragma once

#include <string>

#include "session/msgpack.hpp"

namespace gatelet::session {

// Appends `value` as JSON, as Go's encoder prints it: bytes as base64, moments as RFC 3339, members
// sorted by name. What JSON has no word for (infinity, a year beyond 9999) is null.
void write_claim_json(const msgpack::Value& value, std::string& out);

}  // namespace gatelet::session
