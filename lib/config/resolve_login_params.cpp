#include "config/resolve_login_params.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "config/fields.hpp"
#include "config/range.hpp"
#include "config/resolve_routes.hpp"
#include "config/value.hpp"
#include "oidc/authorize.hpp"

namespace gatelet::config {
namespace {

// What a rule is made of.
struct Allowed {
  policy::LoginParamRule rule;
  std::shared_ptr<policy::RegexSet> patterns = std::make_shared<policy::RegexSet>();
};

void add_pattern(Fields& fields, const std::string& pattern, Allowed& allowed) {
  const auto done = said_of_pattern(allowed.patterns->add(pattern));
  if (!done.ok()) fields.say("pattern", shown(pattern) + " " + done.error().text);
}

void add_rule(Fields fields, Allowed& allowed) {
  const bool is_value = fields.find("value") != nullptr;
  const bool is_pattern = fields.find("pattern") != nullptr;
  auto value = fields.text("value");
  const auto pattern = fields.text("pattern");
  fields.finish();
  if (is_value == is_pattern) {
    fields.say("value",
               "expected one of value and pattern, got " + std::string(is_value ? "both" : "none"));
  } else if (is_value) {
    allowed.rule.values.push_back(std::move(value));
  } else {
    add_pattern(fields, pattern, allowed);
  }
}

void judge_name(Fields& fields, const std::string& name, const std::vector<std::string>& before) {
  if (name.empty()) {
    fields.say("name", "missing; write the parameter's name, such as prompt");
  } else if (oidc::is_reserved_parameter(name)) {
    fields.say("name",
               "only the library sets this parameter; leave it out, and use the option for "
               "it where there is one");
  } else if (std::find(before.begin(), before.end(), name) != before.end()) {
    fields.say("name", "stands twice; write one entry");
  }
}

std::string add_param(Fields fields, const std::vector<std::string>& before, LoginParams& out) {
  Allowed allowed;
  auto name = fields.text("name");
  judge_name(fields, name, before);
  for (auto& value : fields.texts("default")) out.defaults.push_back({name, std::move(value)});
  std::size_t number = 0;
  for (const auto& rule : fields.list("allow")) {
    const auto place = fields.place_of("allow[" + std::to_string(number++) + "].");
    add_rule(Fields(rule, place, fields.complaints()), allowed);
  }
  fields.finish();
  allowed.rule.name = name;
  allowed.patterns->unite();
  if (!allowed.patterns->is_empty()) allowed.rule.patterns = std::move(allowed.patterns);
  if (number > 0) out.rules.rules.push_back(std::move(allowed.rule));
  return name;
}

void refuse_flat(const ProviderValues& p, Problems& problems) {
  const auto refuse = [&](Row row, bool is_given) {
    if (!is_given) return;
    problems.add(p.name, row,
                 "does not go with login_url_parameters, which lists every parameter; leave it "
                 "out, and write it there");
  };
  refuse(Row::prompt, p.prompt.given);
  refuse(Row::approval_prompt, p.approval_prompt.given);
  refuse(Row::acr_values, p.acr_values.given);
}

}  // namespace

LoginParams resolve_login_params(const ProviderValues& p, Problems& problems) {
  LoginParams out;
  out.rules.provider_id = p.name.id;
  std::vector<std::string> names;
  refuse_flat(p, problems);
  for (const auto& text : *p.login_url_parameters) {
    Complaints complaints;
    const auto number = "[" + std::to_string(names.size()) + "]";
    const auto parsed = json::parse_object(text.reveal());
    if (parsed.ok()) {
      const auto* name = parsed->find_string("name");
      const auto place = name == nullptr || name->empty() ? number : quoted(*name);
      names.push_back(add_param(Fields(*parsed, place + ".", complaints), names, out));
    } else {
      complaints.said.push_back(number + " is no object: " + parsed.error().text);
    }
    for (const auto& said : complaints.said) problems.add(p.name, Row::login_url_parameters, said);
  }
  return out;
}

}  // namespace gatelet::config
