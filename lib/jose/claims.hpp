// What a token must say to be accepted (RFC 7519 section 4, OpenID Connect Core 3.1.3.7), and what
// one said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "jose/key_set.hpp"
#include "json/reader.hpp"

namespace gatelet::jose {

// The expectations one verification holds a token against. A check is skipped by a long greppable
// name, never by leaving something out.
struct Expectations {
  std::string issuer;                  // byte-exact; empty refuses every token
  std::vector<std::string> audiences;  // one of them must be in the audience claim; empty refuses
  // What azp must equal when the token has one; several audiences need one.
  std::string authorized_party;
  std::vector<std::string> audience_claims = {"aud"};  // the first one present decides
  std::vector<Algorithm> algorithms;  // the only ones accepted; empty refuses every token
  // Presented by a program (RFC 6750): typ may be "at+jwt" too (RFC 9068 section 4); further
  // audiences, and the azp that asked for the token, may be anybody's.
  bool as_bearer = false;
  std::optional<std::string> nonce;         // absent: a nonce is neither required nor compared
  std::optional<std::string> access_token;  // for at_hash, when the token has one
  // The required `typ`; absent: "JWT" or none, and never another use's type.
  std::optional<std::string> type;
  Duration leeway = std::chrono::seconds(60);
  bool insecure_any_issuer = false;  // insecure_oidc_skip_issuer_verification
  bool allow_missing_subject = false;
  bool allow_missing_issued_at = false;
  bool allow_missing_expiration = false;
};

// Judges claims alone; called by verify() after the signature, and by tests.
//   Failure: Status::token_rejected; the text names the claim and what was expected, never a
//   token's bytes.
Result<void> check_claims(const json::Value& claims, const Expectations&, Algorithm used,
                          Instant now);

}  // namespace gatelet::jose
