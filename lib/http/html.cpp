#include "http/html.hpp"

#include "base/utf8.hpp"
#include "http/ascii.hpp"

namespace gatelet::http {

void html_escape(std::string_view text, std::string& out) {
  out.reserve(out.size() + text.size());
  while (!text.empty()) {
    const auto size = utf8_size(text);
    const char c = text.front();
    if (size == 0) {
      out += "\xef\xbf\xbd";
    } else if (size > 1) {
      out += text.substr(0, size);
    } else {
      switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default:
          if (!is_control(c)) out += c;
      }
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
}

}  // namespace gatelet::http
