// TOML settings: any text. What is accepted means the same when it is written out and read again;
// what is refused is told in one printable line.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <gatelet/settings.hpp>

#include "base/bytes.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

std::string text_of(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00" + to_hex(std::string_view(&c, 1));
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

std::string written(const Settings& settings) {
  std::string out;
  for (const auto& entry : settings.entries()) {
    out += entry.key + " = ";
    if (!entry.is_list) {
      out += text_of(entry.values.front().reveal()) + "\n";
      continue;
    }
    out += "[";
    for (const auto& item : entry.values) out += text_of(item.reveal()) + ", ";
    out += "]\n";
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Settings settings;
  const auto done = settings.load("toml", {reinterpret_cast<const char*>(data), size});
  if (!done.ok()) {
    require(settings.entries().empty());
    for (const char c : done.error().text) require(c >= ' ' && c <= '~');
    return 0;
  }
  Settings again;
  require(again.load("toml", written(settings)).ok());
  require(again.entries().size() == settings.entries().size());
  for (std::size_t i = 0; i < again.entries().size(); ++i) {
    const auto &a = settings.entries()[i], &b = again.entries()[i];
    require(a.key == b.key && a.is_list == b.is_list && a.values == b.values);
  }
  (void)settings.check();
  return 0;
}
