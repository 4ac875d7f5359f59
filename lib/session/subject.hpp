// Whose a session is, for everything that is about all sessions of one person.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "session/session.hpp"

namespace gatelet::session {

// As Identity::provider() and Identity::subject() tell them.
class Subject {
 public:
  Subject() = default;
  Subject(std::string p, std::string i) : provider(std::move(p)), id(std::move(i)) {}

  std::string provider, id;

  friend bool operator==(const Subject&, const Subject&) = default;
  friend auto operator<=>(const Subject&, const Subject&) = default;
};

// Stands for a provider that the session does not name: the only one, in oauth2-proxy's format.
inline constexpr std::string_view no_provider = "default";

// The id of the provider that vouched; "htpasswd" for somebody who signed in with a password.
std::string_view provider_of(const Session& session) noexcept;

// The record keeps the user; where user_id_claim chose another one, the subject is among the
// claims.
std::string_view subject_id_of(const Session& session) noexcept;

inline Subject subject_of(const Session& session) {
  return {std::string(provider_of(session)), std::string(subject_id_of(session))};
}

inline bool is_of(const Session& session, const Subject& subject) noexcept {
  return subject_id_of(session) == subject.id && provider_of(session) == subject.provider;
}

// When its sign-in was, as far as the record tells: a refresh keeps it, unless oauth2-proxy did it.
inline Timestamp signed_in_at(const Session& session) noexcept {
  return session.signed_in_at.value_or(session.created_at.value_or(Timestamp{}));
}

// Whether two sessions are of one sign-in, as far as they tell: a provider that does not rotate may
// give one refresh token to several. Cookies in oauth2-proxy's format have no time of the sign-in.
bool is_same_sign_in(const Session& a, const Session& b) noexcept;

}  // namespace gatelet::session
