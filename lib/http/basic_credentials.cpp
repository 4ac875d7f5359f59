#include "http/basic_credentials.hpp"

#include <string>

#include "base/base64url.hpp"

namespace gatelet::http {

std::optional<BasicCredentials> BasicCredentials::parse(std::string_view token68) {
  constexpr std::size_t max_size = 32 * 1024;
  if (token68.size() > max_size || token68.find_first_of("-_") != std::string_view::npos) {
    return std::nullopt;
  }
  // HTTP's base64 has two characters that base64url spells otherwise.
  std::string text(token68);
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  auto pair = base64url::decode(text, base64url::Padding::required);
  wipe(text);
  if (!pair) return std::nullopt;
  Secret secret(*pair);
  wipe(*pair);
  const auto colon = secret.reveal().find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return BasicCredentials(std::move(secret), colon);
}

}  // namespace gatelet::http
