#include "http/query.hpp"

#include <utility>

namespace gatelet::http {

Result<std::optional<std::string>> query_value(std::string_view query, std::string_view name,
                                               Semicolon semicolon) {
  std::optional<std::string> found;
  FormReader reader(query, semicolon);
  Param param;
  for (;;) {
    // Everything is read, also behind the first hit: a duplicate must not decide by its place.
    auto has_next = reader.next(param);
    if (!has_next.ok()) return std::move(has_next).error();
    if (!*has_next) return found;
    if (param.name != name) continue;
    if (found) return Error{Status::malformed, "a parameter that must be unique stands twice"};
    found = param.value;
  }
}

}  // namespace gatelet::http
