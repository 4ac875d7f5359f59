// Settings for the tests of this room, and what came of them as text that can be compared.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gatelet/settings.hpp>

#include "config/resolve.hpp"

namespace gatelet::test {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

// The shortest settings without a problem, and more.
Settings complete(const Pairs& more = {});
Settings complete_compat(const Pairs& more = {});

// Every problem's text.
std::vector<std::string> problems(const Settings& settings);

// The one problem, or a text that says how many there are.
std::string problem(const Settings& settings);

// Every member of what settings resolve to, by name.
std::map<std::string, std::string> members(const Settings& settings);

// The names of the members that differ, in order, divided by blanks.
std::string difference(const Settings& a, const Settings& b);

}  // namespace gatelet::test
