#include "config/fields.hpp"

#include <algorithm>
#include <utility>

#include "config/suggest.hpp"
#include "config/value.hpp"
#include "http/header.hpp"

namespace gatelet::config {
namespace {

const json::Array no_items;

}  // namespace

Fields::Fields(const json::Value& value, std::string place, Complaints& complaints)
    : object_(value.object() ? &value : nullptr),
      place_(std::move(place)),
      complaints_(complaints) {
  if (object_ != nullptr || value.is_null()) return;
  auto name = place_;
  if (name.ends_with('.')) name.pop_back();
  complaints_.said.push_back((name.empty() ? "this" : name) + ": expected an object with fields");
}

const json::Value* Fields::find(std::string_view name) {
  known_.push_back(name);
  if (object_ == nullptr) return nullptr;
  const json::Value* found = nullptr;
  for (const auto& [written, value] : *object_->object()) {
    if (!http::equal_ignoring_case(written, name)) continue;
    if (found != nullptr) say(name, "stands twice; leave one of them out");
    found = &value;
  }
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string Fields::text(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  auto text = scalar_text(*value);
  if (!text) say(name, "expected a text");
  return text.value_or("");
}

bool Fields::flag(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return false;
  const auto text = scalar_text(*value);
  const auto flag = text ? parse_boolean(*text) : std::nullopt;
  if (!flag) say(name, "expected true or false");
  return flag.value_or(false);
}

std::vector<std::string> Fields::texts(std::string_view name) {
  std::vector<std::string> out;
  for (const auto& item : list(name)) {
    auto text = scalar_text(item);
    if (!text) {
      say(name, "a list of texts holds something else");
      return {};
    }
    out.push_back(std::move(*text));
  }
  return out;
}

const json::Array& Fields::list(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return no_items;
  if (const auto* items = value->array()) return *items;
  say(name, "expected a list");
  return no_items;
}

Fields Fields::within(std::string_view name) {
  const auto* value = find(name);
  static const json::Value nothing;
  return {value == nullptr ? nothing : *value, place_of(name) + ".", complaints_};
}

void Fields::finish() {
  if (object_ == nullptr) return;
  for (const auto& [written, value] : *object_->object()) {
    const bool is_known = std::any_of(known_.begin(), known_.end(), [&, &name = written](auto one) {
      return http::equal_ignoring_case(name, one);
    });
    if (is_known) continue;
    if (complaints_.written.find(written) == std::string_view::npos &&
        !complaints_.written.empty()) {
      complaints_.said.push_back(place_ +
                                 "a name that comes from a variable (not shown): there is "
                                 "no field of this name");
      continue;
    }
    const auto nearest = nearest_of(known_, written);
    complaints_.said.push_back(
        place_ + quoted(written) + ": there is no field of this name" +
        (nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?"));
  }
}

void Fields::say(std::string_view name, std::string_view text) {
  complaints_.said.push_back(place_of(name) + ": " + std::string(text));
}

std::optional<std::string> scalar_text(const json::Value& value) {
  if (const auto* text = value.string()) return *text;
  if (const auto* flag = value.boolean()) return std::string(*flag ? "true" : "false");
  if (const auto* number = value.number()) return number->text;
  return std::nullopt;
}

}  // namespace gatelet::config
