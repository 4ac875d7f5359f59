#include "jose/verified_token.hpp"

#include <utility>

#include "jose/signature.hpp"

namespace gatelet::jose {
namespace {

// RFC 8725 section 3.11: a token made for another use must not pass for this one.
Result<void> check_type(const std::optional<std::string>& typ, const Expectations& expect) {
  bool fits = expect.type ? typ && is_type(*typ, *expect.type) : !typ || is_type(*typ, "JWT");
  fits = fits || (expect.as_bearer && typ && is_type(*typ, "at+jwt"));
  if (fits) return {};
  return Error{Status::token_rejected, "token: its typ is not " + expect.type.value_or("JWT")};
}

}  // namespace

std::string_view VerifiedToken::subject() const noexcept {
  const auto* subject = claims_.find_string("sub");
  return subject == nullptr ? std::string_view() : *subject;
}

std::string_view VerifiedToken::issuer() const noexcept {
  const auto* issuer = claims_.find_string("iss");
  return issuer == nullptr ? std::string_view() : *issuer;
}

std::optional<std::int64_t> VerifiedToken::expires_at() const noexcept {
  const auto* expires = claims_.find("exp");
  if (expires == nullptr || expires->number() == nullptr) return std::nullopt;
  return json::to_seconds(*expires->number());
}

Result<VerifiedToken> verify(std::string_view compact, const KeySet& keys,
                             const Expectations& expect, Instant now) {
  auto text = verify_signature(compact, keys, expect.algorithms);
  if (!text) return std::move(text).error();
  auto type = check_type(text->header.type, expect);
  if (!type) return std::move(type).error();

  auto claims = json::parse_object(text->payload);
  if (!claims) return Error{Status::token_rejected, "token: its claims are no JSON object"};
  auto accepted = check_claims(*claims, expect, text->header.algorithm, now);
  if (!accepted) return std::move(accepted).error();
  return VerifiedToken(std::move(*claims), text->header.algorithm);
}

}  // namespace gatelet::jose
