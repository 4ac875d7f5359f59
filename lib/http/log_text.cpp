#include "http/log_text.hpp"

#include <cstdint>

#include "base/utf8.hpp"
#include "http/ascii.hpp"

namespace gatelet::http {
namespace {

void append_hex(std::uint32_t value, unsigned digits, std::string& out) {
  constexpr std::string_view all = "0123456789abcdef";
  for (unsigned i = digits; i > 0; --i) out += all[value >> (4 * (i - 1)) & 15];
}

void escape_byte(char c, std::string& out) {
  constexpr std::string_view named = "\a\b\f\n\r\t\v", names = "abfnrtv";
  const auto at = named.find(c);
  out += '\\';
  if (c == '"' || c == '\\') {
    out += c;
  } else if (at != std::string_view::npos) {
    out += names[at];
  } else {
    out += 'x';
    append_hex(static_cast<unsigned char>(c), 2, out);
  }
}

std::uint32_t code_point(std::string_view bytes) noexcept {
  std::uint32_t point = static_cast<unsigned char>(bytes.front()) & (0xffu >> (bytes.size() + 1));
  for (const char c : bytes.substr(1)) point = point << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return point;
}

// C1 controls, and what hides, breaks or turns a line where it is shown.
bool is_misleading(std::uint32_t c) noexcept {
  return (c >= 0x80 && c <= 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
         (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
         (c >= 0x205f && c <= 0x206f) || c == 0x3000 || c == 0xfeff;
}

void escape(std::string_view text, std::string_view quotes, std::string& out) {
  out.reserve(out.size() + text.size());
  while (!text.empty()) {
    const auto size = utf8_size(text);
    const char c = text.front();
    if (size > 1 && is_misleading(code_point(text.substr(0, size)))) {
      out += "\\u";
      append_hex(code_point(text.substr(0, size)), 4, out);
    } else if (size == 0 || (size == 1 && (is_control(c) || quotes.find(c) != quotes.npos))) {
      escape_byte(c, out);
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
}

}  // namespace

void log_escape(std::string_view text, std::string& out) { escape(text, "\"\\", out); }

void log_escape_controls(std::string_view text, std::string& out) { escape(text, {}, out); }

std::string log_quoted(std::string_view text) {
  std::string out = "\"";
  log_escape(text, out);
  return out += '"';
}

}  // namespace gatelet::http
