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

// The options that have a header hand it out.
std::string_view senders_of(std::string_view token) noexcept {
  if (token == "access_token") return "pass_access_token or a header's rule";
  if (token == "id_token") return "an authorization_header option or a header's rule";
  return "a header's rule";
}

// `row` has sessions without `token`.
void check_dropped(const EngineValues& engine, const policy::HeaderRules& rules, Row row,
                   const std::string& token, Problems& problems) {
  if (hands_out(rules, token)) {
    problems.add(row, "drops " + token + ", which " + std::string(senders_of(token)) +
                          " hands out; leave one of them out");
  }
  if (token == "refresh_token" && *engine.cookie_refresh > Duration{}) {
    problems.add(row, "drops " + token +
                          ", without which cookie_refresh renews nothing; leave one of them out");
  }
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
  for (const std::string token : {"access_token", "id_token", "refresh_token"}) {
    if (!keeps(token)) check_dropped(engine, rules, Row::session_drop_tokens, token, problems);
    if (out.minimal) check_dropped(engine, rules, Row::session_cookie_minimal, token, problems);
  }
  if (out.needs_id_token && out.kept_tokens.refresh && !out.kept_tokens.id) {
    problems.add(Row::session_drop_tokens,
                 "drops id_token, by which a renewed session is known to be the same person's; "
                 "drop refresh_token too, or have user_id_claim = \"sub\"");
  }
}

}  // namespace gatelet::config
