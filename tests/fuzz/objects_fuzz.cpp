// Header rules and login parameters: any text. Rules that stand without a problem can be sent:
// their names are tokens and stand once.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <gatelet/settings.hpp>

#include "config/resolve.hpp"
#include "http/header.hpp"
#include "oidc/authorize.hpp"
#include "require.hpp"

using namespace gatelet;

namespace {

void judge(const std::vector<policy::HeaderRule>& rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    require(http::is_token(rules[i].name));
    for (std::size_t j = 0; j < i; ++j) {
      require(!http::equal_ignoring_case(rules[i].name, rules[j].name));
    }
    for (const auto& value : rules[i].values) {
      require(value.text.has_value() != !value.claim.empty());
      require(!value.text || http::is_safe_value(value.text->reveal()));
      require(http::is_safe_value(value.prefix));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Settings settings{{"oidc_issuer_url", "https://idp.example"},
                    {"client_id", "c"},
                    {"client_secret", "s"},
                    {"cookie_secret", "abcdefghijklmnop"}};
  const char* const variables[] = {"A=1", nullptr};
  require(settings.load_env(variables).ok());
  require(settings.set("inject_request_headers", text).ok());
  require(settings.set("inject_response_headers", text).ok());
  auto resolved = config::resolve(settings);
  for (const auto& file : resolved.header_files) {
    const auto& side = file.row == config::Row::inject_request_headers
                           ? resolved.policy.headers.rules.request
                           : resolved.policy.headers.rules.response;
    require(file.rule < side.size() && file.value < side[file.rule].values.size());
  }
  if (resolved.problems.empty()) {
    judge(resolved.policy.headers.rules.request);
    judge(resolved.policy.headers.rules.response);
  }

  Settings params;
  require(params.set("login_url_parameters", text).ok());
  const auto of_login = config::resolve(params);
  if (of_login.problems.has(config::Row::login_url_parameters)) return 0;
  for (const auto& param : of_login.providers[0].provider.login_params) {
    require(!oidc::is_reserved_parameter(param.name));
  }
  for (const auto& rules : of_login.policy.login_params) {
    for (const auto& rule : rules.rules) require(!oidc::is_reserved_parameter(rule.name));
  }
  return 0;
}
