#include "config/resolve_tokens.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace gatelet::config {
namespace {

bool hands_out(const policy::HeaderRules& rules, std::string_view claim) {
  for (const auto* side : {&rules.request, &rules.response}) {
    for (const auto& rule : *side) {
      for (const auto& value : rule.values) {
        if (!value.text && value.claim == claim) return true;
      }
    }
  }
  return false;
}

}  // namespace

void resolve_tokens(const EngineValues& engine, const policy::HeaderRules& rules,
                    const std::vector<ResolvedProvider>& providers, session::SessionSettings& out,
                    Problems& problems) {
  out.access_token_goes_last = hands_out(rules, "access_token") && !hands_out(rules, "id_token");
  // Whose subject is not told by the user, the old ID token alone does.
  out.needs_id_token = std::any_of(providers.begin(), providers.end(), [](const auto& one) {
    return one.provider.claims.user != "sub";
  });

  const auto keeps = [&](std::string_view token) {
    const auto& dropped = *engine.session_drop_tokens;
    return std::find(dropped.begin(), dropped.end(), token) == dropped.end();
  };
  out.kept_tokens = {keeps("access_token"), keeps("id_token"), keeps("refresh_token")};
  const auto refuse = [&](const std::string& said) {
    problems.add(Row::session_drop_tokens, said);
  };
  for (const std::string token : {"access_token", "id_token", "refresh_token"}) {
    if (keeps(token) || !hands_out(rules, token)) continue;
    refuse("holds " + token + ", which a header hands out; leave one of them out");
  }
  if (!out.kept_tokens.refresh && *engine.cookie_refresh > Duration{}) {
    refuse(
        "holds refresh_token, without which cookie_refresh renews nothing; leave one of them out");
  }
  if (out.needs_id_token && out.kept_tokens.refresh && !out.kept_tokens.id) {
    refuse(
        "holds id_token, by which a renewed session is known to be the same person's; drop "
        "refresh_token too, or have user_id_claim = \"sub\"");
  }
}

}  // namespace gatelet::config
