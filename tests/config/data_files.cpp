#include "data_files.hpp"

#include <fstream>
#include <iterator>
#include <sstream>

namespace gatelet::test {

std::string read_data(std::string_view name) {
  std::ifstream file(std::string(CONFIG_DATA "/") + std::string(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(std::string_view name) {
  std::vector<std::string> lines;
  std::istringstream text(read_data(name));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

}  // namespace gatelet::test
