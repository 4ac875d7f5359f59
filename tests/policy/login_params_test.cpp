#include "policy/login_params.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using namespace gatelet::policy;

namespace {

LoginParamRule rule(std::string name, std::vector<std::string> values,
                    const std::vector<std::string>& patterns = {}) {
  LoginParamRule out{std::move(name), std::move(values), nullptr};
  if (patterns.empty()) return out;
  auto set = std::make_shared<RegexSet>();
  for (const auto& pattern : patterns) REQUIRE(set->add(pattern).ok());
  out.patterns = std::move(set);
  return out;
}

std::string allowed(const LoginParamRules& rules, std::string_view query) {
  const auto params = http::parse_form(query);
  REQUIRE(params.ok());
  std::string out;
  for (const auto& [name, value] : allowed_login_params(rules, *params)) {
    out += (out.empty() ? "" : "&") + name + "=" + value;
  }
  return out;
}

}  // namespace

TEST_SUITE("policy/login_params") {
  TEST_CASE("F-057: a value that is listed passes, byte for byte; every other is as if not there") {
    const LoginParamRules rules{"default", {rule("prompt", {"login", "consent", ""})}};
    CHECK(allowed(rules, "prompt=login") == "prompt=login");
    CHECK(allowed(rules, "prompt=") == "prompt=");
    CHECK(allowed(rules, "prompt=none") == "");
    CHECK(allowed(rules, "prompt=Login") == "");
    CHECK(allowed(rules, "prompt=login%20") == "");
    CHECK(allowed(rules, "prompt=none&prompt=consent&prompt=login") ==
          "prompt=consent&prompt=login");
  }

  TEST_CASE("F-057: a parameter without a rule never passes, whatever its value") {
    const LoginParamRules rules{"default", {rule("prompt", {"login"})}};
    CHECK(allowed(rules, "login_hint=login") == "");
    CHECK(allowed(rules, "Prompt=login") == "");
    CHECK(allowed({"default", {}}, "prompt=login") == "");
    CHECK(allowed(rules, "") == "");
  }

#ifdef GATELET_HAVE_RE2
  TEST_CASE("F-057: a pattern passes values it matches, anchored only where it says so") {
    const LoginParamRules rules{"default",
                                {rule("login_hint", {"root"}, {R"(^[^@]*@example\.com$)", "^x"})}};
    CHECK(allowed(rules, "login_hint=ada@example.com") == "login_hint=ada@example.com");
    CHECK(allowed(rules, "login_hint=root") == "login_hint=root");
    CHECK(allowed(rules, "login_hint=xyz") == "login_hint=xyz");
    CHECK(allowed(rules, "login_hint=ada@example.com.evil.example") == "");
    CHECK(allowed(rules, "login_hint=a@b@example.com") == "");
    CHECK(allowed(rules, "login_hint=yx") == "");
  }
#endif

  TEST_CASE("login_param_rules: those of the provider, null where there are none") {
    const std::vector<LoginParamRules> all{{"a", {rule("x", {})}}, {"b", {rule("y", {})}}};
    REQUIRE(login_param_rules(all, "b") != nullptr);
    CHECK(login_param_rules(all, "b")->rules[0].name == "y");
    CHECK(login_param_rules(all, "c") == nullptr);
    CHECK(login_param_rules({}, "a") == nullptr);
  }
}
