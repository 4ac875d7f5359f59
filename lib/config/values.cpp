#include "config/values.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "config/range.hpp"
#include "config/value.hpp"
#include "json/reader.hpp"
#include "json/writer.hpp"

namespace gatelet::config {
namespace {

using Entry = Settings::Entry;

// What a value of each type looks like, for problems.
constexpr std::string_view wanted(const bool*) { return "write true or false"; }
constexpr std::string_view wanted(const std::int64_t*) { return "write a whole number"; }
constexpr std::string_view wanted(const Duration*) {
  return "write a number with a unit, such as 168h, 15m or 30s";
}
constexpr std::string_view wanted(const std::uint64_t*) {
  return "write a number of bytes, such as 1048576 or 64 MiB";
}
constexpr std::string_view wanted(const std::vector<std::string>*) {
  return "write items divided by commas, or a list of texts";
}

bool parse(std::string_view text, bool& out) {
  const auto parsed = parse_boolean(text);
  return parsed ? (out = *parsed, true) : false;
}
bool parse(std::string_view text, std::int64_t& out) {
  const auto parsed = parse_integer(text);
  return parsed ? (out = *parsed, true) : false;
}
bool parse(std::string_view text, Duration& out) {
  const auto parsed = parse_duration(text);
  return parsed ? (out = *parsed, true) : false;
}
bool parse(std::string_view text, std::uint64_t& out) {
  const auto parsed = parse_size(text);
  return parsed ? (out = *parsed, true) : false;
}
bool parse(std::string_view text, std::vector<std::string>& out) {
  auto parsed = split_list(text);
  return parsed ? (out = std::move(*parsed), true) : false;
}

// From a source that has objects, or from JSON text: an array of them, or one. nullopt for all
// else.
std::optional<ObjectTexts> object_texts(const Entry& entry) {
  if (entry.is_objects) return entry.values;
  if (entry.is_list) return entry.values.empty() ? std::optional(ObjectTexts()) : std::nullopt;
  const auto text = entry.values.front().reveal();
  if (text.empty()) return ObjectTexts();
  const auto parsed = json::parse(text);
  if (!parsed.ok()) return std::nullopt;
  ObjectTexts texts;
  if (parsed->object()) texts.emplace_back(json::to_text(*parsed));
  if (const auto* list = parsed->array()) {
    for (const auto& item : *list) {
      if (!item.object()) return std::nullopt;
      texts.emplace_back(json::to_text(item));
    }
  } else if (texts.empty()) {
    return std::nullopt;
  }
  return texts;
}

// nullopt for a text that is no list.
std::optional<SecretList> secret_list(const Entry& entry) {
  if (entry.is_list) return SecretList{entry.values};
  auto items = split_list(entry.values.front().reveal());
  if (!items) return std::nullopt;
  SecretList out;
  for (auto& item : *items) {
    out.items.emplace_back(item);
    wipe(item);
  }
  return out;
}

class Reader {
 public:
  Reader(const std::vector<Entry>& entries, bool is_compat, Problems& problems)
      : entries_(entries), is_compat_(is_compat), problems_(problems) {}

  template <class T>
  void read(const ProviderName& provider, Row row, Chosen<T>& out) {
    set_default(is_compat_ ? option(row).compat : option(row).native, out.value);
    const auto* entry = find_entry(entries_, full_key(row, provider));
    if (!entry) return;
    auto said = take(*entry, option(row).range, out);
    if (!said.empty()) problems_.add(provider, row, std::move(said));
  }

 private:
  static void set_default(std::string_view text, std::string& out) { out = text; }
  static void set_default(std::string_view, Secret&) {}  // no secret has a default
  static void set_default(std::string_view, SecretList&) {}
  static void set_default(std::string_view, ObjectTexts&) {}
  template <class T>
  static void set_default(std::string_view text, T& out) {
    if (!text.empty()) parse(text, out);
  }

  static bool is_single(const Entry& entry) { return !entry.is_list && entry.values.size() == 1; }

  // Each returns what is wrong, or nothing after it took the value.
  static std::string take(const Entry& entry, const Range& range, Chosen<std::string>& out) {
    if (!is_single(entry)) return "is a list; write one text";
    const std::string text(entry.values.front().reveal());
    if (text.empty()) return {};
    return accept(range, text, out);
  }

  static std::string take(const Entry& entry, const Range&, Chosen<Secret>& out) {
    if (!is_single(entry)) return "is a list; write one text";
    if (entry.values.front().empty()) return {};
    out = {entry.values.front(), true};
    return {};
  }

  static std::string take(const Entry& entry, const Range& range,
                          Chosen<std::vector<std::string>>& out) {
    std::vector<std::string> items;
    if (entry.is_objects) return "holds objects; " + std::string(wanted(&items));
    if (entry.is_list) {
      for (const auto& item : entry.values) items.emplace_back(item.reveal());
    } else if (!parse(entry.values.front().reveal(), items)) {
      return shown(entry.values.front().reveal()) + " is no list; " + std::string(wanted(&items));
    }
    if (items.empty()) return {};
    return accept(range, std::move(items), out);
  }

