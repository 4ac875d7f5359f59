#include "http/date.hpp"

#include <algorithm>
#include <chrono>

namespace gatelet::http {
namespace {

void append_digits(unsigned value, unsigned num_digits, std::string& out) {
  const auto at = out.size();
  out.append(num_digits, '0');
  for (unsigned i = num_digits; i > 0; --i, value /= 10) {
    out[at + i - 1] = static_cast<char>('0' + value % 10);
  }
}

}  // namespace

std::string date_text(std::int64_t unix_seconds, char between) {
  using namespace std::chrono;
  constexpr std::int64_t first = -62167219200, last = 253402300799;  // of the years 0 and 9999
  const sys_seconds moment{seconds(std::clamp(unix_seconds, first, last))};
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss time(moment - day);
  std::string out;
  append_digits(static_cast<unsigned>(static_cast<int>(date.year())), 4, out);
  append_digits(static_cast<unsigned>(date.month()), 2, out += between);
  append_digits(static_cast<unsigned>(date.day()), 2, out += between);
  append_digits(static_cast<unsigned>(time.hours().count()), 2, out += ' ');
  append_digits(static_cast<unsigned>(time.minutes().count()), 2, out += ':');
  append_digits(static_cast<unsigned>(time.seconds().count()), 2, out += ':');
  return out;
}

}  // namespace gatelet::http
