#include "options.hpp"

#include <CLI/CLI.hpp>
#include <gatelet/gatelet.hpp>
#include <iostream>
#include <map>

namespace forward_auth {
namespace {

using gatelet::Settings;

// "HOST:PORT", as oauth2-proxy's flags take it.
std::optional<Address> read_address(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  try {
    std::size_t used = 0;
    const int port = std::stoi(text.substr(colon + 1), &used);
    const bool is_port = used == text.size() - colon - 1 && port >= 0 && port <= 65535;
    return is_port ? std::optional<Address>({text.substr(0, colon), port}) : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// cookie_domains is --cookie-domain, which may be repeated, and --cookie-domains as well.
std::string flags_of(const Settings::Option& option) {
  std::string flag = "--" + std::string(option.key);
  for (char& c : flag) c = c == '_' ? '-' : c;
  if (option.type == "list" && flag.ends_with('s')) {
    return flag.substr(0, flag.size() - 1) + "," + flag;
  }
  return flag;
}

// Every option of the library as a flag.
class OptionFlags {
 public:
  explicit OptionFlags(CLI::App& app) {
    for (const auto& option : Settings::options()) {
      const std::string key(option.key);
      auto& given = given_[key];
      const auto help = std::string(option.sentence) +
                        (option.value.empty() ? "" : " [" + std::string(option.value) + "]");
      given.flag = add(app, option, given, help)->group("Settings");
    }
  }

  void add_to(std::vector<Setting>& settings) const {
    for (const auto& [key, given] : given_) {
      if (given.flag->count() == 0) continue;
      auto value = given.text;
      for (const auto& item : given.items) value += (value.empty() ? "" : ",") + item;
      settings.push_back({given.flag->get_name(), key, value});
    }
  }

 private:
  struct Given {
    CLI::Option* flag = nullptr;
    std::string text;                // the last one
    std::vector<std::string> items;  // of a list, as often as it was given
  };

  static CLI::Option* add(CLI::App& app, const Settings::Option& option, Given& given,
                          const std::string& help) {
    const auto names = flags_of(option);
    if (option.type == "boolean") return app.add_flag(names, given.text, help);
    if (option.type == "list") {
      return app.add_option(names, given.items, help)->allow_extra_args(false);
    }
    return app.add_option(names, given.text, help)->take_last();
  }

  std::map<std::string, Given> given_;
};

// What a flag nobody knows is: perhaps one of oauth2-proxy's that means something elsewhere.
std::string why_unknown(const std::string& argument) {
  if (!argument.starts_with("--")) return argument + ": expected a flag";
  auto key = argument.substr(2, argument.find('=') - 2);
  for (char& c : key) c = c == '-' ? '_' : c;
  Settings settings;
  const auto as_it_is = settings.set(key, "x");
  const auto several = settings.set(key + "s", "x");
  const bool is_list = several.ok() || several.error().status == gatelet::Status::not_built;
  return argument + ": " + (is_list ? several : as_it_is).error().text;
}

bool read_pairs(const std::vector<std::string>& pairs, std::vector<Setting>& settings) {
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::cerr << "forward_auth: --set: expected NAME=VALUE, as client_id=demo\n";
      return false;
    }
    settings.push_back({"--set", pair.substr(0, equals), pair.substr(equals + 1)});
  }
  return true;
}

bool read_addresses(const std::string& http, const std::string& metrics, Options& options) {
  const auto address = read_address(http);
  if (address) options.http = *address;
  if (!metrics.empty()) options.metrics = read_address(metrics);
  if (address && (metrics.empty() || options.metrics)) return true;
  std::cerr << "forward_auth: "
            << (address ? "--metrics-address " + metrics : "--http-address " + http)
            << ": expected HOST:PORT, as 127.0.0.1:4180\n";
  return false;
}

}  // namespace

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
  Options options;
  std::string http = "127.0.0.1:4180", metrics;
  std::vector<std::string> pairs;
  CLI::App app(
      "A server with sign-in by gatelet: it protects one page, and answers nginx's auth_request at "
      "/oauth2/auth. It takes oauth2-proxy's flags.");
  app.add_option("--config", options.config_file,
                 "settings, a TOML file, or JSON in a file named *.json");
  app.add_option(
      "--alpha-config", options.alpha_config,
      "providers and headers, oauth2-proxy's alpha configuration (YAML), besides --config");
  app.add_option("--set", pairs, "one setting, NAME=VALUE; repeatable; wins over the file")
      ->allow_extra_args(false);
  app.add_option("--http-address", http, "where to listen, HOST:PORT; port 0 takes any free one");
  app.add_option("--metrics-address", metrics, "where to serve /metrics, HOST:PORT; else nowhere");
  app.add_flag("--config-test", options.is_test, "judges the configuration, and ends");
  app.add_flag("--quiet", options.is_quiet, "report warnings and errors only");
  app.set_version_flag("--version", "gatelet " GATELET_VERSION_TEXT);
  app.allow_extras();
  const OptionFlags flags(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error);
    return std::nullopt;
  }
  exit_code = 2;
  for (const auto& unknown : app.remaining()) {
    std::cerr << "forward_auth: " << why_unknown(unknown) << '\n';
  }
  flags.add_to(options.settings);
  if (!app.remaining().empty() || !read_addresses(http, metrics, options) ||
      !read_pairs(pairs, options.settings)) {
    return std::nullopt;
  }
  return options;
}

}  // namespace forward_auth
