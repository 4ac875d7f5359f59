#include "config/toml_text.hpp"

#include <algorithm>

namespace gatelet::config {
namespace {

bool is_ascii(char c) noexcept { return static_cast<unsigned char>(c) < 0x80; }

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

}  // namespace

std::string ascii_shape(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return !is_ascii(c); }, '@');
  return out;
}

std::size_t line_of_continuation(std::string_view text) noexcept {
  std::size_t line = 1;
  char before = '\0';  // the last character that was not blank
  for (const char c : text) {
    if (!is_ascii(c) && before == '\\') return line;
    if (c == '\n') ++line;
    if (!is_blank(c)) before = c;
  }
  return 0;
}

}  // namespace gatelet::config
