// A claim of a session as texts: what a header can say of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/session.hpp"

namespace gatelet::session {

// access_token, id_token or refresh_token: not to be handed out once it has run out.
bool is_token_claim(std::string_view claim) noexcept;

// user, email, preferred_username or one of the tokens; nullopt for every other name. Views the
// session.
std::optional<std::string_view> plain_claim(const Session& session,
                                            std::string_view claim) noexcept;

// created_at, expires_on (as Go prints a time) or an additional claim: a list gives one text for
// each element; numbers and truth values are written out, objects and lists within are JSON;
// nothing for null and for what is not there. Names are compared byte for byte.
std::vector<std::string> other_claim_texts(const Session& session, std::string_view claim);

// Calls `each` with every text of a claim, `groups` included; never with an empty one.
template <class Each>
void for_each_claim_text(const Session& session, std::string_view claim, Each&& each) {
  if (const auto plain = plain_claim(session, claim)) {
    if (!plain->empty()) each(*plain);
  } else if (claim == "groups") {
    for (const auto& group : session.groups) {
      if (!group.empty()) each(std::string_view(group));
    }
  } else {
    for (const auto& text : other_claim_texts(session, claim)) {
      if (!text.empty()) each(std::string_view(text));
    }
  }
}

}  // namespace gatelet::session
