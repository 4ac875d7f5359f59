// Reading single parameters out of a query without building a list.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/form.hpp"

namespace gatelet::http {

// The decoded value of `name` when it stands in the query exactly once; nullopt when absent.
//   Failure: Status::malformed for a duplicate of `name` or a query that parse_form refuses.
Result<std::optional<std::string>> query_value(std::string_view query, std::string_view name,
                                               Semicolon = Semicolon::refused);

}  // namespace gatelet::http
