// The values of all options, typed: one member for each row of the table, filled from what was set
// or from the profile's default.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/settings.hpp>

#include "base/instant.hpp"
#include "base/secret.hpp"
#include "config/options.hpp"
#include "config/problems.hpp"

namespace gatelet::config {

template <class T>
struct Chosen {
  T value{};
  bool given = false;  // by the operator, and usable

  const T& operator*() const noexcept { return value; }
  const T* operator->() const noexcept { return &value; }
};

using ObjectTexts = std::vector<Secret>;  // one JSON object each, not looked into

struct SecretList {
  std::vector<Secret> items;
};

#define GATELET_TYPE_text_open std::string
#define GATELET_TYPE_text_secret Secret
#define GATELET_TYPE_boolean_open bool
#define GATELET_TYPE_integer_open std::int64_t
#define GATELET_TYPE_duration_open Duration
#define GATELET_TYPE_size_open std::uint64_t
#define GATELET_TYPE_list_open std::vector<std::string>
#define GATELET_TYPE_list_secret SecretList
#define GATELET_TYPE_objects_open ObjectTexts
#define GATELET_TYPE_objects_secret ObjectTexts
#define GATELET_ENGINE_engine(type, key) Chosen<type> key;
#define GATELET_ENGINE_server(type, key) Chosen<type> key;
#define GATELET_ENGINE_upstream(type, key) Chosen<type> key;
#define GATELET_ENGINE_provider(type, key)
#define GATELET_PROVIDER_engine(type, key)
#define GATELET_PROVIDER_server(type, key)
#define GATELET_PROVIDER_upstream(type, key)
#define GATELET_PROVIDER_provider(type, key) Chosen<type> key;

struct EngineValues {
#define OPTION(key, type, native, compat, range, secrecy, scope, sentence) \
  GATELET_ENGINE_##scope(GATELET_TYPE_##type##_##secrecy, key)
#include "config/options.def"
#undef OPTION
};

struct ProviderValues {
  ProviderName name;
#define OPTION(key, type, native, compat, range, secrecy, scope, sentence) \
  GATELET_PROVIDER_##scope(GATELET_TYPE_##type##_##secrecy, key)
#include "config/options.def"
#undef OPTION
};

#undef GATELET_ENGINE_engine
#undef GATELET_ENGINE_server
#undef GATELET_ENGINE_upstream
#undef GATELET_ENGINE_provider
#undef GATELET_PROVIDER_engine
#undef GATELET_PROVIDER_server
#undef GATELET_PROVIDER_upstream
#undef GATELET_PROVIDER_provider

struct Values {
  bool is_compat = false;
  EngineValues engine;
  std::vector<ProviderValues> providers;  // never empty; "default" first where there is one
};

// The value for a key: of its last origin. Null: nowhere given.
const Settings::Entry* find_entry(const std::vector<Settings::Entry>& entries,
                                  std::string_view key) noexcept;

bool wants_compat(const std::vector<Settings::Entry>& entries) noexcept;

// Reads every option. One that cannot be read, or is out of its range, is a problem and keeps its
// default. An empty text, or a list without entries, is not set; an empty list of objects is: it
// says that there are none.
Values read_values(const std::vector<Settings::Entry>& entries, Problems& problems);

}  // namespace gatelet::config
