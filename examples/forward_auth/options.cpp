#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <gatelet/gatelet.hpp>
#include <iostream>
#include <iterator>
#include <map>

namespace forward_auth {
namespace {

using gatelet::Settings;

// What oauth2-proxy finds wrong in a flag itself, before any configuration is judged.
bool is_whole_number(const std::string& text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc{} && read.ptr == end;
}

bool is_boolean(const std::string& text) {
  constexpr const char* all[] = {"1", "t", "T", "TRUE",  "true",  "True",
                                 "0", "f", "F", "FALSE", "false", "False"};
  return std::find(std::begin(all), std::end(all), text) != std::end(all);
}

// 90m, 1h30m, 1.5s, -2m or 0.
bool is_duration(std::string text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.erase(0, 1);
  if (text == "0") return true;
  std::size_t at = 0, num_parts = 0;
  while (at < text.size()) {
    const auto unit = text.find_first_not_of("0123456789.", at);
    if (unit == at || unit == std::string::npos) return false;
    const auto next = std::min(text.find_first_of("0123456789.", unit), text.size());
    const auto name = text.substr(unit, next - unit);
    if (name != "h" && name != "m" && name != "s" && name != "ms" && name != "us" &&
        name != "\u00b5s" && name != "\u03bcs" && name != "ns") {
      return false;
    }
    at = next;
    ++num_parts;
  }
  return num_parts > 0;
}

std::string flag_complaint(std::string_view type, const std::string& text) {
  if (type == "boolean" && !is_boolean(text)) return "\"" + text + "\" is neither true nor false";
  if (type == "integer" && !is_whole_number(text)) return "\"" + text + "\" is no whole number";
  if (type == "duration" && !is_duration(text)) {
    return "\"" + text + "\" is no duration; write a number with a unit, such as 168h or 30s";
  }
  return {};
}

// cookie_domains is --cookie-domain, which may be repeated, and --cookie-domains as well;
// cookie_secrets_previous names no plural at its end.
std::string flags_of(const Settings::Option& option) {
  std::string flag = "--" + std::string(option.key);
  for (char& c : flag) c = c == '_' ? '-' : c;
  if (option.type == "list" && flag.ends_with('s') && !flag.ends_with("us")) {
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
      given.type = option.type;
      given.flag = add(app, option, given, help)->group("Settings");
    }
  }

  // False: a value is not what its flag takes, and that was printed.
  bool add_to(std::vector<Setting>& settings) const {
    bool is_fine = true;
    for (const auto& [key, given] : given_) {
      if (given.flag->count() == 0) continue;
      if (const auto said = flag_complaint(given.type, given.text); !said.empty()) {
        std::cerr << "forward_auth: " << given.flag->get_name() << ": " << said << '\n';
        is_fine = false;
      }
      auto value = given.text;
      for (const auto& item : given.items) value += (value.empty() ? "" : ",") + item;
      settings.push_back({given.flag->get_name(), key, value});
    }
    return is_fine;
  }

 private:
  struct Given {
    CLI::Option* flag = nullptr;
    std::string text;  // the last one
    std::string_view type;
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

// The last first, as CLI11 takes them. "--name=" gives an empty value; CLI11 would take the
// argument after it.
std::vector<std::string> arguments(int argc, char** argv) {
  std::vector<std::string> out;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    const bool is_empty = argument.starts_with("--") && argument.find('=') == argument.size() - 1;
    if (is_empty) argument.pop_back();
    out.push_back(std::move(argument));
    if (is_empty) out.emplace_back();
  }
  std::reverse(out.begin(), out.end());
  return out;
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

}  // namespace

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
  Options options;
  std::vector<std::string> pairs;
  CLI::App app(
      "Answers for nginx, Traefik or Caddy who may pass, and signs people in: oauth2-proxy's "
      "flags, "
      "files and environment, gatelet inside. Without upstreams it protects a page of its own.",
      "forward_auth");
  app.add_option("--config", options.config_file,
                 "settings, a TOML file, or JSON in a file named *.json");
  app.add_option(
      "--alpha-config", options.alpha_config,
      "providers and headers, oauth2-proxy's alpha configuration (YAML), besides --config");
  app.add_option("--set", pairs, "one setting, NAME=VALUE; repeatable; wins over the file")
      ->allow_extra_args(false);
  app.add_flag("--config-test", options.is_test, "judges the configuration, and ends");
  app.add_flag("--quiet", options.is_quiet, "report warnings and errors only");
  app.add_flag("--ends-with-parent", options.ends_with_parent,
               "ends when the program that started it does");
  app.set_version_flag("--version", "gatelet " GATELET_VERSION_TEXT);
  app.allow_extras();
  const OptionFlags flags(app);
  try {
    app.parse(arguments(argc, argv));
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  exit_code = 2;
  for (const auto& unknown : app.remaining()) {
    std::cerr << "forward_auth: " << why_unknown(unknown) << '\n';
  }
  const bool is_fine = flags.add_to(options.settings);
  if (!is_fine || !app.remaining().empty() || !read_pairs(pairs, options.settings)) {
    return std::nullopt;
  }
  return options;
}

}  // namespace forward_auth
