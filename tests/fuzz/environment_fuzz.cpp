// Settings from the environment: any lines as variables. What is accepted is kept under a known
// name; what is refused changes nothing and is told in one printable line.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gatelet/settings.hpp>

#include "require.hpp"

using namespace gatelet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> lines(1);
  for (const char c : std::string_view(reinterpret_cast<const char*>(data), size)) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  std::vector<const char*> variables;
  for (const auto& line : lines) variables.push_back(line.c_str());
  variables.push_back(nullptr);

  Settings settings;
  const auto done = settings.load_env(variables.data());
  if (!done.ok()) {
    require(settings.entries().empty());
    for (const char c : done.error().text) require(c >= ' ' && c <= '~');
    return 0;
  }
  require(settings.entries().size() <= lines.size());
  for (const auto& entry : settings.entries()) {
    require(entry.origin == Settings::Origin::environment);
    Settings again;
    require(again.set(entry.key, entry.values.front().reveal()).ok());
    require(again.entries().front().key == entry.key);
  }
  (void)settings.check();
  return 0;
}
