#include "http/basic_credentials.hpp"

#include <string>

#include "base/base64.hpp"

namespace gatelet::http {

std::optional<BasicCredentials> BasicCredentials::parse(std::string_view token68) {
  constexpr std::size_t max_size = 32 * 1024;
  if (token68.size() > max_size) return std::nullopt;
  auto pair = base64::decode(token68);
  if (!pair) return std::nullopt;
  Secret secret(*pair);
  wipe(*pair);
  const auto colon = secret.reveal().find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return BasicCredentials(std::move(secret), colon);
}

}  // namespace gatelet::http
