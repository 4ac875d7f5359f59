// The files of tests/config/data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatelet::test {

// A file's content, byte for byte; empty when there is none.
std::string read_data(std::string_view name);
std::vector<std::string> lines_of(std::string_view name);

}  // namespace gatelet::test
