// The head of a request as forward_auth checks it: what comes out has lines that can be read in one
// way, says the same when it is checked again, and holds the same values.
#include "forward_auth/request_head.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "require.hpp"

using forward_auth::check_head;

namespace {

// Fields of a head: names and values, cookies as if they stood in one field.
std::string fields_of(std::string_view head, bool is_escaped) {
  std::string out, cookies;
  head.remove_prefix(head.find("\r\n") + 2);
  for (;;) {
    const auto line = head.substr(0, head.find("\r\n"));
    if (line.empty()) return out + cookies;
    head.remove_prefix(line.size() + 2);
    const auto colon = line.find(':');
    auto value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
      value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    std::string plain;
    for (std::size_t i = 0; i < value.size(); ++i) {
      plain += value[i];
      if (is_escaped && value[i] == '%') {
        require(value.substr(i, 3) == "%25");
        i += 2;
      }
    }
    std::string name(line.substr(0, colon));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (name == "cookie") {
      cookies += (cookies.empty() ? "cookie: " : "; ") + plain;
    } else {
      out += name + ": " + plain + "\n";
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto head = check_head(text, false);
  const auto escaped = check_head(text, true);
  require(head.has_value() == escaped.has_value());
  if (!head) return 0;
  require(head->has_body == escaped->has_body);
  require(head->text.ends_with("\r\n\r\n"));
  require(head->text.find("\r\n\r\n") == head->text.size() - 4);
  for (std::size_t i = 0; i < head->text.size(); ++i) {
    const char c = head->text[i];
    require(c != '\0');
    require(c != '\n' || (i > 0 && head->text[i - 1] == '\r'));
    require(c != '\r' || head->text[i + 1] == '\n');
  }
  const auto again = check_head(head->text, false);
  require(again && again->text == head->text && again->has_body == head->has_body);
  require(fields_of(text, false) == fields_of(head->text, false));
  require(fields_of(text, false) == fields_of(escaped->text, true));
  return 0;
}
