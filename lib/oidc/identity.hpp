// From claims to a person: what the ID token says, and userinfo where it is silent
// (behaviour.md 5, 8; the provider's claim map).
//
// A claim name is looked up literally, then as a dotted path ("realm_access.roles"; no array
// indexes). A claim of the wrong type counts as absent, and so do null and an empty text: only text
// is a user, an address or a name. Distributed claims (_claim_sources) are never fetched.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "json/reader.hpp"
#include "oidc/provider.hpp"

namespace gatelet::oidc {

constexpr std::size_t max_claim_size = 1024;            // of a user, an address, a name, a group
constexpr std::size_t max_additional_size = 16 * 1024;  // of all additional claims as JSON text

// Who signed in. Control characters are kept: whoever puts a value in a header judges it.
struct PersonClaims {
  std::string subject;  // `sub` of the ID token
  std::string user;     // the subject unless the claim map says otherwise
  std::string email;    // empty: not told
  std::optional<bool> email_verified;
  std::string preferred_username;
  std::vector<std::string> groups;  // in the provider's order, no duplicates, none empty
  bool groups_complete = true;      // false: the provider may know more than these
  std::vector<std::pair<std::string, json::Value>> additional;  // by the names configured
};

// The claim of this name; null when there is none.
const json::Value* find_claim(const json::Value& claims, std::string_view name) noexcept;

// Whether userinfo is to be asked before person_of: there is an endpoint, and userinfo_fetch is
// `always`, or `missing` and a claim of the map is missing in the ID token.
bool needs_userinfo(const Provider& provider, const json::Value& id_claims);

// The person. `userinfo` is null when it was not asked, or could not be had; groups that were to
// come from it then make groups_complete false.
//   Requires:  verified ID token claims; userinfo about the same subject (read_userinfo_reply).
//   Failure:   Status::incomplete_identity: no user, no email though one is required, or an email
//   whose email_verified is not true (unless allow_unverified_email), or is absent where
//   require_verified_flag is set. The text names the claim, never its value.
Result<PersonClaims> person_of(const Provider& provider, const json::Value& id_claims,
                               const json::Value* userinfo);

}  // namespace gatelet::oidc
