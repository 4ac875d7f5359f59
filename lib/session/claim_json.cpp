#include "session/claim_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/base64.hpp"
#include "json/writer.hpp"

namespace gatelet::session {
namespace {

template <class T>
void write_integer(T value, std::string& out) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void write_padded(std::int64_t value, std::size_t width, std::string& out) {
  std::string digits;
  write_integer(value, digits);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out.append(digits);
}

// Shortest digits that read back the same; plain from 1e-6 up to 1e21, else with an exponent, as
// Go's encoding/json prints a float64.
void write_double(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out.append("null");
    return;
  }
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value),
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const auto e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), end, exponent);
  if (std::signbit(value)) out.push_back('-');

  if (value != 0 && (exponent < -6 || exponent >= 21)) {
    out.append(text.substr(0, e + 1)).append(exponent < 0 ? "" : "+");
    return write_integer(exponent, out);
  }
  std::string digits(text.substr(0, 1));
  if (e > 2) digits.append(text.substr(2, e - 2));
  if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent) - 1, '0').append(digits);
    return;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    out.append(digits).append(whole - digits.size(), '0');
    return;
  }
  out.append(digits, 0, whole).append(".").append(digits, whole);
}

void write_bytes(std::string_view bytes, std::string& out) {
  json::write_string(base64::encode(bytes), out);
}

// RFC 3339 in UTC with as many decimals as needed; null outside years 0 to 9999.
void write_time(const msgpack::Time& time, std::string& out) {
  using std::chrono::days;
  constexpr std::int64_t first = -62167219200, last = 253402300799;
  if (time.seconds < first || time.seconds > last || time.nanos > 999'999'999) {
    out.append("null");
    return;
  }
  const std::chrono::sys_seconds moment{std::chrono::seconds(time.seconds)};
  const auto day = std::chrono::floor<days>(moment);
  const std::chrono::year_month_day date(day);
  const auto second = (moment - day).count();
  out.push_back('"');
  write_padded(static_cast<int>(date.year()), 4, out);
  out.push_back('-');
  write_padded(static_cast<unsigned>(date.month()), 2, out);
  out.push_back('-');
  write_padded(static_cast<unsigned>(date.day()), 2, out);
  out.push_back('T');
  write_padded(second / 3600, 2, out);
  out.push_back(':');
  write_padded(second / 60 % 60, 2, out);
  out.push_back(':');
  write_padded(second % 60, 2, out);
  if (time.nanos != 0) {
    out.push_back('.');
    write_padded(time.nanos, 9, out);
    while (out.back() == '0') out.pop_back();
  }
  out.append("Z\"");
}

void write_array(const msgpack::Array& array, std::string& out) {
  out.push_back('[');
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i > 0) out.push_back(',');
    write_claim_json(array[i], out);
  }
  out.push_back(']');
}

// Sorted by name, as Go prints maps; of several members of one name the last counts, as in its
// maps.
void write_map(const msgpack::Map& map, std::string& out) {
  std::vector<const msgpack::Map::value_type*> members;
  for (const auto& member : map) members.push_back(&member);
  std::stable_sort(members.begin(), members.end(),
                   [](const auto* a, const auto* b) { return a->first < b->first; });
  out.push_back('{');
  bool first = true;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i + 1 < members.size() && members[i + 1]->first == members[i]->first) continue;
    if (!first) out.push_back(',');
    first = false;
    json::write_string(members[i]->first, out);
    out.push_back(':');
    write_claim_json(members[i]->second, out);
  }
  out.push_back('}');
}

}  // namespace

void write_claim_json(const msgpack::Value& value, std::string& out) {
  std::visit(
      [&](const auto& data) {
        using T = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<T, std::nullptr_t>) {
          out.append("null");
        } else if constexpr (std::is_same_v<T, bool>) {
          out.append(data ? "true" : "false");
        } else if constexpr (std::is_same_v<T, double>) {
          write_double(data, out);
        } else if constexpr (std::is_integral_v<T>) {
          write_integer(data, out);
        } else if constexpr (std::is_same_v<T, std::string>) {
          json::write_string(data, out);
        } else if constexpr (std::is_same_v<T, msgpack::Binary>) {
          write_bytes(data.bytes, out);
        } else if constexpr (std::is_same_v<T, msgpack::Time>) {
          write_time(data, out);
        } else if constexpr (std::is_same_v<T, msgpack::Array>) {
          write_array(data, out);
        } else {
          write_map(data, out);
        }
      },
      value.data());
}

}  // namespace gatelet::session
