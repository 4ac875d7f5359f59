#include "config/resolve_headers.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "config/secret_source.hpp"
#include "config/value.hpp"
#include "http/header.hpp"

namespace gatelet::config {
namespace {

// Fields that frame a message or speak to the next hop (RFC 9110 section 7.6.1, RFC 9112
// section 6), name the host, or carry cookies: whoever sets one of them breaks the message, or what
// the library itself does with it.
constexpr std::array<std::string_view, 13> never_set = {
    "Host",   "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive",
    "TE",     "Trailer",        "Proxy-Connection",  "Upgrade",    "Expect",
    "Cookie", "GAP-Auth",       "GAP-Signature",
};

policy::HeaderPreset preset_of(const EngineValues& engine) noexcept {
  const auto& name = *engine.header_preset;
  if (name == "authelia") return policy::HeaderPreset::authelia;
  if (name == "authentik") return policy::HeaderPreset::authentik;
  if (name == "mod_auth_openidc") return policy::HeaderPreset::mod_auth_openidc;
  return policy::HeaderPreset::oauth2_proxy;
}

std::vector<std::string> additional_claims(const Values& values) {
  std::vector<std::string> all;
  for (const auto& provider : values.providers) {
    for (const auto& claim : *provider.additional_claims) {
      if (std::find(all.begin(), all.end(), claim) == all.end()) all.push_back(claim);
    }
  }
  return all;
}

policy::HeaderRules rules_of_switches(const Values& values) {
  const auto& engine = values.engine;
  policy::HeaderSwitches on;
  on.preset = preset_of(engine);
  on.additional_claims = additional_claims(values);
  on.pass_user_headers = *engine.pass_user_headers || (values.is_compat && *engine.pass_basic_auth);
  on.pass_access_token = *engine.pass_access_token;
  on.pass_authorization_header = *engine.pass_authorization_header;
  on.set_authorization_header = *engine.set_authorization_header;
  on.set_xauthrequest = *engine.set_xauthrequest;
  on.prefer_email_to_user = *engine.prefer_email_to_user;
  on.basic_auth_password = *engine.basic_auth_password;
  on.pass_basic_auth = *engine.pass_basic_auth &&
                       (engine.basic_auth_password.given || engine.basic_auth_password_file.given);
  on.set_basic_auth = *engine.set_basic_auth;
  return policy::header_rules(on);
}

void refuse_switches(const EngineValues& engine, Problems& problems) {
  const auto refuse = [&](Row row, bool is_given) {
    if (!is_given) return;
    problems.add(row,
                 "does not go with inject_request_headers and inject_response_headers, which list "
                 "every header; leave it out, and write a rule there");
  };
  refuse(Row::header_preset, engine.header_preset.given);
  refuse(Row::pass_user_headers, engine.pass_user_headers.given);
  refuse(Row::pass_access_token, engine.pass_access_token.given);
  refuse(Row::pass_authorization_header, engine.pass_authorization_header.given);
  refuse(Row::set_authorization_header, engine.set_authorization_header.given);
  refuse(Row::set_xauthrequest, engine.set_xauthrequest.given);
  refuse(Row::pass_basic_auth, engine.pass_basic_auth.given);
  refuse(Row::set_basic_auth, engine.set_basic_auth.given);
  refuse(Row::basic_auth_password, engine.basic_auth_password.given);
  refuse(Row::basic_auth_password_file, engine.basic_auth_password_file.given);
  refuse(Row::prefer_email_to_user, engine.prefer_email_to_user.given);
}

// The rules of one of the two options.
class RuleReader {
 public:
  RuleReader(Row row, const Settings& settings, std::vector<HeaderFile>& files, Problems& problems)
      : row_(row), settings_(settings), files_(files), problems_(problems) {}

  std::vector<policy::HeaderRule> read(const ObjectTexts& texts) {
    std::vector<policy::HeaderRule> rules;
    for (const auto& text : texts) {
      Complaints complaints;
      add(text, rules, complaints);
      for (const auto& said : complaints.said) problems_.add(row_, said);
    }
    return rules;
  }

 private:
  void add(const Secret& text, std::vector<policy::HeaderRule>& rules, Complaints& complaints) {
    const auto number = "[" + std::to_string(rules.size()) + "]";
    const auto parsed = json::parse_object(text.reveal());
    policy::HeaderRule rule;
    if (parsed.ok()) {
      const auto* name = parsed->find_string("name");
      const auto place = name == nullptr || name->empty() ? number : quoted(*name);
      rule = read_rule(Fields(*parsed, place + ".", complaints), rules.size());
      judge_name(rule, rules, place, complaints);
    } else {
      complaints.said.push_back(number + " is no object: " + parsed.error().text);
    }
    rules.push_back(std::move(rule));  // a broken one too: places of files count them
  }

  policy::HeaderRule read_rule(Fields fields, std::size_t rule_number) {
    policy::HeaderRule rule;
    rule.name = fields.text("name");
    rule.keeps_client_value = fields.flag("preserveRequestValue");
    rule.exact_name = fields.flag("InsecureSkipHeaderNormalization");
    for (const auto& value : fields.list("values")) {
      const auto number = rule.values.size();
      const auto place = fields.place_of("values[" + std::to_string(number) + "].");
      rule.values.push_back(
          read_value(Fields(value, place, fields.complaints()), rule_number, number));
    }
    fields.finish();
    return rule;
  }

