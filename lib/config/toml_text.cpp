#include "config/toml_text.hpp"

#include <algorithm>

namespace gatelet::config {
namespace {

bool is_ascii(char c) noexcept { return static_cast<unsigned char>(c) < 0x80; }

// Walks a text, counting lines.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  bool at_end() const noexcept { return rest_.empty(); }
  std::size_t line() const noexcept { return line_; }
  char front() const noexcept { return rest_.front(); }

  void skip(std::size_t count) noexcept {
    count = std::min(count, rest_.size());
    line_ += static_cast<std::size_t>(std::count(rest_.begin(), rest_.begin() + count, '\n'));
    rest_.remove_prefix(count);
  }

  bool take(std::string_view mark) noexcept {
    if (!rest_.starts_with(mark)) return false;
    skip(mark.size());
    return true;
  }

  // The quotes that open here, gone past; empty when there are none.
  std::string_view take_quotes() noexcept {
    for (const std::string_view quotes : {"\"\"\"", "'''", "\"", "'"}) {
      if (take(quotes)) return quotes;
    }
    return {};
  }

  void skip_comment() noexcept { skip(std::min(rest_.find('\n'), rest_.size())); }

  // Behind the opening quotes: goes past the closing ones. False at a stray byte.
  bool skip_quoted(std::string_view quotes) noexcept {
    const bool is_long = quotes.size() == 3;
    while (!at_end()) {
      if (take(quotes)) {
        // Up to two quotes may stand before the closing three.
        for (int i = 0; is_long && i < 2; ++i) take(quotes.substr(0, 1));
        return true;
      }
      if (!is_long && front() == '\n') return true;  // the parser refuses the text here
      if (quotes.front() == '"' && front() == '\\') {
        if (!skip_escape()) return false;
      } else {
        skip(1);
      }
    }
    return true;
  }

 private:
  // A backslash and what it stands before: a character, or white space and a line's end.
  bool skip_escape() noexcept {
    skip(1);
    const auto blanks = std::min(rest_.find_first_not_of(" \t\r\n\f\v"), rest_.size());
    skip(blanks);
    if (!at_end() && !is_ascii(front())) return false;
    if (blanks == 0) skip(1);
    return true;
  }

  std::string_view rest_;
  std::size_t line_ = 1;
};

// Elsewhere a quote is a mistake, or stands in a dotted key: no key of ours needs more than ASCII.
bool may_open_quotes(char before) noexcept {
  return std::string_view("\n=,[{").find(before) != std::string_view::npos;
}

}  // namespace

std::size_t line_of_stray_byte(std::string_view text) noexcept {
  Scanner scanner(text);
  scanner.take("\xef\xbb\xbf");  // a byte order mark
  char before = '\n';            // the last character that was neither blank nor in a comment
  while (!scanner.at_end()) {
    const char c = scanner.front();
    if (!is_ascii(c)) return scanner.line();
    if (c == '#') {
      scanner.skip_comment();
      continue;
    }
    const auto quotes = may_open_quotes(before) ? scanner.take_quotes() : std::string_view{};
    if (!quotes.empty() && !scanner.skip_quoted(quotes)) return scanner.line();
    if (quotes.empty()) scanner.skip(1);
    if (c != ' ' && c != '\t' && c != '\r') before = c;
  }
  return 0;
}

}  // namespace gatelet::config
