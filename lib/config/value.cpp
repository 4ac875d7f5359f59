#include "config/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "json/reader.hpp"

namespace gatelet::config {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// Longer names first: "ms" before "m".
constexpr std::array<Unit, 8> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"\xc2\xb5s", 1'000},  // micro sign
                                     {"\xce\xbcs", 1'000},  // Greek mu
                                     {"ms", 1'000'000},
                                     {"s", 1'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"h", 3'600'000'000'000}}};

// The leading digits of `text` as a number, taken off it; nullopt on overflow. No digit is 0.
std::optional<std::int64_t> take_digits(std::string_view& text) noexcept {
  std::int64_t number = 0;
  while (!text.empty() && is_digit(text.front())) {
    if (__builtin_mul_overflow(number, 10, &number)) return std::nullopt;
    if (__builtin_add_overflow(number, text.front() - '0', &number)) return std::nullopt;
    text.remove_prefix(1);
  }
  return number;
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// "[::1]:8080" begins with a bracket too.
bool looks_like_json(std::string_view text) noexcept {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return false;
  const auto first = trimmed(text.substr(1)).front();
  return first == '"' || first == ']';
}

std::optional<std::vector<std::string>> split_json(std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed.ok() || !parsed->array()) return std::nullopt;
  std::vector<std::string> items;
  for (const auto& item : *parsed->array()) {
    if (!item.string()) return std::nullopt;
    items.push_back(*item.string());
  }
  return items;
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) noexcept {
  for (const auto yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == yes) return true;
  }
  for (const auto no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Duration> parse_duration(std::string_view text) noexcept {
  const bool is_negative = !text.empty() && text.front() == '-';
  if (is_negative) text.remove_prefix(1);
  if (text == "0") return Duration{};
  if (text.empty()) return std::nullopt;

  std::int64_t total = 0;
  while (!text.empty()) {
    const auto begin = text;
    const auto whole = take_digits(text);
    if (!whole) return std::nullopt;
    auto num_digits = begin.size() - text.size();
    std::string_view fraction;
    if (!text.empty() && text.front() == '.') {
      text.remove_prefix(1);
      fraction = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
      text.remove_prefix(fraction.size());
      num_digits += fraction.size();
    }
    if (num_digits == 0) return std::nullopt;

    const auto unit = std::find_if(units.begin(), units.end(),
                                   [&](const Unit& u) { return text.starts_with(u.name); });
    if (unit == units.end()) return std::nullopt;
    text.remove_prefix(unit->name.size());

    std::int64_t part = 0;
    if (__builtin_mul_overflow(*whole, unit->nanoseconds, &part)) return std::nullopt;
    auto place = unit->nanoseconds;
    for (const char digit : fraction) {  // what is below a nanosecond does not count
      place /= 10;
      if (__builtin_add_overflow(part, (digit - '0') * place, &part)) return std::nullopt;
    }
    if (__builtin_add_overflow(total, part, &total)) return std::nullopt;
  }
  return Duration(is_negative ? -total : total);
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  auto rest = text;
  const auto number = take_digits(rest);
  if (!number || rest.size() == text.size()) return std::nullopt;
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  const auto shift = rest.empty() || rest == "B" ? 0
                     : rest == "KiB"             ? 10
                     : rest == "MiB"             ? 20
                     : rest == "GiB"             ? 30
                                                 : -1;
  if (shift < 0 || text.ends_with(' ')) return std::nullopt;
  const auto limit = std::numeric_limits<std::int64_t>::max() >> shift;
  if (*number > limit) return std::nullopt;
  return static_cast<std::uint64_t>(*number) << shift;
}

std::optional<std::vector<std::string>> split_list(std::string_view text) {
  if (looks_like_json(text)) return split_json(text);
  std::vector<std::string> items;
  for (;;) {
    const auto comma = text.find(',');
    items.emplace_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return items;
    text.remove_prefix(comma + 1);
  }
}

std::string quoted(std::string_view text) {
  constexpr std::size_t max_shown = 80;
  std::string out = "\"";
  for (const char c : text.substr(0, max_shown)) out += c < ' ' || c > '~' ? '?' : c;
  out += text.size() > max_shown ? "...\"" : "\"";
  return out;
}

}  // namespace gatelet::config
