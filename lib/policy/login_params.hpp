// Which parameters of PREFIX/start go on to the provider: those a rule of the settings allows.
//
// What a link says here ends in a request to the provider. A parameter without a rule, or with a
// value no rule knows, is as if it were not there.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/form.hpp"
#include "policy/regex_set.hpp"

namespace gatelet::policy {

// A value passes when it is one of `values`, or when some pattern matches anywhere in it.
struct LoginParamRule {
  std::string name;
  std::vector<std::string> values;
  std::shared_ptr<const RegexSet> patterns;  // null: none
};

struct LoginParamRules {
  std::string provider_id;
  std::vector<LoginParamRule> rules;
};

// The parameters of `query` that pass, in its order.
http::Params allowed_login_params(const LoginParamRules&, const http::Params& query);

// The rules of one provider; null: it has none.
const LoginParamRules* login_param_rules(const std::vector<LoginParamRules>&,
                                         std::string_view provider_id) noexcept;

}  // namespace gatelet::policy
