#include "oidc/identity.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "json/writer.hpp"

namespace gatelet::oidc {
namespace {

// Where a claim may come from, best first: the ID token, then userinfo.
using Sources = std::array<const json::Value*, 2>;

const std::string* text_claim(const json::Value* source, std::string_view name) noexcept {
  const auto* claim = source == nullptr ? nullptr : find_claim(*source, name);
  const auto* text = claim == nullptr ? nullptr : claim->string();
  return text == nullptr || text->empty() || text->size() > max_claim_size ? nullptr : text;
}

std::string first_text(const Sources& sources, std::string_view name) {
  for (const auto* source : sources) {
    if (const auto* text = text_claim(source, name)) return *text;
  }
  return {};
}

// A list, or one text that is a list of one.
const json::Value* groups_claim(const json::Value* source, std::string_view name) noexcept {
  const auto* claim = source == nullptr ? nullptr : find_claim(*source, name);
  const bool is_usable =
      claim != nullptr && (claim->array() != nullptr || claim->string() != nullptr);
  return is_usable ? claim : nullptr;
}

// OpenID Connect Core section 5.6.2: a claim that is to be had elsewhere. We do not go there.
bool is_distributed(const json::Value* source, std::string_view name) noexcept {
  const auto* names = source == nullptr ? nullptr : source->find("_claim_names");
  return names != nullptr && names->find(name) != nullptr;
}

// What email_verified says: nothing, true, or anything else, which counts as false. The texts
// "true" and "false" are read (some providers cannot do better).
std::optional<bool> verified_flag(const json::Value* source) noexcept {
  const auto* claim = source == nullptr ? nullptr : source->find("email_verified");
  if (claim == nullptr || claim->is_null()) return std::nullopt;
  if (const auto* flag = claim->boolean()) return *flag;
  return claim->string() != nullptr && *claim->string() == "true";
}

// The flag is about an address called `email`; whoever maps another claim has decided to trust it.
bool flag_counts(const Provider& provider) noexcept { return provider.claims.email == "email"; }

void read_email(const Provider& provider, const Sources& sources, PersonClaims& person) {
  const bool in_token = text_claim(sources[0], provider.claims.email) != nullptr;
  const auto* source = in_token ? sources[0] : sources[1];
  const auto* other = in_token ? sources[1] : sources[0];
  const auto* email = text_claim(source, provider.claims.email);
  if (email == nullptr) return;
  person.email = *email;
  if (!flag_counts(provider)) return;

  // Flag and address belong together. Another source's flag counts when it is about the same
  // address, and where it says no.
  person.email_verified = verified_flag(source);
  const auto elsewhere = verified_flag(other);
  if (person.email_verified || !elsewhere) return;
  const auto* other_email = text_claim(other, provider.claims.email);
  const bool is_same_address = other_email != nullptr && *other_email == *email;
  if (is_same_address || !*elsewhere) person.email_verified = elsewhere;
}

Result<void> judge_email(const Provider& provider, const PersonClaims& person) {
  const auto incomplete = [](std::string text) {
    return Error{Status::incomplete_identity, std::move(text)};
  };
  if (person.email.empty()) {
    if (!provider.require_email) return {};
    return incomplete("the provider told no email (claim " + provider.claims.email + ")");
  }
  if (!flag_counts(provider) || provider.allow_unverified_email) return {};
  if (person.email_verified && !*person.email_verified) {
    return incomplete("the provider has not verified the email (email_verified is not true)");
  }
  if (!person.email_verified && provider.require_verified_flag) {
    return incomplete("the provider does not say whether the email is verified (email_verified)");
  }
  return {};
}

void add_group(const json::Value& value, std::unordered_set<std::string_view>& seen,
               PersonClaims& person) {
  const auto* group = value.string();
  if (group == nullptr || group->size() > max_claim_size) {
    person.groups_complete = false;
    return;
  }
  if (!group->empty() && seen.insert(*group).second) person.groups.push_back(*group);
}

void read_groups(const Provider& provider, const Sources& sources, PersonClaims& person) {
  const auto& name = provider.claims.groups;
  const auto* claim = groups_claim(sources[0], name);
  if (claim == nullptr) claim = groups_claim(sources[1], name);
  if (claim == nullptr) {
    const bool userinfo_is_missing = sources[1] == nullptr && needs_userinfo(provider, *sources[0]);
    person.groups_complete = !userinfo_is_missing && !is_distributed(sources[0], name) &&
                             !is_distributed(sources[1], name);
    return;
  }
  std::unordered_set<std::string_view> seen;
  if (claim->array() == nullptr) return add_group(*claim, seen, person);
  for (const auto& element : *claim->array()) add_group(element, seen, person);
}

const json::Value* additional_claim(const json::Value* source, std::string_view name) noexcept {
  const auto* claim = source == nullptr ? nullptr : find_claim(*source, name);
  return claim == nullptr || claim->is_null() ? nullptr : claim;
}

void read_additional(const Provider& provider, const Sources& sources, PersonClaims& person) {
  std::size_t size = 0;
  for (const auto& name : provider.claims.additional) {
    const auto* claim = additional_claim(sources[0], name);
    if (claim == nullptr) claim = additional_claim(sources[1], name);
    if (claim == nullptr) continue;
    const auto claim_size = name.size() + json::to_text(*claim).size();
    if (size + claim_size > max_additional_size) continue;
    size += claim_size;
    person.additional.emplace_back(name, *claim);
  }
}

bool lacks_a_claim(const Provider& provider, const json::Value& claims) {
  const auto& map = provider.claims;
  const auto is_missing = [&](const std::string& name) {
    return text_claim(&claims, name) == nullptr;
  };
  if (is_missing(map.user) || is_missing(map.email) || is_missing(map.preferred_username)) {
    return true;
  }
  if (groups_claim(&claims, map.groups) == nullptr) return true;
  if (provider.require_verified_flag && flag_counts(provider) && !verified_flag(&claims)) {
    return true;
  }
  return std::any_of(map.additional.begin(), map.additional.end(), [&](const std::string& name) {
    return additional_claim(&claims, name) == nullptr;
  });
}

}  // namespace

const json::Value* find_claim(const json::Value& claims, std::string_view name) noexcept {
  if (const auto* claim = claims.find(name)) return claim;
  if (name.find('.') == std::string_view::npos) return nullptr;
  const json::Value* at = &claims;
  while (at != nullptr) {
    const auto dot = name.find('.');
    at = at->find(name.substr(0, dot));
    if (dot == std::string_view::npos) return at;
    name.remove_prefix(dot + 1);
  }
  return nullptr;
}

bool needs_userinfo(const Provider& provider, const json::Value& id_claims) {
  if (provider.endpoints.userinfo.empty()) return false;
  switch (provider.userinfo_fetch) {
    case UserinfoFetch::never: return false;
    case UserinfoFetch::always: return true;
    case UserinfoFetch::missing: return lacks_a_claim(provider, id_claims);
  }
  unreachable();
}

Result<PersonClaims> person_of(const Provider& provider, const json::Value& id_claims,
                               const json::Value* userinfo) {
  const Sources sources = {&id_claims, userinfo};
  PersonClaims person;
  const auto* subject = text_claim(&id_claims, "sub");
  if (subject == nullptr) return Error{Status::incomplete_identity, "the ID token has no sub"};
  person.subject = *subject;
  person.user = first_text(sources, provider.claims.user);
  if (person.user.empty()) {
    return Error{Status::incomplete_identity,
                 "the provider told no user (claim " + provider.claims.user + ")"};
  }
  person.preferred_username = first_text(sources, provider.claims.preferred_username);
  read_email(provider, sources, person);
  if (auto judged = judge_email(provider, person); !judged.ok()) return std::move(judged).error();
  read_groups(provider, sources, person);
  read_additional(provider, sources, person);
  return person;
}

}  // namespace gatelet::oidc
