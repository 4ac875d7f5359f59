#include "base/base64.hpp"

#include <algorithm>

#include "base/base64url.hpp"
#include "base/secret.hpp"

namespace gatelet::base64 {

// The two alphabets differ in two characters.
std::string encode(std::string_view bytes) {
  auto text = base64url::encode(bytes, base64url::Padding::required);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text;
}

std::optional<std::string> decode(std::string_view text) {
  if (text.find_first_of("-_") != std::string_view::npos) return std::nullopt;
  std::string spelled(text);
  std::replace(spelled.begin(), spelled.end(), '+', '-');
  std::replace(spelled.begin(), spelled.end(), '/', '_');
  auto bytes = base64url::decode(spelled, base64url::Padding::required);
  wipe(spelled);
  return bytes;
}

}  // namespace gatelet::base64
