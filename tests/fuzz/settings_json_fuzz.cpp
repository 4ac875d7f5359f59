// JSON settings: any text. What is refused leaves nothing behind and is told in one printable line;
// what is accepted can be judged.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <gatelet/settings.hpp>

#include "require.hpp"

using namespace gatelet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Settings settings;
  const auto done = settings.load("json", {reinterpret_cast<const char*>(data), size});
  if (!done.ok()) {
    require(settings.entries().empty());
    for (const char c : done.error().text) require(c >= ' ' && c <= '~');
    return 0;
  }
  for (const auto& problem : settings.check()) require(!problem.text.empty());
  return 0;
}
