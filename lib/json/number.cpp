#include "json/reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace gatelet::json {
namespace {

constexpr std::int64_t first_second = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t last_second = 253402300799;   // 9999-12-31T23:59:59Z
constexpr std::int64_t max_exponent = 100'000;       // far beyond what the digits can outweigh

// A decimal number taken apart: 0.WHOLEFRACTION x 10^point, negative or not.
struct Decimal {
  bool is_negative = false;
  std::string_view whole, fraction;
  std::int64_t point = 0;
};

// The digits at the front of `text`, taken off it.
std::string_view take_digits(std::string_view& text) noexcept {
  const auto end =
      std::find_if(text.begin(), text.end(), [](char c) { return c < '0' || c > '9'; });
  const auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

// RFC 8259 section 6.
std::optional<Decimal> take_apart(std::string_view text) noexcept {
  Decimal number;
  number.is_negative = text.starts_with('-');
  if (number.is_negative) text.remove_prefix(1);
  number.whole = take_digits(text);
  if (number.whole.empty() || (number.whole.size() > 1 && number.whole[0] == '0'))
    return std::nullopt;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    number.fraction = take_digits(text);
    if (number.fraction.empty()) return std::nullopt;
  }
  std::int64_t exponent = 0;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    const bool is_below = text.starts_with('-');
    if (is_below || text.starts_with('+')) text.remove_prefix(1);
    const auto digits = take_digits(text);
    if (digits.empty()) return std::nullopt;
    for (const char c : digits) exponent = std::min(exponent * 10 + (c - '0'), max_exponent);
    if (is_below) exponent = -exponent;
  }
  if (!text.empty()) return std::nullopt;
  number.point = static_cast<std::int64_t>(number.whole.size()) + exponent;
  return number;
}

}  // namespace

std::optional<std::int64_t> to_int64(const Number& number) noexcept {
  const auto decimal = take_apart(number.text);
  if (!decimal) return std::nullopt;
  std::int64_t value = 0;
  const auto* end = number.text.data() + number.text.size();
  const auto [stop, error] = std::from_chars(number.text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<std::int64_t> to_seconds(const Number& number) noexcept {
  const auto decimal = take_apart(number.text);
  if (!decimal) return std::nullopt;

  // Digit by digit, so that nothing is rounded: those before the point make the value, any other
  // behind it takes a negative number one further down.
  std::int64_t seconds = 0;
  bool has_rest = false;
  std::int64_t place = 0;
  for (const auto digits : {decimal->whole, decimal->fraction}) {
    for (const char c : digits) {
      if (place++ < decimal->point) {
        seconds = seconds * 10 + (c - '0');
        if (seconds > last_second) return std::nullopt;
      } else if (c != '0') {
        has_rest = true;
      }
    }
  }
  for (; seconds != 0 && place < decimal->point; ++place) {
    seconds *= 10;
    if (seconds > last_second) return std::nullopt;
  }
  if (decimal->is_negative) seconds = -seconds - (has_rest ? 1 : 0);
  if (seconds < first_second) return std::nullopt;
  return seconds;
}

}  // namespace gatelet::json
