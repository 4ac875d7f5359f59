// Settings from environment variables: GATELET_<OPTION>, and OAUTH2_PROXY_<OPTION> as the reference
// has them.
#pragma once

#include <string>
#include <vector>

#include <gatelet/settings.hpp>

namespace gatelet::config {

struct Variable {
  Settings::Entry entry;
  std::string name;  // as it stands in the environment
};

// The variables with one of the prefixes and a value, each option once; names are not judged.
// `variables` ends with a null pointer.
std::vector<Variable> read_environment(const char* const* variables);

// A variable that Kubernetes sets for a service, whose name happens to begin as ours do
// (documentation of Kubernetes, "Discovering services").
bool is_from_kubernetes(const Settings::Entry& entry) noexcept;

}  // namespace gatelet::config
