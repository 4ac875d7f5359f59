#include <gatelet/settings.hpp>

#include <algorithm>
#include <utility>

#include "config/alpha.hpp"
#include "config/options.hpp"
#include "config/resolve.hpp"
#include "config/source_environment.hpp"
#include "config/source_json.hpp"
#include "config/source_toml.hpp"
#include "config/source_yaml.hpp"
#include "config/substitute.hpp"
#include "config/suggest.hpp"
#include "config/value.hpp"
#include "config/values.hpp"

namespace gatelet::inline GATELET_CXX_ABI {
namespace {

Error unknown(std::string_view key, std::string_view name, std::string_view scope) {
  auto text = config::quoted(key) + ": ";
  if (const auto why = config::why_not_here(name); !why.empty()) {
    return {Status::not_built, text + std::string(why)};
  }
  text += "there is no option of this name";
  const auto nearest = config::nearest_option(name);
  if (!nearest.empty()) text += "; did you mean " + std::string(scope) + std::string(nearest) + "?";
  return {Status::unknown_option, text};
}

// Several errors as one, each with its place before it.
struct Refusals {
  Error all{Status::ok, {}};

  void add(const std::string& place, const Error& error) {
    if (all.text.empty()) all.status = error.status;
    all.text += all.text.empty() ? "" : "; ";
    all.text += (place.empty() ? "" : place + ": ") + error.text;
  }
};

// The key as entries spell it: "providers.default.client_id" is "client_id".
Result<std::string> known_key(std::string_view key) {
  constexpr std::string_view prefix = "providers.";
  if (!key.starts_with(prefix)) {
    if (config::find_option(key)) return std::string(key);
    return unknown(key, key, "");
  }
  const auto rest = key.substr(prefix.size());
  const auto dot = rest.find('.');
  const auto id = rest.substr(0, dot);
  if (dot == std::string_view::npos || !config::is_provider_id(id)) {
    return Error{Status::unknown_option,
                 config::quoted(key) +
                     ": write providers.<id>.<option>, the id 1 to 32 of a-z, 0-9 and \"-\""};
  }
  const auto name = rest.substr(dot + 1);
  const auto* option = config::find_option(name);
  if (!option) return unknown(key, name, key.substr(0, prefix.size() + dot + 1));
  if (option->scope != config::Scope::provider) {
    return Error{Status::unknown_option, config::quoted(key) +
                                             ": this option is one for all providers; write " +
                                             std::string(option->key)};
  }
  return std::string(id == "default" ? name : key);
}

// Those of a later call win; within one, the first of its name, as for getenv.
void keep_variables(const char* const* variables,
                    std::vector<std::pair<std::string, Secret>>& kept) {
  std::vector<std::pair<std::string, Secret>> all;
  const auto add = [&](std::string_view name, const Secret& value) {
    const bool is_known =
        std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.first == name; });
    if (!is_known) all.emplace_back(name, value);
  };
  for (; *variables != nullptr; ++variables) {
    const std::string_view text = *variables;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      add(text.substr(0, equals), Secret(text.substr(equals + 1)));
  }
  for (const auto& [name, value] : kept) add(name, value);
  kept = std::move(all);
}

// A later value takes the place of an earlier one of the same origin.
void put(std::vector<Settings::Entry>& entries, Settings::Entry entry) {
  const auto old = std::find_if(entries.begin(), entries.end(), [&](const auto& e) {
    return e.key == entry.key && e.origin == entry.origin && e.is_alpha == entry.is_alpha;
  });
  if (old == entries.end()) {
    entries.push_back(std::move(entry));
  } else {
    *old = std::move(entry);
  }
}

}  // namespace

Settings::Settings(std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  for (const auto& [key, value] : values) {
    auto done = set(key, value);
    if (!done.ok()) refused_.push_back(std::move(done).error());
  }
}

Result<void> Settings::set(std::string_view key, std::string_view value) {
  auto known = known_key(key);
  if (!known.ok()) return std::move(known).error();
  put(entries_, {std::move(*known), {Secret(value)}, false, Settings::Origin::call});
  return {};
}

