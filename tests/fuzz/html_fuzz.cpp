// html_escape: the outcome holds no markup, is UTF-8, and unescapes to the text without its control
// bytes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.hpp"
#include "http/html.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

constexpr std::pair<std::string_view, char> entities[] = {
    {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};

std::string unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    char c = text.front();
    std::size_t size = 1;
    if (c == '&') {
      size = 0;
      for (const auto& [entity, meaning] : entities) {
        if (text.starts_with(entity)) c = meaning, size = entity.size();
      }
      require(size != 0);  // an ampersand always begins one of ours
    }
    out += c;
    text.remove_prefix(size);
  }
  return out;
}

std::string expected(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto size = utf8_size(text);
    const auto c = static_cast<unsigned char>(text.front());
    if (size == 0) out += "\xef\xbf\xbd";
    if (size > 1 || (size == 1 && c >= 0x20 && c != 0x7f)) out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string out = "x";
  http::html_escape(text, out);
  require(out.front() == 'x' && is_utf8(out));
  require(out.find_first_of("<>\"'") == std::string::npos);
  require(unescaped(out).substr(1) == expected(text));
  return 0;
}
