#include "config/source_toml.hpp"

#ifdef GATELET_HAVE_TOML

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

// Compiled in here: the library needs no toml++ to run, and throws nothing. Its assertions are off,
// as assumptions too (NDEBUG): some do not hold for texts that it then refuses, such as "[`".
#undef NDEBUG
#define TOML_ASSERT(condition) static_cast<void>(0)
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// Lists within lists: each takes a piece of stack, and threads of hosts may have little.
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

#include "config/options.hpp"
#include "config/toml_text.hpp"
#include "config/value.hpp"
#include "json/writer.hpp"

namespace gatelet::config {
namespace {

constexpr std::size_t max_size = 1024 * 1024;

Error refusal(std::size_t line, std::string_view key, std::string_view said) {
  auto text = "line " + std::to_string(line) + ": ";
  if (!key.empty()) text += std::string(key) + ": ";
  return {Status::invalid_value, text + std::string(said)};
}

// The key a line begins with, for a text that does not parse; empty when it begins with none.
std::string_view key_of_line(std::string_view text, std::size_t line) noexcept {
  for (std::size_t i = 1; i < line; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  const auto size =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
  const auto rest = text.substr(std::min(size, text.size()));
  const auto next = rest.find_first_not_of(" \t");
  const bool is_key = next != std::string_view::npos && rest[next] == '=' && size <= 64;
  return is_key ? text.substr(0, size) : std::string_view{};
}

Error not_toml(std::string_view text, std::size_t line) {
  return refusal(line, key_of_line(text, line),
                 "this is not TOML; write key = value, texts in double quotes, lists in [ ]");
}

std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  return std::nullopt;
}

// A table as a JSON object; nullopt where it holds what JSON has no word for.
std::optional<json::Value> json_of(const toml::node& node) {
  if (const auto* flag = node.as_boolean()) return json::Value(flag->get());
  if (const auto* number = node.as_integer()) return json::Value::number(number->get());
  if (const auto* text = node.as_string()) return json::Value(text->get());
  if (const auto* list = node.as_array()) {
    json::Array out;
    for (const auto& item : *list) {
      auto value = json_of(item);
      if (!value) return std::nullopt;
      out.push_back(std::move(*value));
    }
    return json::Value(std::move(out));
  }
  if (const auto* table = node.as_table()) {
    json::Object out;
    for (const auto& [name, member] : *table) {
      auto value = json_of(member);
      if (!value) return std::nullopt;
      out.emplace_back(std::string(name.str()), std::move(*value));
    }
    return json::Value(std::move(out));
  }
  return std::nullopt;
}

std::optional<std::string> item_text_of(const toml::node& item, bool is_objects) {
  if (!is_objects) return scalar_text(item);
  const auto object = item.is_table() ? json_of(item) : std::nullopt;
  return object ? std::optional(json::to_text(*object)) : std::nullopt;
}

class Walk {
 public:
  // Adds what stands in `table` under `prefix`.
  Result<void> add(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const auto key = prefix + std::string(name.str());
      auto done = node.is_table() ? add_table(*node.as_table(), key, depth_of(prefix))
                                  : add_value(node, key, name.source().begin.line);
      if (!done.ok()) return done;
    }
    return {};
  }

  std::vector<FileEntry> in_order() && {
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const FileEntry& a, const FileEntry& b) { return a.line < b.line; });
    return std::move(entries_);
  }

 private:
  static std::size_t depth_of(const std::string& prefix) {
    return static_cast<std::size_t>(std::count(prefix.begin(), prefix.end(), '.'));
  }

  // Tables stand at [providers.<id>] and nowhere else; the keys of others are unknown options.
  Result<void> add_table(const toml::table& table, const std::string& key, std::size_t depth) {
    const bool is_expected = depth == 0 ? key == "providers" : depth == 1;
    if (!is_expected || table.empty()) {
      const auto line = table.source().begin.line;
      if (key == "providers" || depth == 1) {
        return refusal(line, quoted(key), "an empty table; write the provider's options in it");
      }
      if (find_option(std::string_view(key).substr(key.rfind('.') + 1)) != nullptr) {
        return refusal(line, quoted(key), "no option is a table; write [[" + key + "]] for a list");
      }
      entries_.push_back({{key, {Secret("")}, false, Settings::Origin::file}, line});
      return {};
    }
    return add(table, key + ".");
  }

  Result<void> add_value(const toml::node& node, const std::string& key, std::size_t line) {
    FileEntry out{{key, {}, false, Settings::Origin::file}, line};
    if (const auto text = scalar_text(node)) {
      out.entry.values.emplace_back(*text);
    } else if (const auto* list = node.as_array()) {
      out.entry.is_list = true;
      out.entry.is_objects = !list->empty() && list->front().is_table();
      for (const auto& item : *list) {
        const auto item_text = item_text_of(item, out.entry.is_objects);
        if (!item_text) {
          return refusal(line, quoted(key), "a list holds texts only, or tables only");
        }
        out.entry.values.emplace_back(*item_text);
      }
    } else {
      return refusal(line, quoted(key), "no option has such a value; write a text in quotes");
    }
    entries_.push_back(std::move(out));
    return {};
  }

  std::vector<FileEntry> entries_;
};

}  // namespace

Result<std::vector<FileEntry>> read_toml(std::string_view text) {
  if (text.size() > max_size) {
    return Error{Status::invalid_value, "the file has more than 1 MiB"};
  }
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (const auto line = line_of_continuation(text)) return not_toml(text, line);
  if (const auto line = line_of_deep_key(text)) {
    return refusal(line, {}, "a key of more than eight parts; no option is called so");
  }
  // The parser's own words may repeat a piece of a secret.
  const auto shape = toml::parse(ascii_shape(text));
  if (!shape) return not_toml(text, shape.error().source().begin.line);
  const auto parsed = toml::parse(text);
  if (!parsed) return not_toml(text, parsed.error().source().begin.line);
  Walk walk;
  auto done = walk.add(parsed.table(), "");
  if (!done.ok()) return std::move(done).error();
  return std::move(walk).in_order();
}

}  // namespace gatelet::config

#else

namespace gatelet::config {

Result<std::vector<FileEntry>> read_toml(std::string_view) {
  return Error{Status::not_built,
               "this build reads no TOML; build it with -Dtoml=enabled, or set options one by one"};
}

}  // namespace gatelet::config

#endif