  policy::HeaderValue read_value(Fields fields, std::size_t rule, std::size_t number) {
    policy::HeaderValue value;
    const auto num_before = fields.complaints().said.size();
    const bool is_claim = fields.find("claimSource") != nullptr;
    const bool is_secret = fields.find("secretSource") != nullptr;
    fields.finish();
    if (fields.complaints().said.size() != num_before) return value;
    if (is_claim == is_secret) {
      fields.say("claimSource", "expected one of claimSource and secretSource, got " +
                                    std::string(is_claim ? "both" : "none"));
    } else if (is_claim) {
      read_claim(fields.within("claimSource"), rule, number, value);
    } else {
      read_text(fields.within("secretSource"), rule, number, value);
    }
    return value;
  }

  void read_claim(Fields fields, std::size_t rule, std::size_t number, policy::HeaderValue& value) {
    value.claim = fields.text("claim");
    if (value.claim.empty()) fields.say("claim", "missing; write the name of a claim");
    value.prefix = fields.text("prefix");
    if (const auto said = field_complaint(value.prefix); !said.empty()) {
      fields.say("prefix", said);
    }
    if (fields.find("basicAuthPassword") != nullptr) {
      auto source = read_secret_source(fields.within("basicAuthPassword"), settings_);
      value.password = std::move(source.text).value_or(Secret());
      value.prefix.clear();  // the reference writes "Basic " there, which counts for nothing
      note_file(rule, number, true, std::move(source.file));
    }
    fields.finish();
  }

  void read_text(Fields fields, std::size_t rule, std::size_t number, policy::HeaderValue& value) {
    auto source = read_secret_source(fields, settings_);
    value.text = std::move(source.text).value_or(Secret());
    const auto said = field_complaint(value.text->reveal());
    if (!said.empty()) fields.say("value", said);
    note_file(rule, number, false, std::move(source.file));
  }

  void note_file(std::size_t rule, std::size_t value, bool is_password, std::string path) {
    if (!path.empty()) files_.push_back({row_, rule, value, is_password, std::move(path)});
  }

  void judge_name(const policy::HeaderRule& rule, const std::vector<policy::HeaderRule>& before,
                  const std::string& place, Complaints& complaints) {
    const auto& name = rule.name;
    if (name.empty()) {
      complaints.said.push_back(place + ".name: missing; write the field's name, such as X-User");
    } else if (!http::is_token(name)) {
      complaints.said.push_back(place +
                                ".name: is no header name; write letters, digits and \"-\"");
    } else if (is_loose_cookie(rule)) {
      complaints.said.push_back(place +
                                ".name: stands on answers only, with texts (secretSource) only: a "
                                "claim could set the cookie's attributes");
    } else if (is_never_set(rule)) {
      complaints.said.push_back(
          place +
          ".name: this field belongs to HTTP or to the library; a rule cannot "
          "set it, write another name");
    } else if (std::any_of(before.begin(), before.end(),
                           [&](const auto& one) { return is_same(one, rule); })) {
      complaints.said.push_back(place + ".name: stands twice; write one rule with both values");
    }
  }

  static bool is_never_set(const policy::HeaderRule& rule) noexcept {
    return std::any_of(never_set.begin(), never_set.end(),
                       [&](std::string_view name) { return http::equal_folded(rule.name, name); });
  }

  // A cookie's attributes stand in its value, so that only a text of the settings may be one.
  bool is_loose_cookie(const policy::HeaderRule& rule) const noexcept {
    const bool has_claim = std::any_of(rule.values.begin(), rule.values.end(),
                                       [](const auto& value) { return !value.text; });
    return http::equal_folded(rule.name, "Set-Cookie") &&
           (row_ == Row::inject_request_headers || has_claim);
  }

  static bool is_same(const policy::HeaderRule& a, const policy::HeaderRule& b) noexcept {
    const bool is_exact = a.exact_name || b.exact_name;
    return is_exact ? http::equal_ignoring_case(a.name, b.name)
                    : http::equal_folded(a.name, b.name);
  }

  Row row_;
  const Settings& settings_;
  std::vector<HeaderFile>& files_;
  Problems& problems_;
};

policy::HeaderRules rules_of(const Settings& settings, const Values& values,
                             std::vector<HeaderFile>& files, Problems& problems) {
  const auto& engine = values.engine;
  const auto &request = engine.inject_request_headers, &response = engine.inject_response_headers;
  if (!request.given && !response.given) return rules_of_switches(values);
  refuse_switches(engine, problems);
  policy::HeaderRules rules;
  rules.request = RuleReader(Row::inject_request_headers, settings, files, problems).read(*request);
  rules.response =
      RuleReader(Row::inject_response_headers, settings, files, problems).read(*response);
  return rules;
}

}  // namespace

policy::HeaderPolicy resolve_headers(const Settings& settings, const Values& values,
                                     std::vector<HeaderFile>& files, Problems& problems) {
  policy::HeaderPolicy out;
  out.rules = rules_of(settings, values, files, problems);
  out.own_prefix = policy::prefix_of(preset_of(values.engine));
  out.encode_group_separators = !values.is_compat;
  out.strip_own_cookies = *values.engine.strip_own_cookies;
  out.strip_own_token = !values.is_compat;
  if (values.engine.signature_key.given) {
    auto signer = policy::RequestSigner::make(*values.engine.signature_key);  // judged already
    if (signer.ok()) out.signer = std::make_shared<const policy::RequestSigner>(std::move(*signer));
  }
  return out;
}

std::string field_complaint(std::string_view text) {
  if (http::is_safe_value(text)) return {};
  return "has a control character, which no header can carry; leave it out";
}

}  // namespace gatelet::config