Result<void> Settings::load(std::string_view format, std::string_view text) {
  if (format == "yaml") return load_alpha(text);
  if (format != "toml" && format != "json") {
    return Error{
        Status::invalid_argument,
        config::quoted(format) + " is no format of this version; write toml, json or yaml"};
  }
  auto read = format == "toml" ? config::read_toml(text) : config::read_json(text);
  if (!read.ok()) return std::move(read).error();

  Refusals refusals;
  for (auto& [entry, line] : *read) {
    auto known = known_key(entry.key);
    if (known.ok()) {
      entry.key = std::move(*known);
    } else {
      refusals.add(line == 0 ? "" : "line " + std::to_string(line), known.error());
    }
  }
  if (!refusals.all.text.empty()) return refusals.all;
  for (auto& [entry, line] : *read) put(entries_, std::move(entry));
  return {};
}

Result<void> Settings::load_alpha(std::string_view text) {
  auto substituted = config::substitute(text, *this);
  if (!substituted.ok()) return std::move(substituted).error();
  const auto tree = config::read_yaml(*substituted);
  wipe(*substituted);
  if (!tree.ok()) return tree.error();
  auto alpha = config::read_alpha(*tree, text, *this);

  Refusals refusals;
  for (const auto& said : alpha.complaints) refusals.add("", {Status::invalid_value, said});
  for (const auto& [entry, place] : alpha.entries) {
    const auto known = known_key(entry.key);
    if (!known.ok()) refusals.add(place, known.error());
  }
  if (!refusals.all.text.empty()) return refusals.all;
  std::erase_if(entries_, [](const Entry& entry) { return entry.is_alpha; });
  for (auto& [entry, place] : alpha.entries) put(entries_, std::move(entry));
  return {};
}

Result<void> Settings::load_env(const char* const* variables) {
  if (variables == nullptr) {
    return Error{Status::invalid_argument, "expected a list of variables, got a null pointer"};
  }
  auto read = config::read_environment(variables);
  Refusals refusals;
  for (auto& [entry, variable] : read) {
    auto known = known_key(entry.key);
    if (known.ok()) continue;
    if (!config::is_from_kubernetes(entry)) refusals.add(config::quoted(variable), known.error());
    entry.key.clear();
  }
  if (!refusals.all.text.empty()) return refusals.all;
  for (auto& [entry, variable] : read) {
    if (!entry.key.empty()) put(entries_, std::move(entry));
  }
  keep_variables(variables, environment_);
  has_environment_ = true;
  return {};
}

const Secret* Settings::variable(std::string_view name) const noexcept {
  const auto found = std::find_if(environment_.begin(), environment_.end(),
                                  [&](const auto& one) { return one.first == name; });
  return found == environment_.end() ? nullptr : &found->second;
}

std::vector<std::string> Settings::values(std::string_view key) const {
  const auto* option = config::find_option(key);
  if (option == nullptr || option->secrecy == config::Secrecy::secret) return {};
  const bool is_list = option->type == config::Type::list;
  const auto* entry = config::find_entry(entries_, key);
  if (entry != nullptr && (entry->is_list || !is_list)) {
    std::vector<std::string> out;
    for (const auto& value : entry->values) out.emplace_back(value.reveal());
    return out;
  }
  const auto text = entry != nullptr                 ? entry->values.front().reveal()
                    : config::wants_compat(entries_) ? option->compat
                                                     : option->native;
  if (text.empty()) return {};
  if (!is_list) return {std::string(text)};
  return config::split_list(text).value_or(std::vector<std::string>{});
}

std::string Settings::value(std::string_view key) const {
  auto all = values(key);
  return all.empty() ? std::string() : std::move(all.front());
}

std::vector<Settings::Option> Settings::options() {
  constexpr std::string_view types[] = {"text", "boolean", "integer", "duration",
                                        "size", "list",    "objects"};
  std::vector<Option> out;
  for (const auto& option : config::options()) {
    out.push_back({option.key, types[static_cast<std::size_t>(option.type)], option.native,
                   option.sentence, option.secrecy == config::Secrecy::secret,
                   option.scope == config::Scope::provider});
  }
  return out;
}

std::vector<Error> Settings::check() const { return config::resolve(*this).problems.in_order(); }

}  // namespace gatelet::inline GATELET_CXX_ABI
