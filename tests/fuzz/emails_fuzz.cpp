// A file of addresses: every address it takes is found again, in capitals too, and is one that the
// rules would let in; an error names a line and repeats nothing.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/ascii.hpp"
#include "policy/email_list.hpp"
#include "policy/email_rules.hpp"
#include "require.hpp"

using namespace gatelet;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto list = policy::EmailList::parse(text);
  if (!list.ok()) {
    require(list.error().text.starts_with("line "));
    require(list.error().text.ends_with(" holds no address; write one a line"));
    return 0;
  }
  require(list->size() <= size);
  std::size_t num_found = 0;
  std::string_view rest(text);
  if (rest.starts_with("\xef\xbb\xbf")) rest.remove_prefix(3);
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (policy::domain_of(line).empty() || line.find_first_of(",\"#") != std::string_view::npos)
      continue;
    require(list->contains(line));
    require(list->contains(http::upper(line)));
    if (list->size() == 1) require(!list->contains(std::string(line) + "x"));
    ++num_found;
  }
  require(num_found <= list->size());
  return 0;
}
