// Return paths: what the validator accepts, a browser takes to the application or to a whitelisted
// origin. First byte: which settings; first line of the rest: a whitelist entry; then the wish.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/return_to.hpp"
#include "require.hpp"
#include "support/browser_url.hpp"

using namespace gatelet;

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// The host of a whitelist entry of a shape this target makes sense of: letters, digits, dots and
// hyphens, no label empty, with a dot or "*." in front and ":port" or ":*" behind.
std::string host_of(std::string_view entry) {
  auto host = lower(entry.substr(0, entry.find(':')));
  if (host.starts_with("*.")) host.erase(0, 1);
  if (host.starts_with('.')) host.erase(0, 1);
  const bool plain =
      host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string::npos &&
      !host.starts_with('.') && host.find("..") == std::string::npos;
  return plain && !host.empty() ? host : "allowed.test";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto first = text.substr(0, text.find('\n'));
  const auto wish = first.size() == text.size() ? first : text.substr(first.size() + 1);

  policy::ReturnPolicy policy;
  const auto host = host_of(first);
  policy.accept_http = (data[0] & 1) != 0;
  policy.strict_query = (data[0] & 2) != 0;
  policy.whitelist_domains = {((data[0] & 4) != 0 ? "." : "") + host +
                              ((data[0] & 8) != 0 ? ":*" : "")};

  const auto chosen = policy::choose_return({wish}, policy).text();
  require(policy::choose_return({chosen}, policy).text() == chosen);  // idempotent
  for (const char c : chosen) require(c > ' ' && c < '\x7f' && c != '\\');
  if (!policy::is_safe_return(wish, policy)) {
    require(chosen == "/");
    return 0;
  }

  const support::BrowserOrigin app{"https", "app.test", "", true};
  const auto goes_to = support::browser_origin(chosen, app);
  require(goes_to.valid);
  if (goes_to == app) return 0;
  require(wish.front() != '/');
  require(goes_to.scheme == "https" || (policy.accept_http && goes_to.scheme == "http"));
  require(goes_to.host == host ||
          (policy.whitelist_domains[0][0] == '.' && goes_to.host.ends_with("." + host)));
  require(goes_to.port.empty() || (data[0] & 8) != 0);
  return 0;
}
