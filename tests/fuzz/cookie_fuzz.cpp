// Cookie fields, one a line: every cookie read is legal, writing them again reads equal, and the
// outcome is that of a slow second reader.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/cookie.hpp"
#include "http/header.hpp"
#include "require.hpp"

using namespace gatelet;
using namespace gatelet::http;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs read(const std::vector<HeaderView>& headers) {
  Pairs out;
  CookieReader reader(headers);
  CookieView cookie;
  while (reader.next(cookie)) out.emplace_back(cookie.name, cookie.value);
  return out;
}

std::string stripped(std::string text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_legal(std::string_view value) {
  for (const char c : value) {
    if (c < 0x20 || c == 0x7f || c == '"' || c == '\\' || c == ';') return false;
  }
  return true;
}

// net/http's readCookies, retold.
void slow_read(std::string_view field, Pairs& out) {
  std::string rest(field);
  while (!rest.empty()) {
    const auto end = std::min(rest.find(';'), rest.size());
    const auto pair = stripped(rest.substr(0, end));
    rest.erase(0, end + 1);
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = stripped(pair.substr(0, equals));
    auto value = equals == pair.size() ? std::string() : pair.substr(equals + 1);
    if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (is_token(name) && is_legal(value)) out.emplace_back(name, value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<HeaderView> headers;
  Pairs expected;
  for (;;) {
    const auto line = text.substr(0, text.find('\n'));
    headers.push_back({"Cookie", line});
    headers.push_back({"X-Cookie", line});
    slow_read(line, expected);
    if (line.size() == text.size()) break;
    text.remove_prefix(line.size() + 1);
  }

  const auto cookies = read(headers);
  require(cookies == expected);

  std::string joined;
  for (const auto& [name, value] : cookies) {
    require(is_token(name) && is_legal(value));
    // Quoted, since a value may have blanks at its ends.
    joined += name + "=\"" + value + "\"; ";
    const auto found = find_cookie(headers, name);
    require(found.has_value());
  }
  require(read({{"cookie", joined}}) == cookies);

  if (!cookies.empty()) {
    const auto& [name, value] = cookies.front();
    require(find_cookie(headers, name) == value);
    std::string line;
    write_set_cookie(name, value, {}, std::chrono::seconds(1), line);
    require(line == name + "=" + value + "; Path=/; Max-Age=1; HttpOnly; Secure");
  }
  return 0;
}
