// Authorization: what is taken for a token stands in the field, or in its base64, and has a token's
// form; user and password of HTTP Basic make up what was encoded.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/basic_credentials.hpp"
#include "policy/bearer_credential.hpp"
#include "require.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using Kind = policy::BearerCredential::Kind;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  support::RequestOf request;
  request.headers = {{"Authorization", text}};
  const auto facts = request.facts();
  const auto credential = policy::bearer_credential(facts);
  const auto token = credential.token();
  require((credential.kind == Kind::token) == !token.empty());
  require(std::count(token.begin(), token.end(), '.') == (token.empty() ? 0 : 2));
  require(token.find_first_of(" \t\r\n:=+/,;\"") == std::string_view::npos);
  if (!credential.in_header.empty()) require(text.ends_with(credential.in_header));

  const auto basic = http::BasicCredentials::parse(text);
  if (basic) {
    require(basic->user().find(':') == std::string_view::npos);
    const auto pair = basic->user().size() + 1 + basic->password().size();
    require((pair + 2) / 3 * 4 == text.size());
  }
  return 0;
}
