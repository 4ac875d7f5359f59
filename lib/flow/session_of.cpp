#include "flow/session_of.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "session/lifetime.hpp"

namespace gatelet::flow {
namespace {

namespace msgpack = session::msgpack;

std::optional<msgpack::Value> value_within(const json::Value& claim, std::size_t depth);

std::optional<msgpack::Value> record_list(const json::Array& list, std::size_t depth) {
  msgpack::Array out;
  out.reserve(list.size());
  for (const auto& element : list) {
    auto value = value_within(element, depth);
    if (!value) return std::nullopt;
    out.push_back(std::move(*value));
  }
  return msgpack::Value(std::move(out));
}

std::optional<msgpack::Value> record_map(const json::Object& object, std::size_t depth) {
  msgpack::Map out;
  out.reserve(object.size());
  for (const auto& [name, member] : object) {
    auto value = value_within(member, depth);
    if (!value) return std::nullopt;
    out.emplace_back(name, std::move(*value));
  }
  return msgpack::Value(std::move(out));
}

std::optional<msgpack::Value> value_within(const json::Value& claim, std::size_t depth) {
  if (depth == 0) return std::nullopt;
  if (const auto* flag = claim.boolean()) return msgpack::Value(*flag);
  if (const auto* number = claim.number()) return msgpack::Value(number->text);
  if (const auto* text = claim.string()) return msgpack::Value(*text);
  if (const auto* list = claim.array()) return record_list(*list, depth - 1);
  if (const auto* object = claim.object()) return record_map(*object, depth - 1);
  return msgpack::Value(nullptr);
}

// Replaces the claim of this name, or adds it.
void set_claim(session::Session& session, std::string name, msgpack::Value value) {
  auto& claims = session.additional_claims;
  const auto at = std::find_if(claims.begin(), claims.end(),
                               [&](const auto& claim) { return claim.first == name; });
  if (at == claims.end()) {
    claims.emplace_back(std::move(name), std::move(value));
  } else {
    at->second = std::move(value);
  }
}

void take_additional(session::Session& session, const oidc::PersonClaims& person) {
  for (const auto& [name, claim] : person.additional) {
    if (auto value = record_value(claim)) set_claim(session, name, std::move(*value));
  }
}

}  // namespace

void take_tokens(session::Session& session, const oidc::TokenSet& tokens, Instant at,
                 const session::KeptTokens& kept) {
  session.access_token = tokens.access_token;
  if (!tokens.id_token.empty()) session.id_token = tokens.id_token;
  if (!tokens.refresh_token.empty()) session.refresh_token = tokens.refresh_token;
  if (!kept.access) session.access_token = Secret();
  if (!kept.id) session.id_token = Secret();
  if (!kept.refresh) session.refresh_token = Secret();
  session.expires_on.reset();
  if (tokens.expires_in) session.expires_on = session::to_timestamp(at + *tokens.expires_in);
}

void take_person(session::Session& session, oidc::PersonClaims person) {
  take_additional(session, person);
  session.user = std::move(person.user);
  session.email = std::move(person.email);
  session.email_verified = person.email_verified;
  session.preferred_username = std::move(person.preferred_username);
  session.groups = std::move(person.groups);
  session.groups_complete = person.groups_complete;
}

void update_person(session::Session& session, oidc::PersonClaims person) {
  take_additional(session, person);
  session.user = std::move(person.user);
  if (!person.email.empty()) {
    const bool is_same = person.email == session.email;
    if (!is_same || person.email_verified) session.email_verified = person.email_verified;
    session.email = std::move(person.email);
  }
  if (!person.preferred_username.empty()) {
    session.preferred_username = std::move(person.preferred_username);
  }
  if (person.groups_complete || !person.groups.empty()) {
    session.groups = std::move(person.groups);
    session.groups_complete = person.groups_complete;
  }
}

std::optional<msgpack::Value> record_value(const json::Value& claim) {
  return value_within(claim, msgpack::max_depth);
}

}  // namespace gatelet::flow
