#include "policy/login_params.hpp"

#include <algorithm>

namespace gatelet::policy {
namespace {

bool passes(const LoginParamRule& rule, const http::Param& param) {
  if (rule.name != param.name) return false;
  const bool is_listed =
      std::find(rule.values.begin(), rule.values.end(), param.value) != rule.values.end();
  return is_listed || (rule.patterns && rule.patterns->any_matches(param.value));
}

}  // namespace

http::Params allowed_login_params(const LoginParamRules& all, const http::Params& query) {
  http::Params out;
  for (const auto& param : query) {
    const bool is_allowed = std::any_of(all.rules.begin(), all.rules.end(),
                                        [&](const auto& rule) { return passes(rule, param); });
    if (is_allowed) out.push_back(param);
  }
  return out;
}

const LoginParamRules* login_param_rules(const std::vector<LoginParamRules>& all,
                                         std::string_view provider_id) noexcept {
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const auto& rules) { return rules.provider_id == provider_id; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace gatelet::policy
