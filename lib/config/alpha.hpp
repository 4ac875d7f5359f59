// oauth2-proxy's alpha configuration as settings: providers, header rules, and what it says to the
// server around the library.
//
// Every field of the reference is known, and no other. What an option of this library stands for
// becomes an entry; names are judged by whoever takes the entries, as of every source.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gatelet/settings.hpp>

#include "config/fields.hpp"
#include "json/reader.hpp"

namespace gatelet::config {

struct AlphaEntry {
  Settings::Entry entry;
  std::string place;  // "providers[0].oidcConfig.issuerURL"
};

struct Alpha {
  std::vector<AlphaEntry> entries;
  std::vector<std::string> complaints;
};

// `tree` is what the YAML text `written` holds after its variables were substituted; `settings` has
// the environment.
Alpha read_alpha(const json::Value& tree, std::string_view written, const Settings& settings);

}  // namespace gatelet::config
