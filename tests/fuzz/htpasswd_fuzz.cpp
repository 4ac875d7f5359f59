// A file of users, and a hash of a password: what is taken is found again under its own name, no
// password matches two kinds of hash; an error names a line and repeats nothing.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/htpasswd.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

// Nothing an operator wrote stands in an error: its words are ours.
bool is_ours(const Error& error, std::string_view text) {
  constexpr std::string_view canary = "canary";
  return error.text.starts_with("line ") && (text.find(canary) == std::string_view::npos ||
                                             error.text.find(canary) == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto users = policy::Htpasswd::parse(text);
  if (!users.ok()) {
    require(is_ours(users.error(), text));
    return 0;
  }
  require(users->is_empty() == (users->decoy() == nullptr));
  std::string_view rest(text);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.starts_with('#') || line.find(':') == std::string_view::npos) continue;
    auto name = line.substr(0, line.find(':'));
    name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
    const auto* user = users->find(name);
    require(user != nullptr && user->name == name && user->mark.size() == 22);
    require(user->hash->is_slow() == !user->hash->quick_match("").has_value());
    require(users->find(std::string(name) + "\n") == nullptr);
  }
  return 0;
}
