#include "options.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace forward_auth {
namespace {

// "HOST:PORT", as oauth2-proxy's flag takes it.
bool read_address(const std::string& text, Options& options) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  try {
    std::size_t used = 0;
    options.port = std::stoi(text.substr(colon + 1), &used);
    options.host = text.substr(0, colon);
    return used == text.size() - colon - 1 && options.port >= 0 && options.port <= 65535;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
  Options options;
  std::string address = "127.0.0.1:4180";
  std::vector<std::string> pairs;
  CLI::App app(
      "A server with sign-in by gatelet: it protects one page, and answers nginx's auth_request at "
      "/oauth2/auth.");
  app.add_option("--config", options.config_file, "settings, a TOML file");
  app.add_option("--set", pairs, "one setting, NAME=VALUE; repeatable; wins over the file");
  app.add_option("--http-address", address,
                 "where to listen, HOST:PORT; port 0 takes any free one");
  app.add_flag("--quiet", options.is_quiet, "report warnings and errors only");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error);
    return std::nullopt;
  }
  exit_code = 2;
  if (!read_address(address, options)) {
    std::cerr << "forward_auth: --http-address " << address
              << ": expected HOST:PORT, as 127.0.0.1:4180\n";
    return std::nullopt;
  }
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::cerr << "forward_auth: --set: expected NAME=VALUE, as client_id=demo\n";
      return std::nullopt;
    }
    options.settings.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return options;
}

}  // namespace forward_auth
