// What an operator is told at each start: settings that are on and make signing in less safe.
#pragma once

#include <string>
#include <vector>

#include "config/values.hpp"

namespace gatelet::config {

// One line for every option with the word "insecure" in its name that is on and has an effect, and
// for proxies that are trusted whoever they are.
std::vector<std::string> insecure_settings(const Values& values);

}  // namespace gatelet::config
