#include "config/toml_text.hpp"

#include <algorithm>

namespace gatelet::config {
namespace {

bool is_ascii(char c) noexcept { return static_cast<unsigned char>(c) < 0x80; }

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

// Where the text in quotes that begins at `at` is over: behind its last quote, or at the end of a
// line that it may not go beyond.
std::size_t end_of_text(std::string_view text, std::size_t at) noexcept {
  const char quote = text[at];
  const auto first = text.substr(at, 3);
  const bool has_lines = first == "\"\"\"" || first == "'''";
  const std::string_view mark = has_lines ? first : first.substr(0, 1);
  for (auto i = at + mark.size(); i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text.substr(i, mark.size()) == mark) {
      return i + mark.size();
    } else if (text[i] == '\n' && !has_lines) {
      return i;
    }
  }
  return text.size();
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

std::size_t line_of_deep_key(std::string_view text) noexcept {
  constexpr std::size_t most_dots = 7;
  std::size_t line = 1, num_dots = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || c == '\'' || c == '#') {
      const auto end =
          c == '#' ? std::min(text.find('\n', at), text.size()) : end_of_text(text, at);
      line += static_cast<std::size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                                  text.begin() + static_cast<std::ptrdiff_t>(end),
                                                  '\n'));
      at = end - 1;
      continue;
    }
    if (c == '.' && ++num_dots > most_dots) return line;
    if (c == '\n') ++line;
    if (std::string_view("\n=[]{},").find(c) != std::string_view::npos) num_dots = 0;
  }
  return 0;
}

}  // namespace gatelet::config
