// Which entries count where an alpha configuration is among them.
#pragma once

#include <vector>

#include <gatelet/settings.hpp>

#include "config/problems.hpp"

namespace gatelet::config {

// All of them, without such a configuration. With one, as in the reference, what it says is not to
// be said elsewhere: providers and header rules in another file are problems, and so are a
// program's words about a provider that the configuration has not. Variables of the environment for
// them are passed over (the configuration may refer to them as ${NAME}). Values that a program sets
// for what the configuration has still win.
std::vector<Settings::Entry> effective_entries(const std::vector<Settings::Entry>& entries,
                                               Problems& problems);

}  // namespace gatelet::config
