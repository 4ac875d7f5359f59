#include "jose/compact.hpp"

#include <algorithm>
#include <array>

#include "base/base64url.hpp"
#include "json/reader.hpp"

namespace gatelet::jose {
namespace {

// A header holds a handful of short members; a certificate chain is the largest honest content.
constexpr json::Limits header_limits{.max_size = max_token_size, .max_depth = 4, .max_members = 64};

// Each changes what the rest means, in a way this library does not follow.
constexpr std::array<std::string_view, 4> unsupported = {"crit", "b64", "zip", "enc"};

Error refused(std::string_view text) {
  return {Status::token_rejected, std::string("token: ").append(text)};
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_kid(std::string_view kid) noexcept {
  return !kid.empty() && kid.size() <= max_kid_size &&
         std::none_of(kid.begin(), kid.end(), is_control);
}

}  // namespace

Result<CompactParts> split_compact(std::string_view token) {
  if (token.size() > max_token_size) return refused("larger than 16 KiB");
  const auto first = token.find('.');
  if (first == std::string_view::npos) return refused("not in compact form");
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos) return refused("not in compact form");

  CompactParts parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                     token.substr(second + 1), token.substr(0, second)};
  if (parts.signature.find('.') != std::string_view::npos)
    return refused("more than three parts; encrypted tokens are not supported");
  if (parts.header.empty()) return refused("without a header");
  if (parts.signature.empty()) return refused("without a signature");
  return parts;
}

Result<TokenHeader> parse_header(std::string_view part) {
  const auto text = base64url::decode(part);
  if (!text) return refused("the header is not base64url");
  const auto header = json::parse_object(*text, header_limits);
  if (!header) return refused("the header is not a JSON object");

  for (const auto name : unsupported) {
    if (header->find(name) != nullptr)
      return refused("the header has \"" + std::string(name) + "\", which is not supported");
  }
  const auto* alg = header->find_string("alg");
  if (alg == nullptr) return refused("the header has no alg");
  const auto algorithm = parse_algorithm(*alg);
  if (!algorithm) return refused("the header's alg is not a signature algorithm of this library");

  TokenHeader out{*algorithm, std::nullopt, std::nullopt};
  if (const auto* kid = header->find("kid")) {
    if (kid->string() == nullptr || !is_kid(*kid->string()))
      return refused("the header's kid is not usable");
    out.kid = *kid->string();
  }
  if (const auto* typ = header->find("typ")) {
    if (typ->string() == nullptr) return refused("the header's typ is not a string");
    out.type = *typ->string();
  }
  if (const auto* cty = header->find("cty")) {
    if (cty->string() == nullptr || is_type(*cty->string(), "JWT"))
      return refused("a nested token is not supported");
  }
  return out;
}

bool is_type(std::string_view typ, std::string_view expected) noexcept {
  constexpr std::string_view prefix = "application/";
  if (equal_ignoring_case(typ.substr(0, prefix.size()), prefix)) typ.remove_prefix(prefix.size());
  if (equal_ignoring_case(expected.substr(0, prefix.size()), prefix))
    expected.remove_prefix(prefix.size());
  return equal_ignoring_case(typ, expected);
}

}  // namespace gatelet::jose