  static std::string take(const Entry& entry, const Range&, Chosen<SecretList>& out) {
    if (entry.is_objects) return "holds objects; write a list of texts";
    if (!entry.is_list && entry.values.front().empty()) return {};
    auto secrets = secret_list(entry);
    if (!secrets) return "is no list; write items divided by commas, or a list of texts";
    const bool given = !secrets->items.empty();
    out = {std::move(*secrets), given};
    return {};
  }

  static std::string take(const Entry& entry, const Range&, Chosen<ObjectTexts>& out) {
    auto texts = object_texts(entry);
    if (!texts) return "is no list of objects; write a JSON array, [{\"name\": \"...\"}]";
    if (entry.is_list || !texts->empty() || !entry.values.front().empty()) {
      out = {std::move(*texts), true};
    }
    return {};
  }

  template <class T>
  static std::string take(const Entry& entry, const Range& range, Chosen<T>& out) {
    if (!is_single(entry)) return "is a list; " + std::string(wanted(&out.value));
    const auto text = entry.values.front().reveal();
    T value{};
    if (!parse(text, value)) return shown(text) + " cannot be read; " + std::string(wanted(&value));
    auto said = complaint_of(range, value);
    if (!said.empty()) return shown(text) + " " + said;
    out = {value, true};
    return {};
  }

  static std::string complaint_of(const Range&, bool) { return {}; }
  template <class T>
  static std::string complaint_of(const Range& range, T value) {
    return complaint(range, value);
  }

  template <class T>
  static std::string accept(const Range& range, T value, Chosen<T>& out) {
    auto said = complaint(range, value);
    if (said.empty()) out = {std::move(value), true};
    return said;
  }

  const std::vector<Entry>& entries_;
  bool is_compat_;
  Problems& problems_;
};

std::string_view provider_of(std::string_view key) noexcept {
  constexpr std::string_view prefix = "providers.";
  if (!key.starts_with(prefix)) return {};
  key.remove_prefix(prefix.size());
  return key.substr(0, key.find('.'));
}

// In the order they first appear. The flat keys are a provider of their own where any is set, or
// where there is no other.
std::vector<ProviderName> provider_names(const std::vector<Entry>& entries) {
  std::vector<ProviderName> names;
  bool has_flat = false;
  for (const auto& entry : entries) {
    const auto id = provider_of(entry.key);
    if (id.empty()) {
      const auto* flat = find_option(entry.key);
      has_flat = has_flat || (flat && flat->scope == Scope::provider);
    } else if (std::none_of(names.begin(), names.end(),
                            [&](const auto& n) { return n.id == id; })) {
      names.push_back({std::string(id)});
    }
  }
  if (has_flat || names.empty()) names.insert(names.begin(), ProviderName{});
  for (std::size_t i = 0; i < names.size(); ++i) names[i].number = i;
  return names;
}

#define GATELET_ENGINE_engine(key) reader.read({}, Row::key, values.engine.key);
#define GATELET_ENGINE_server(key) GATELET_ENGINE_engine(key)
#define GATELET_ENGINE_upstream(key) GATELET_ENGINE_engine(key)
#define GATELET_ENGINE_provider(key)
#define GATELET_PROVIDER_engine(key)
#define GATELET_PROVIDER_server(key)
#define GATELET_PROVIDER_upstream(key)
#define GATELET_PROVIDER_provider(key) reader.read(provider.name, Row::key, provider.key);

void read_engine(Reader& reader, Values& values) {
#define OPTION(key, type, native, compat, range, secrecy, scope, sentence) \
  GATELET_ENGINE_##scope(key)
#include "config/options.def"
#undef OPTION
}

void read_provider(Reader& reader, ProviderValues& provider) {
#define OPTION(key, type, native, compat, range, secrecy, scope, sentence) \
  GATELET_PROVIDER_##scope(key)
#include "config/options.def"
#undef OPTION
}

}  // namespace

const Entry* find_entry(const std::vector<Entry>& entries, std::string_view key) noexcept {
  const Entry* found = nullptr;
  for (const auto& entry : entries) {
    if (entry.key == key && (!found || found->origin < entry.origin)) found = &entry;
  }
  return found;
}

bool wants_compat(const std::vector<Entry>& entries) noexcept {
  const auto* entry = find_entry(entries, option(Row::compat).key);
  return entry && entry->values.size() == 1 && entry->values.front().reveal() == "oauth2-proxy";
}

Values read_values(const std::vector<Settings::Entry>& entries, Problems& problems) {
  Values values;
  values.is_compat = wants_compat(entries);
  Reader reader(entries, values.is_compat, problems);
  read_engine(reader, values);
  for (auto& name : provider_names(entries)) {
    ProviderValues provider;
    provider.name = std::move(name);
    read_provider(reader, provider);
    values.providers.push_back(std::move(provider));
  }
  return values;
}

}  // namespace gatelet::config
