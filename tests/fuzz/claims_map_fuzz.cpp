// Claims to a person: whoever comes out has a subject and a user from the ID token's own words, an
// address only as far as its verification allows, and everything within its caps.
//
// Input: one byte of choices, the ID token's claims, a line end, userinfo (may be empty).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "json/reader.hpp"
#include "json/writer.hpp"
#include "oidc/identity.hpp"
#include "require.hpp"
#include "support/providers.hpp"

using namespace gatelet;
using namespace gatelet::oidc;

namespace {

Provider provider_of(unsigned choice) {
  auto provider = support::provider();
  provider.allow_unverified_email = (choice & 1) != 0;
  provider.require_email = (choice & 2) != 0;
  provider.require_verified_flag = (choice & 4) != 0;
  if ((choice & 8) != 0) provider.claims.user = "a.b";
  if ((choice & 16) != 0) provider.claims.groups = "realm.roles";
  if ((choice & 32) != 0) provider.claims.email = "upn";
  provider.claims.additional = {"x", "a.b", "realm"};
  return provider;
}

bool says(const json::Value& claims, std::string_view name, const std::string& text) {
  const auto* claim = find_claim(claims, name);
  return claim != nullptr && claim->string() != nullptr && *claim->string() == text;
}

bool says_no(const json::Value* claims) {
  const auto* flag = claims == nullptr ? nullptr : claims->find("email_verified");
  return flag != nullptr && flag->boolean() != nullptr && !*flag->boolean();
}

void check_email(const PersonClaims& person, const Provider& provider, const json::Value& claims,
                 const json::Value* userinfo) {
  if (provider.require_email) require(!person.email.empty());
  if (person.email.empty()) return;
  require(says(claims, provider.claims.email, person.email) ||
          (userinfo != nullptr && says(*userinfo, provider.claims.email, person.email)));
  if (provider.claims.email != "email" || provider.allow_unverified_email) return;
  require(person.email_verified != false);
  if (provider.require_verified_flag) require(person.email_verified == true);
  const bool is_from_token = says(claims, "email", person.email);
  if (says_no(is_from_token ? &claims : userinfo)) require(false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto provider = provider_of(data[0]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto line_end = text.find('\n');
  const auto claims = json::parse_object(text.substr(0, line_end));
  if (!claims.ok()) return 0;
  std::optional<json::Value> userinfo;
  if (line_end != std::string_view::npos) {
    auto parsed = json::parse_object(text.substr(line_end + 1));
    if (parsed.ok()) userinfo = std::move(*parsed);
  }
  const auto* more = userinfo ? &*userinfo : nullptr;

  const auto person = person_of(provider, *claims, more);
  if (!person.ok()) {
    require(person.error().status == Status::incomplete_identity);
    for (const char c : person.error().text) require(c >= ' ' && c <= '~');
    return 0;
  }
  require(!person->subject.empty() && says(*claims, "sub", person->subject));
  require(!person->user.empty());
  check_email(*person, provider, *claims, more);

  std::set<std::string> seen;
  for (const auto& group : person->groups) {
    require(!group.empty() && group.size() <= max_claim_size && seen.insert(group).second);
  }
  require(person->user.size() <= max_claim_size && person->email.size() <= max_claim_size);
  std::size_t additional = 0;
  for (const auto& [name, value] : person->additional) {
    require(!value.is_null());
    additional += json::to_text(value).size();
  }
  require(additional <= max_additional_size);
  return 0;
}
