// What the server is told on its command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace forward_auth {

// One setting, and the flag it came from.
struct Setting {
  std::string flag, name, value;
};

struct Options {
  std::string config_file;        // TOML, or JSON by its name; empty: none
  std::string alpha_config;       // oauth2-proxy's alpha configuration (YAML); empty: none
  std::vector<Setting> settings;  // these win over the file and the environment
  bool is_test = false;           // only judge the configuration
  bool is_quiet = false;          // no event below warning
  bool ends_with_parent = false;
};

// Empty when the program should end with `exit_code`: 0 after help, 2 after a mistake in the flags
// that was printed.
std::optional<Options> read_options(int argc, char** argv, int& exit_code);

}  // namespace forward_auth
