// Settings are what an engine is told: option names with their values, from the program, the
// environment and files.
//
// A Settings object collects; Engine::create (or check()) judges it as a whole and reports every
// problem at once. Option names are oauth2-proxy's; README lists them. `providers.<id>.<option>`
// describes a further provider, the plain names describe the one with the id `default`. Lists are
// comma-separated, or JSON arrays of strings; options of the type objects are JSON arrays of
// objects, in TOML arrays of tables.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gatelet/result.hpp>
#include <gatelet/secret.hpp>
#include <gatelet/version.hpp>

namespace gatelet::inline GATELET_CXX_ABI {

class GATELET_API Settings {
 public:
  Settings() = default;
  Settings(std::initializer_list<std::pair<std::string_view, std::string_view>> values);

  // Sets one option; a later value replaces an earlier one and wins over environment and file.
  //   Failure: Status::unknown_option names the nearest known option; nothing changes. Values are
  //   judged by check().
  Result<void> set(std::string_view key, std::string_view value);

  // Adds the options of a file's text. `format` is "toml", "json" (one object; further providers in
  // {"providers": {"<id>": {...}}}) or "yaml": oauth2-proxy's alpha configuration. Values set by
  // set() win, whatever the order.
  //   "yaml" says everything about providers and headers: what another file says of them is a
  //   problem that check() tells, and variables of the environment for them do not count. It takes
  //   the place of one that was loaded before. ${NAME} in it stands for a variable of an
  //   environment that was given before (load_env).
  //   Failure: a text that does not parse, or an unknown key, changes nothing; the error names the
  //   key, and in TOML the line.
  Result<void> load(std::string_view format, std::string_view text);

  // Adds the options of an environment: `variables` as in environ(7), texts `NAME=value` with a
  // null pointer after the last. GATELET_CLIENT_ID sets client_id, OAUTH2_PROXY_CLIENT_ID the same
  // where the former is not there; other variables are passed over, and so is one without a value.
  // Values set by set() win over these, these over every file's. The whole environment is kept: an
  // option may name a variable of it (fromEnv).
  //   Failure: Status::unknown_option, or not_built, for a variable that begins so and names no
  //   option; nothing changes then. What Kubernetes puts there for a service called gatelet or
  //   oauth2-proxy is no mistake and passed over (GATELET_SERVICE_HOST, GATELET_PORT_80_TCP ...).
  Result<void> load_env(const char* const* variables);

  // Every problem, in the order of the option table; empty when an engine can be made. Reads no
  // file, no network.
  std::vector<Error> check() const;

  // What an option is set to, for a host that goes by some itself: http_address and the others of
  // the server around the library are only checked here. The items of a list; else one text, as it
  // was written, of the origin that wins (empty where it was given empty); else the profile's
  // default. Empty when there is none, for a secret, and for a name that no option has.
  //   Failure: none; a value that check() complains of comes as it is.
  std::vector<std::string> values(std::string_view key) const;
  std::string value(std::string_view key) const;  // the first, or an empty text

  // One of the options there are, for a host's own --help or form. Views static text.
  struct Option {
    std::string_view key;
    std::string_view type;   // "text", "boolean", "integer", "duration", "size", "list", "objects"
    std::string_view value;  // the default, as one would write it; empty: not set
    std::string_view sentence;  // what it does
    bool is_secret = false;
    bool is_of_provider = false;  // also as providers.<id>.<key>
  };
  // Every option, in the order of README's table.
  static std::vector<Option> options();

  // Where a value comes from; a later origin here wins over an earlier one.
  enum class Origin : std::uint8_t { file, environment, call };

  // One value as it was given. For the library.
  struct Entry {
    std::string key;
    std::vector<Secret> values;  // one, or the items of a list
    bool is_list = false;        // given as a list (a TOML array), not as text to be split
    Origin origin = Origin::call;
    bool is_objects = false;  // the items of the list are JSON objects
    bool is_alpha = false;    // from an alpha configuration (YAML)
  };
  const std::vector<Entry>& entries() const noexcept { return entries_; }

  // A variable of the environments given to load_env; null where it is not set. For the library.
  const Secret* variable(std::string_view name) const noexcept;
  bool has_environment() const noexcept { return has_environment_; }

  // What the constructor was given under names that no option has. For the library.
  const std::vector<Error>& refused() const noexcept { return refused_; }

 private:
  Result<void> load_alpha(std::string_view text);

  std::vector<Entry> entries_;
  std::vector<Error> refused_;  // unknown names given to the constructor, reported by check()
  std::vector<std::pair<std::string, Secret>> environment_;  // the whole: what names refer to
  bool has_environment_ = false;
};

}  // namespace gatelet::inline GATELET_CXX_ABI
