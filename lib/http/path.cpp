#include "http/path.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/utf8.hpp"
#include "http/ascii.hpp"

namespace gatelet::http {
namespace {

constexpr std::size_t max_target_size = 32 * 1024;
constexpr auto npos = std::string_view::npos;

enum class Fault : std::uint8_t { none, size, form, byte, escape, nul };

Fault fault_of(std::string_view target) noexcept {
  if (target.size() > max_target_size) return Fault::size;
  if (!target.starts_with('/')) return Fault::form;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const char c = target[i];
    if (c == ' ' || c == '#' || is_control(c)) return Fault::byte;
    if (c != '%') continue;
    const auto byte = escaped_byte(target, i);
    if (!byte) return Fault::escape;
    if (*byte == '\0') return Fault::nul;
  }
  return Fault::none;
}

std::string_view text_of(Fault fault) noexcept {
  switch (fault) {
    case Fault::none: return "";
    case Fault::size: return "the request target is longer than 32 KiB";
    case Fault::form: return "the request target is not in origin form (it must begin with `/`)";
    case Fault::byte: return "the request target holds a space, `#` or a control byte";
    case Fault::escape: return "the request target holds a broken percent escape";
    case Fault::nul: return "the request target holds a NUL";
  }
  unreachable();
}

// Bytes that must be looked at more closely than a copy does.
constexpr auto needs_care = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) {
    table[c] = c >= 0x7f || c < 0x20 || c == '%' || c == '\\' || c == ';' || c == '?' || c == '#';
  }
  return table;
}();

bool is_normal(std::string_view path) noexcept {
  if (!path.starts_with('/')) return false;
  char before = '\0';
  for (const char c : path) {
    if (needs_care[static_cast<unsigned char>(c)]) return false;
    if (before == '/' && (c == '/' || c == '.')) return false;
    before = c;
  }
  return true;
}

// Decodes once. `is_plain` becomes false when the outcome holds what somebody behind us may read as
// structure: a separator that was escaped, a second escape, a parameter, bytes that are no text.
std::string decoded(std::string_view path, bool& is_plain) {
  std::string out;
  out.reserve(path.size() + 1);
  if (!path.starts_with('/')) {
    is_plain = false;
    out += '/';
  }
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    const auto byte = c == '%' ? escaped_byte(path, i) : std::nullopt;
    if (byte) {
      c = *byte;
      i += 2;
      if (c == '/' || c == '%') is_plain = false;
    }
    if (c == '\\' || c == ';' || c == '?' || c == '#' || is_control(c)) is_plain = false;
    if (c == '%' && !byte) is_plain = false;
    out += c;
  }
  if (!is_utf8(out)) is_plain = false;
  return out;
}

// RFC 3986 section 5.2.4 in place, with empty segments dropped. `path` begins with "/".
void resolve_segments(std::string& path, bool& is_plain) {
  std::size_t end = 0;   // path[0, end) is done and does not end in "/"
  bool is_open = false;  // the outcome ends in "/"
  for (std::size_t at = 0; at < path.size();) {
    const auto slash = std::min(path.find('/', at + 1), path.size());
    const auto segment = std::string_view(path).substr(at + 1, slash - at - 1);
    const bool is_last = slash == path.size();
    at = slash;
    is_open = false;
    if (segment.empty()) {
      is_open = true;
      if (!is_last) is_plain = false;
    } else if (segment == ".") {
      is_open = true;
      is_plain = false;
    } else if (segment == "..") {
      is_open = true;
      is_plain = false;
      end = end == 0 ? 0 : path.rfind('/', end - 1);
    } else {
      path[end++] = '/';
      std::char_traits<char>::move(path.data() + end, segment.data(), segment.size());
      end += segment.size();
    }
  }
  path.resize(end);
  if (is_open || path.empty()) path += '/';
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = escaped_byte(text, i);
    out += byte ? *byte : text[i];
    if (byte) i += 2;
  }
  return out;
}

bool is_target(std::string_view target) noexcept { return fault_of(target) == Fault::none; }

Result<Target> parse_target(std::string_view target) {
  const auto fault = fault_of(target);
  if (fault != Fault::none) return Error{Status::bad_request, std::string(text_of(fault))};
  const auto mark = target.find('?');
  if (mark == npos) return Target{target, {}, false};
  return Target{target.substr(0, mark), target.substr(mark + 1), true};
}

NormalPath normalise_path(std::string_view path) {
  if (is_normal(path)) return {std::string(path), true};
  NormalPath normal;
  normal.text = decoded(path, normal.is_plain);
  resolve_segments(normal.text, normal.is_plain);
  return normal;
}

}  // namespace gatelet::http
