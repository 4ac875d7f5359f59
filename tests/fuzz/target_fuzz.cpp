// parse_target and normalise_path: no accepted target holds a dangerous byte; a normal path equals
// what a slow second implementation makes of it, stays as it is when normalised again, and is
// called plain only when nothing but the decoding of harmless escapes happened.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/ascii.hpp"
#include "http/path.hpp"
#include "http/url.hpp"
#include "require.hpp"

using namespace gatelet;
using namespace gatelet::http;

namespace {

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = escaped_byte(text, i);
    out += byte ? *byte : text[i];
    if (byte) i += 2;
  }
  return out;
}

// A list of segments, then joined: nothing in place, nothing clever.
std::string slow_normal(std::string_view path) {
  auto text = decode(path);
  if (!path.starts_with('/')) text.insert(0, "/");
  text += '/';
  std::vector<std::string> segments;
  std::string segment;
  bool is_open = true;
  for (const char c : text.substr(1)) {
    if (c != '/') {
      segment += c;
      continue;
    }
    is_open = segment.empty() || segment == "." || segment == "..";
    if (segment == ".." && !segments.empty()) segments.pop_back();
    if (!is_open) segments.push_back(segment);
    segment.clear();
  }
  std::string out;
  for (const auto& part : segments) out += "/" + part;
  // The slash added above closes the last segment, so an empty last one means a slash at the end.
  return out.empty() || is_open ? out + "/" : out;
}

std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) out += c == '/' ? "/" : percent_encode(std::string_view(&c, 1));
  return out;
}

void check_normal(std::string_view path) {
  const auto normal = normalise_path(path);
  require(normal.text == slow_normal(path));
  require(normal.text.starts_with('/'));
  require(normal.text.find("//") == std::string::npos);
  require(("/" + normal.text + "/").find("/../") == std::string::npos);
  require(("/" + normal.text + "/").find("/./") == std::string::npos);
  require(normalise_path(escaped(normal.text)).text == normal.text);

  if (!normal.is_plain) return;
  require(normal.text == decode(path));
  require(normal.text.find_first_of("\\;?#%") == std::string::npos);
  require(normalise_path(normal.text).is_plain && normalise_path(normal.text).text == normal.text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_normal(text);

  const auto target = parse_target(text);
  require(target.ok() == is_target(text));
  if (!target.ok()) return 0;
  require(text.starts_with('/') && text.size() <= 32 * 1024);
  for (const char c : text) require(!is_control(c) && c != ' ' && c != '#');
  require(decode(text).find('\0') == std::string::npos);
  require(target->path.find('?') == std::string_view::npos);
  const auto joined = std::string(target->path) + (target->has_query ? "?" : "");
  require(joined + std::string(target->query) == text);
  check_normal(target->path);
  return 0;
}
