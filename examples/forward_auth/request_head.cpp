#include "request_head.hpp"

#include <strings.h>

#include <algorithm>
#include <utility>

namespace forward_auth {
namespace {

// cpp-httplib refuses a line of more than 8 KiB; a browser's cookies may be longer.
constexpr std::size_t max_line_size = 8 * 1024 - 64;

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool has_control_byte(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

bool is_name(std::string_view name, std::string_view wanted) {
  return name.size() == wanted.size() &&
         strncasecmp(name.data(), wanted.data(), wanted.size()) == 0;
}

// METHOD SP target SP HTTP/1.x. A "#" cannot stand in a target (section 3.2), and cpp-httplib would
// cut it there.
bool is_request_line(std::string_view line) {
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  return is_token(line.substr(0, first)) && !target.empty() &&
         target.find_first_of(" #\t") == std::string_view::npos && !has_control_byte(target) &&
         (version == "HTTP/1.1" || version == "HTTP/1.0");
}

std::string_view trimmed(std::string_view value) {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) c == '%' ? out += "%25" : out += c;
  return out;
}

// How long the body is: said once, by one of two fields (section 6.3).
struct BodyLength {
  int num_lengths = 0, num_codings = 0;
  bool is_empty = true;

  bool take(std::string_view name, std::string_view value) {
    if (is_name(name, "Content-Length")) {
      ++num_lengths;
      if (value.find_first_not_of('0') != std::string_view::npos) is_empty = false;
      return !value.empty() && value.size() < 16 &&
             value.find_first_not_of("0123456789") == std::string_view::npos;
    }
    if (!is_name(name, "Transfer-Encoding")) return true;
    ++num_codings;
    is_empty = false;
    return is_name(value, "chunked");
  }
  bool is_clear() const { return num_lengths + num_codings <= 1; }
};

// One field as lines that are short enough; only cookies can be divided (RFC 9113 section 8.2.3).
void add_field(std::string_view name, std::string value, std::string& out) {
  while (value.size() > max_line_size && is_name(name, "Cookie")) {
    const auto end = value.rfind("; ", max_line_size);
    if (end == std::string::npos) break;
    out.append(name).append(": ").append(value, 0, end).append("\r\n");
    value.erase(0, end + 2);
  }
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::optional<RequestHead> check_head(std::string_view head, bool escape_percent) {
  RequestHead out;
  BodyLength length;
  bool is_first = true;
  for (;;) {
    const auto end = head.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (line.empty()) break;
    if (std::exchange(is_first, false)) {
      if (!is_request_line(line)) return std::nullopt;
      out.text.append(line).append("\r\n");
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return std::nullopt;
    const auto name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
    if (has_control_byte(value) || !length.take(name, value)) return std::nullopt;
    add_field(name, escape_percent ? escaped(value) : std::string(value), out.text);
  }
  if (is_first || !head.empty() || !length.is_clear()) return std::nullopt;
  out.text += "\r\n";
  out.has_body = !length.is_empty;
  return out;
}

}  // namespace forward_auth
