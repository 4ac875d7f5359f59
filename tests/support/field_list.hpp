// The fields of a Decision as tests read them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/request.hpp>

namespace gatelet::support {

// All values of a name, byte-exact name.
inline std::vector<std::string> values_of(std::span<const HeaderView> fields,
                                          std::string_view name) {
  std::vector<std::string> values;
  for (const auto& field : fields) {
    if (field.name == name) values.emplace_back(field.value);
  }
  return values;
}

// The one value of a name; "<absent>" or "<several>" otherwise.
inline std::string value_of(std::span<const HeaderView> fields, std::string_view name) {
  const auto values = values_of(fields, name);
  return values.size() == 1 ? values.front() : values.empty() ? "<absent>" : "<several>";
}

inline std::vector<std::string> names_of(std::span<const HeaderView> fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.emplace_back(field.name);
  return names;
}

}  // namespace gatelet::support
