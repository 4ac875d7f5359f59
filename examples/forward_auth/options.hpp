// What the server is told on its command line.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace forward_auth {

struct Options {
  std::string host = "127.0.0.1";
  int port = 4180;
  std::string config_file;                                    // TOML; empty: none
  std::vector<std::pair<std::string, std::string>> settings;  // --set, which wins over the file
  bool is_quiet = false;                                      // no event below warning
};

// Empty when the program should end with `exit_code`: help, or a mistake that was printed.
std::optional<Options> read_options(int argc, char** argv, int& exit_code);

}  // namespace forward_auth
