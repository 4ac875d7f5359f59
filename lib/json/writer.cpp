#include "json/writer.hpp"

#include "base/utf8.hpp"

namespace gatelet::json {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void write_escape(unsigned char c, std::string& out) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default:
      out += "\\u00";
      out += hex_digits[c >> 4];
      out += hex_digits[c & 15];
  }
}

bool needs_escape(unsigned char c) noexcept {
  return c < 0x20 || c == 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&';
}

// One overload for each type a Value holds.
struct Writer {
  std::string& out;

  void operator()(std::nullptr_t) const { out += "null"; }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(const Number& value) const { out += value.text; }
  void operator()(const std::string& value) const { write_string(value, out); }
  void operator()(const Array& elements) const {
    out += '[';
    for (const auto& element : elements) {
      if (&element != &elements.front()) out += ',';
      write(element, out);
    }
    out += ']';
  }
  void operator()(const Object& members) const {
    out += '{';
    for (const auto& member : members) {
      if (&member != &members.front()) out += ',';
      write_string(member.first, out);
      out += ':';
      write(member.second, out);
    }
    out += '}';
  }
};

}  // namespace

void write_string(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const auto size = utf8_size(text);
    const auto point = text.substr(0, size);
    if (size == 0) {
      out += "\xef\xbf\xbd";
    } else if (point == "\xe2\x80\xa8") {
      out += "\\u2028";
    } else if (point == "\xe2\x80\xa9") {
      out += "\\u2029";
    } else if (const auto c = static_cast<unsigned char>(point.front()); needs_escape(c)) {
      write_escape(c, out);
    } else {
      out += point;
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out += '"';
}

void write(const Value& value, std::string& out) { std::visit(Writer{out}, value.data()); }

std::string to_text(const Value& value) {
  std::string out;
  write(value, out);
  return out;
}

}  // namespace gatelet::json
