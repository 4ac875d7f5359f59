#include "jose/claims.hpp"

#include <algorithm>
#include <span>

#include "base/base64url.hpp"
#include "base/constant_time.hpp"
#include "crypto/hash.hpp"

namespace gatelet::jose {
namespace {

constexpr std::size_t max_subject_size = 255;  // OpenID Connect Core section 2

Error refused(std::string_view text) {
  return {Status::token_rejected, std::string("token: ").append(text)};
}

bool contains(const std::vector<std::string>& list, std::string_view text) noexcept {
  return std::find(list.begin(), list.end(), text) != list.end();
}

Result<void> check_issuer(const json::Value& claims, const Expectations& expect) {
  if (expect.insecure_any_issuer) return {};
  if (expect.issuer.empty()) return refused("no issuer is expected, so none is accepted");
  const auto* issuer = claims.find_string("iss");
  if (issuer == nullptr || *issuer != expect.issuer) return refused("iss is not " + expect.issuer);
  return {};
}

// The claim that says who a token is for: the first of the names that is present.
struct Audience {
  std::string_view name;
  const json::Value* claim = nullptr;
};

Audience audience_of(const json::Value& claims, const Expectations& expect) noexcept {
  for (const auto& name : expect.audience_claims) {
    if (const auto* claim = claims.find(name)) return {name, claim};
  }
  return {};
}

// RFC 7519 section 4.1.3: one string or a list of them. Empty for any other shape.
std::span<const json::Value> elements_of(const json::Value& claim) noexcept {
  if (claim.string() != nullptr) return {&claim, 1};
  if (const auto* list = claim.array()) return *list;
  return {};
}

// OpenID Connect Core section 3.1.3.7, steps 3 to 5.
Result<void> check_audience(const json::Value& claims, const Expectations& expect) {
  const auto [name, claim] = audience_of(claims, expect);
  if (claim == nullptr) return refused("it has no audience");
  const auto audiences = elements_of(*claim);
  const auto is_text = [](const json::Value& one) { return one.string() != nullptr; };
  if (audiences.empty() || !std::all_of(audiences.begin(), audiences.end(), is_text))
    return refused(std::string(name) + " is neither a string nor a list of strings");

  const auto is_expected = [&](const json::Value& one) {
    return contains(expect.audiences, *one.string());
  };
  if (std::none_of(audiences.begin(), audiences.end(), is_expected))
    return refused(std::string(name) + " does not name this client");
  if (expect.as_bearer) return {};
  // Further audiences listed in the configuration are the only strangers trusted beside us.
  if (audiences.size() > 1 && expect.audiences.size() > 1 &&
      !std::all_of(audiences.begin(), audiences.end(), is_expected))
    return refused(std::string(name) + " names an audience that is not trusted");

  const auto* party = claims.find("azp");
  if (party == nullptr && audiences.size() == 1) return {};
  if (party == nullptr) return refused("several audiences need an azp");
  if (expect.authorized_party.empty() || party->string() == nullptr ||
      *party->string() != expect.authorized_party)
    return refused("azp is not this client");
  return {};
}

// The value of a NumericDate, nullopt when absent.
Result<std::optional<std::int64_t>> time_claim(const json::Value& claims, const char* name) {
  const auto* claim = claims.find(name);
  if (claim == nullptr) return std::optional<std::int64_t>();
  if (const auto* number = claim->number()) {
    if (const auto seconds = json::to_seconds(*number)) return std::optional(*seconds);
  }
  return refused(std::string(name) + " is not a time");
}

Result<void> check_times(const json::Value& claims, const Expectations& expect, Instant now) {
  const auto expires = time_claim(claims, "exp");
  if (!expires) return expires.error();
  const auto not_before = time_claim(claims, "nbf");
  if (!not_before) return not_before.error();
  const auto issued = time_claim(claims, "iat");
  if (!issued) return issued.error();

  // Whole seconds: the years up to 9999 do not fit in nanoseconds.
  const std::int64_t seconds = now.unix_seconds();
  const std::int64_t leeway =
      std::chrono::duration_cast<std::chrono::seconds>(expect.leeway).count();
  if (!*expires && !expect.allow_missing_expiration) return refused("it has no exp");
  if (*expires && **expires <= seconds - leeway) return refused("it has expired");
  if (*not_before && **not_before > seconds + leeway) return refused("it is not valid yet (nbf)");
  if (!*issued && !expect.allow_missing_issued_at) return refused("it has no iat");
  if (*issued && **issued > seconds + leeway) return refused("it was issued in the future (iat)");
  if (*issued && *expires && **expires < **issued)
    return refused("it expired before it was issued");
  return {};
}

Result<void> check_subject(const json::Value& claims, const Expectations& expect) {
  const auto* subject = claims.find("sub");
  if (subject == nullptr && expect.allow_missing_subject) return {};
  if (subject == nullptr || subject->string() == nullptr || subject->string()->empty())
    return refused("it has no sub");
  if (subject->string()->size() > max_subject_size) return refused("sub is too long");
  return {};
}

Result<void> check_nonce(const json::Value& claims, const Expectations& expect) {
  if (!expect.nonce) return {};
  const auto* nonce = claims.find_string("nonce");
  if (nonce == nullptr) return refused("it has no nonce, but one was sent");
  if (expect.nonce->empty() || !equal_constant_time(*nonce, *expect.nonce))
    return refused("nonce is not the one that was sent");
  return {};
}

crypto::Digest digest_of(Algorithm algorithm) noexcept {
  switch (algorithm) {
    case Algorithm::rs256:
    case Algorithm::ps256:
    case Algorithm::es256: return crypto::Digest::sha256;
    case Algorithm::rs384:
    case Algorithm::ps384:
    case Algorithm::es384: return crypto::Digest::sha384;
    case Algorithm::rs512:
    case Algorithm::ps512:
    case Algorithm::es512:
    case Algorithm::eddsa: return crypto::Digest::sha512;  // Ed25519 hashes with SHA-512
  }
  return crypto::Digest::sha512;
}

// OpenID Connect Core section 3.1.3.6: optional in the code flow, but never wrong.
Result<void> check_access_token_hash(const json::Value& claims, const Expectations& expect,
                                     Algorithm used) {
  if (!expect.access_token) return {};
  const auto* claim = claims.find("at_hash");
  if (claim == nullptr) return {};
  auto digest = crypto::hash(digest_of(used), *expect.access_token);
  if (!digest) return std::move(digest).error();
  const auto half = base64url::encode(std::string_view(*digest).substr(0, digest->size() / 2));
  if (claim->string() == nullptr || !equal_constant_time(*claim->string(), half))
    return refused("at_hash does not belong to the access token");
  return {};
}

// RFC 8417 section 4.5: a token with events (a logout token is one) is never an identity.
Result<void> check_purpose(const json::Value& claims, const Expectations& expect) {
  if (!expect.type && claims.find("events") != nullptr)
    return refused("it reports an event and is no sign-in");
  return {};
}

}  // namespace

Result<void> check_claims(const json::Value& claims, const Expectations& expect, Algorithm used,
                          Instant now) {
  if (claims.object() == nullptr) return refused("its claims are no JSON object");
  if (auto issuer = check_issuer(claims, expect); !issuer) return issuer;
  if (auto audience = check_audience(claims, expect); !audience) return audience;
  if (auto purpose = check_purpose(claims, expect); !purpose) return purpose;
  if (auto subject = check_subject(claims, expect); !subject) return subject;
  if (auto nonce = check_nonce(claims, expect); !nonce) return nonce;
  if (auto hash = check_access_token_hash(claims, expect, used); !hash) return hash;
  return check_times(claims, expect, now);
}

}  // namespace gatelet::jose
