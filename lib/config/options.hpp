// The option table: what stands in options.def, as data.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gatelet::config {

// objects: a list of JSON objects with fields of their own.
enum class Type : std::uint8_t { text, boolean, integer, duration, size, list, objects };
enum class Secrecy : std::uint8_t { open, secret };
enum class Scope : std::uint8_t { engine, provider, server, upstream };

// What a value may be, beyond its type.
struct Range {
  enum class Form : std::uint8_t {
    any,
    one_of,         // text: one of `low`, divided by "|"
    between,        // integer, duration, size: from `low` to `high`
    seconds,        // duration: the same, and a whole number of seconds
    url,            // text: an absolute http or https URL
    issuer,         // text: the same, without a query
    path,           // text: a path from "/"
    prefix,         // text: the same, not "/" and without "/" at its end
    cookie_path,    // text: a path that may stand in a cookie
    cookie_name,    // text: a token of at most 256 bytes
    header_name,    // text: a token
    scope,          // text: scope tokens divided by blanks
    words,          // list: items that are not empty
    algorithms,     // list: signature algorithms
    email_rules,    // list: policy/email_rules.hpp
    hosts,          // list: policy/domain_match.hpp
    domains,        // list: host names, also with a dot before them
    ip_ranges,      // list: addresses and networks
    token_issuers,  // list: issuer=audience
    address,        // text: config/server_range.hpp, where a server listens
    tcp_address,    // text: the same, host and port only
    cipher_suites,  // list: config/server_range.hpp
    upstreams,      // list: config/server_range.hpp
  };
  Form form = Form::any;
  std::string_view low, high;
};

// One name for each row, in the order of the table.
enum class Row : std::uint8_t {
#define OPTION(key, ...) key,
#include "config/options.def"
#undef OPTION
};

struct Option {
  Row row;
  std::string_view key;
  Type type;
  std::string_view native, compat;  // defaults
  Range range;
  Secrecy secrecy;
  Scope scope;
  std::string_view sentence;
};

std::span<const Option> options() noexcept;
const Option& option(Row) noexcept;
const Option* find_option(std::string_view key) noexcept;  // null: there is none

bool is_provider_id(std::string_view id) noexcept;  // 1 to 32 of a-z, 0-9 and "-"

// A name that oauth2-proxy or a later version of this library has, and this one has not: why, as
// the rest of a sentence. Empty for every other name.
std::string_view why_not_here(std::string_view key) noexcept;

}  // namespace gatelet::config
