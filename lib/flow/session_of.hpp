// From what a provider said to what a session keeps.
#pragma once

#include <optional>

#include "base/instant.hpp"
#include "json/reader.hpp"
#include "oidc/identity.hpp"
#include "oidc/token_set.hpp"
#include "session/cookie_session.hpp"
#include "session/session.hpp"

namespace gatelet::flow {

// Takes over the tokens that came at `at`: access token and its expiry as they are (no expires_in:
// no expiry is known), ID and refresh token where new ones came. Of tokens that are not kept
// nothing stays, old ones neither.
void take_tokens(session::Session& session, const oidc::TokenSet& tokens, Instant at,
                 const session::KeptTokens& kept = {});

// Takes over the person of a first sign-in, whole.
void take_person(session::Session& session, oidc::PersonClaims person);

// Takes over what a later answer says about the same person. What it is silent about stays: names
// and address; additional claims one by one. Groups are replaced, also by none, unless the answer
// could not tell them all and told none.
void update_person(session::Session& session, oidc::PersonClaims person);

// A claim as the record keeps it; numbers are text, as the reference keeps them. Nullopt when it is
// nested deeper than a record may be.
std::optional<session::msgpack::Value> record_value(const json::Value& claim);

}  // namespace gatelet::flow
