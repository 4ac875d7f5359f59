// What an operator is told at each start: settings that are on and make signing in less safe, and
// those that the library leaves to others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gatelet/settings.hpp>

#include "config/values.hpp"

namespace gatelet::config {

// One line for every option with the word "insecure" in its name that is on and has an effect, and
// for proxies that are trusted whoever they are.
std::vector<std::string> insecure_settings(const Values& values);

// One thing to say at the start that is no danger.
struct Notice {
  std::string_view
      code;  // of a literal: "server-options", "upstream-options", "outbound-proxy", "store-unused"
  std::string text;
};

// Of options that were given and that the library itself does not obey.
std::vector<Notice> notices(const std::vector<Settings::Entry>& entries);

}  // namespace gatelet::config
