#include "config/options.hpp"

#include <algorithm>
#include <iterator>

namespace gatelet::config {
namespace {

namespace range {

constexpr Range any{};
constexpr Range one_of(std::string_view choices) { return {Range::Form::one_of, choices, {}}; }
constexpr Range between(std::string_view low, std::string_view high) {
  return {Range::Form::between, low, high};
}
constexpr Range seconds(std::string_view low, std::string_view high) {
  return {Range::Form::seconds, low, high};
}
constexpr Range url{Range::Form::url, {}, {}};
constexpr Range issuer{Range::Form::issuer, {}, {}};
constexpr Range path{Range::Form::path, {}, {}};
constexpr Range prefix{Range::Form::prefix, {}, {}};
constexpr Range cookie_path{Range::Form::cookie_path, {}, {}};
constexpr Range cookie_name{Range::Form::cookie_name, {}, {}};
constexpr Range header_name{Range::Form::header_name, {}, {}};
constexpr Range scope{Range::Form::scope, {}, {}};
constexpr Range words{Range::Form::words, {}, {}};
constexpr Range algorithms{Range::Form::algorithms, {}, {}};
constexpr Range email_rules{Range::Form::email_rules, {}, {}};
constexpr Range hosts{Range::Form::hosts, {}, {}};
constexpr Range domains{Range::Form::domains, {}, {}};
constexpr Range ip_ranges{Range::Form::ip_ranges, {}, {}};
constexpr Range token_issuers{Range::Form::token_issuers, {}, {}};
constexpr Range address{Range::Form::address, {}, {}};
constexpr Range tcp_address{Range::Form::tcp_address, {}, {}};
constexpr Range cipher_suites{Range::Form::cipher_suites, {}, {}};
constexpr Range upstreams{Range::Form::upstreams, {}, {}};

}  // namespace range

constexpr Option table[] = {
#define OPTION(key, type, native, compat, range_, secrecy, scope, sentence)   \
  {Row::key,         #key,         Type::type, native, compat, range::range_, \
   Secrecy::secrecy, Scope::scope, sentence},
#include "config/options.def"
#undef OPTION
};

struct Elsewhere {
  std::string_view key, why;
};

constexpr Elsewhere elsewhere[] = {
#define LATER(key) {#key, "is not available in this version"},
#include "config/not_here.def"
#undef LATER
};

}  // namespace

std::span<const Option> options() noexcept { return table; }

const Option& option(Row row) noexcept { return table[static_cast<std::size_t>(row)]; }

const Option* find_option(std::string_view key) noexcept {
  const auto found = std::find_if(std::begin(table), std::end(table),
                                  [&](const Option& o) { return o.key == key; });
  return found == std::end(table) ? nullptr : found;
}

bool is_provider_id(std::string_view id) noexcept {
  constexpr std::size_t max_size = 32;
  return !id.empty() && id.size() <= max_size && id.front() != '-' &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::string_view why_not_here(std::string_view key) noexcept {
  // Names of tables ("routes", "rate_limits") stand for everything below them.
  const auto name = key.substr(0, key.find('.'));
  for (const auto& other : elsewhere) {
    if (other.key == name) return other.why;
  }
  return {};
}

}  // namespace gatelet::config
