#include "jose/signature.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64url.hpp"
#include "jose/jwk.hpp"

namespace gatelet::jose {
namespace {

constexpr std::size_t max_signature_size = 1024;  // RSA with 8192 bits

Error refused(std::string_view text) {
  return {Status::token_rejected, std::string("token: ").append(text)};
}

}  // namespace

Result<SignedText> verify_signature(std::string_view compact, const KeySet& keys,
                                    std::span<const Algorithm> algorithms) {
  auto parts = split_compact(compact);
  if (!parts) return std::move(parts).error();
  if (parts->signature.size() >
      base64url::encoded_size(max_signature_size, base64url::Padding::none))
    return refused("the signature is too long");

  auto header = parse_header(parts->header);
  if (!header) return std::move(header).error();
  // RFC 8725 section 3.1: the caller says which algorithms; the token's word only has to agree.
  if (std::find(algorithms.begin(), algorithms.end(), header->algorithm) == algorithms.end())
    return refused("its alg is not among those accepted");

  auto key = keys.select(header->kid ? std::optional<std::string_view>(*header->kid) : std::nullopt,
                         header->algorithm);
  if (!key) return prefixed("token", std::move(key).error());

  std::array<char, base64url::max_decoded_size(1366)> signature;
  const auto size =
      base64url::decode_into(parts->signature, signature.data(), base64url::Padding::none);
  if (!size) return refused("the signature is not base64url");
  auto payload = base64url::decode(parts->payload);
  if (!payload) return refused("the payload is not base64url");

  if (!(*key)->public_key().verify(header->algorithm, parts->signed_text,
                                   {signature.data(), *size}))
    return refused("the signature is not valid");
  return SignedText{std::move(*header), std::move(*payload)};
}

}  // namespace gatelet::jose
