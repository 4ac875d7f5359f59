#include "session/subject.hpp"

#include <algorithm>
#include <variant>

#include "session/ticket.hpp"

namespace gatelet::session {

std::string_view provider_of(const Session& session) noexcept {
  if (!session.password_mark.empty()) return "htpasswd";
  return session.provider_id.empty() ? no_provider : std::string_view(session.provider_id);
}

std::string_view subject_id_of(const Session& session) noexcept {
  const auto& claims = session.additional_claims;
  const auto found = std::find_if(claims.rbegin(), claims.rend(),
                                  [](const auto& claim) { return claim.first == "sub"; });
  if (found == claims.rend()) return session.user;
  const auto* text = std::get_if<std::string>(&found->second.data());
  return text == nullptr ? std::string_view(session.user) : std::string_view(*text);
}

bool is_same_sign_in(const Session& a, const Session& b) noexcept {
  if (a.ticket || b.ticket) return a.ticket && b.ticket && a.ticket->id == b.ticket->id;
  return a.signed_in_at == b.signed_in_at || signed_in_at(a) == signed_in_at(b);
}

}  // namespace gatelet::session
