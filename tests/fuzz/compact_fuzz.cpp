// Compact form and header: whatever is accepted is what the text says, and only that.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base64url.hpp"
#include "jose/compact.hpp"
#include "json/reader.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

void check_header(std::string_view part) {
  const auto header = jose::parse_header(part);
  if (!header) {
    require(header.error().status == Status::token_rejected);
    return;
  }
  const auto text = base64url::decode(part);
  require(text.has_value() && base64url::encode(*text) == part);
  const auto members = json::parse_object(*text);
  require(members.ok());
  for (const auto* name : {"crit", "b64", "zip", "enc"}) require(members->find(name) == nullptr);
  const auto* alg = members->find_string("alg");
  require(alg != nullptr && *alg == jose::algorithm_name(header->algorithm));
  require(!alg->starts_with("HS") && *alg != "none");
  const auto* kid = members->find_string("kid");
  require(header->kid.has_value() == (kid != nullptr));
  if (kid != nullptr)
    require(*header->kid == *kid && !kid->empty() && kid->size() <= jose::max_kid_size);
  const auto* typ = members->find_string("typ");
  require(header->type.has_value() == (typ != nullptr));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_header(input);
  check_header(base64url::encode(input));  // reaches the JSON reader without luck

  const auto parts = jose::split_compact(input);
  if (!parts) {
    require(parts.error().status == Status::token_rejected);
    return 0;
  }
  require(size <= jose::max_token_size && std::count(input.begin(), input.end(), '.') == 2);
  require(!parts->header.empty() && !parts->signature.empty());
  require(std::string(parts->signed_text) + "." + std::string(parts->signature) == input);
  require(std::string(parts->header) + "." + std::string(parts->payload) == parts->signed_text);
  check_header(parts->header);
  return 0;
}
