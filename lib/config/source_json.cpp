#include "config/source_json.hpp"

#include <optional>
#include <string>
#include <utility>

#include "config/value.hpp"
#include "json/reader.hpp"
#include "json/writer.hpp"

namespace gatelet::config {
namespace {

Error refusal(const std::string& key, std::string_view said) {
  return {Status::invalid_value, quoted(key) + ": " + std::string(said)};
}

std::optional<std::string> scalar_text(const json::Value& value) {
  if (const auto* text = value.string()) return *text;
  if (const auto* flag = value.boolean()) return std::string(*flag ? "true" : "false");
  const auto* number = value.number();
  return number != nullptr && json::to_int64(*number) ? std::optional(number->text) : std::nullopt;
}

std::optional<std::string> item_text_of(const json::Value& item, bool is_objects) {
  if (!is_objects) return scalar_text(item);
  return item.object() ? std::optional(json::to_text(item)) : std::nullopt;
}

class Walk {
 public:
  // `depth`: 0 at the top, 1 inside "providers", 2 inside one of them.
  Result<void> add(const json::Object& object, const std::string& prefix, int depth) {
    for (const auto& [name, value] : object) {
      const auto key = prefix + name;
      const bool holds_objects = depth == 0 ? name == "providers" : depth == 1;
      if (holds_objects != (value.object() != nullptr)) {
        return refusal(key, holds_objects ? "expected an object: {\"providers\": {\"<id>\": {...}}}"
                                          : "no option has such a value; write a text in quotes");
      }
      auto done =
          holds_objects ? add(*value.object(), key + ".", depth + 1) : add_value(key, value);
      if (!done.ok()) return done;
    }
    return {};
  }

  std::vector<FileEntry> entries() && { return std::move(entries_); }

 private:
  Result<void> add_value(const std::string& key, const json::Value& value) {
    FileEntry out{{key, {}, false, Settings::Origin::file}, 0};
    if (const auto text = scalar_text(value)) {
      out.entry.values.emplace_back(*text);
    } else if (const auto* list = value.array()) {
      out.entry.is_list = true;
      out.entry.is_objects = !list->empty() && list->front().object() != nullptr;
      for (const auto& item : *list) {
        const auto item_text = item_text_of(item, out.entry.is_objects);
        if (!item_text) return refusal(key, "a list holds texts only, or objects only");
        out.entry.values.emplace_back(*item_text);
      }
    } else {
      return refusal(key, "no option has such a value; write a text in quotes");
    }
    entries_.push_back(std::move(out));
    return {};
  }

  std::vector<FileEntry> entries_;
};

}  // namespace

Result<std::vector<FileEntry>> read_json(std::string_view text) {
  const auto parsed = json::parse_object(text);
  if (!parsed.ok()) {
    return Error{Status::invalid_value,
                 "this is no JSON object of settings: " + parsed.error().text};
  }
  Walk walk;
  auto done = walk.add(*parsed->object(), "", 0);
  if (!done.ok()) return std::move(done).error();
  return std::move(walk).entries();
}

}  // namespace gatelet::config
