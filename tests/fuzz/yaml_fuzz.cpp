// An alpha configuration: any text. What is refused leaves nothing behind and is told in one
// printable line, without a variable's value; what is accepted can be judged.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <gatelet/settings.hpp>

#include "require.hpp"

using namespace gatelet;

namespace {

constexpr std::string_view canary = "c4n4ry";

void judge(const Error& error, bool may_hold_canary) {
  require(!error.text.empty());
  require(may_hold_canary || error.text.find(canary) == std::string::npos);
  for (const char c : error.text) require(c >= ' ' && c <= '~');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const char* const variables[] = {"SECRET=c4n4ry: [", "A=1", "EMPTY=", nullptr};
  Settings settings;
  require(settings.load_env(variables).ok());
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto done = settings.load("yaml", text);
  if (!done.ok()) {
    require(settings.entries().empty());
    judge(done.error(), text.find(canary) != std::string_view::npos);
    return 0;
  }
  for (const auto& entry : settings.entries()) require(entry.is_alpha);
  for (const auto& problem : settings.check()) require(!problem.text.empty());
  return 0;
}
