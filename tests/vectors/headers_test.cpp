// Header injection: what oauth2-proxy's rules make of a session and a request, and where ours make
// something else on purpose.
#include <doctest/doctest.h>

#include <map>

#include "base/base64url.hpp"
#include "http/ascii.hpp"
#include "http/header.hpp"
#include "oauth2_proxy.hpp"
#include "policy/identity_headers.hpp"
#include "session/record.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using vectors::Json;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// What a secret source comes to. Where it comes from is the settings' business.
Secret secret_of(const Json& source) {
  for (const auto* member : {"value_base64", "env_or_file_content"}) {
    const auto found = source.find(member);
    if (found == source.end()) continue;
    const auto text = found->get<std::string>();
    if (std::string(member) != "value_base64") return Secret(text);
    std::string spelled = text;
    for (char& c : spelled) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return Secret(base64url::decode(spelled, base64url::Padding::required).value());
  }
  return Secret();
}

policy::HeaderRule rule_of(const Json& one) {
  policy::HeaderRule rule;
  rule.name = one.at("name");
  rule.keeps_client_value = one.value("preserveRequestValue", false);
  rule.exact_name = one.value("InsecureSkipHeaderNormalization", false);
  for (const auto& value : one.at("values")) {
    policy::HeaderValue out;
    out.claim = value.value("claim", "");
    out.prefix = value.value("prefix", "");
    if (value.contains("basicAuthPassword")) out.password = secret_of(value["basicAuthPassword"]);
    if (value.contains("secretSource")) out.text = secret_of(value["secretSource"]);
    rule.values.push_back(std::move(out));
  }
  return rule;
}

session::msgpack::Value value_of(const Json& json) {
  namespace msgpack = session::msgpack;
  if (json.is_boolean()) return msgpack::Value(json.get<bool>());
  if (json.is_number_integer()) return msgpack::Value(json.get<std::int64_t>());
  if (json.is_number()) return msgpack::Value(json.get<double>());
  if (json.is_string()) return msgpack::Value(json.get<std::string>());
  if (json.is_array()) {
    msgpack::Array list;
    for (const auto& element : json) list.push_back(value_of(element));
    return msgpack::Value(std::move(list));
  }
  if (!json.is_object()) return msgpack::Value(nullptr);
  msgpack::Map map;
  for (const auto& [name, member] : json.items()) map.emplace_back(name, value_of(member));
  return msgpack::Value(std::move(map));
}

std::optional<session::Timestamp> moment_of(const Json& one) {
  if (one.is_null()) return std::nullopt;
  return session::Timestamp{one.at("unix"), one.at("nanos")};
}

// From the record where types matter, else from its members.
session::Session session_of(const Json& one) {
  const auto hex = vectors::text_at(one, "session_record_hex");
  if (!hex.empty()) {
    auto read = session::read_record(from_hex(hex).value());
    REQUIRE(read.ok());
    return std::move(read).value();
  }
  const auto& from = one.at("session");
  session::Session session;
  session.created_at = moment_of(from.at("created_at"));
  session.expires_on = moment_of(from.at("expires_on"));
  session.access_token = Secret(vectors::text_at(from, "access_token"));
  session.id_token = Secret(vectors::text_at(from, "id_token"));
  session.refresh_token = Secret(vectors::text_at(from, "refresh_token"));
  session.user = vectors::text_at(from, "user");
  session.email = vectors::text_at(from, "email");
  session.preferred_username = vectors::text_at(from, "preferred_username");
  if (from.at("groups").is_array()) session.groups = from.at("groups");
  if (!from.at("additional_claims").is_object()) return session;
  for (const auto& [name, value] : from.at("additional_claims").items()) {
    session.additional_claims.emplace_back(name, value_of(value));
  }
  return session;
}

// Go's http.CanonicalHeaderKey.
std::string canonical(const std::string& name) {
  std::string out;
  bool begins = true;
  for (const char c : name) {
    out += begins ? http::to_upper(c) : http::to_lower(c);
    begins = c == '-';
  }
  return out;
}

// "X-A: 1,2 | X-B: 3": by canonical name, several fields of one name joined.
std::string text_of(const Fields& fields) {
  std::map<std::string, std::string> joined;
  for (const auto& [name, value] : fields) {
    auto& text = joined[canonical(name)];
    const auto* glue = canonical(name) == "Set-Cookie" ? " & " : ",";
    text += (text.empty() ? "" : glue) + value;
  }
  std::string out;
  for (const auto& [name, value] : joined) {
    out += (out.empty() ? "" : " | ") + name + ": " + value;
  }
  return out;
}

std::string expected(const Json& one) {
  Fields fields;
  for (const auto& [name, values] : one.at("headers_after").items()) {
    for (const auto& value : values) fields.emplace_back(name, value);
  }
  return text_of(fields);
}

Fields headers_before(const Json& one) {
  Fields fields;
  for (const auto& pair : one.at("headers_before")) fields.emplace_back(pair[0], pair[1]);
  return fields;
}

std::string ours(const Json& one) {
  const bool is_request = one.at("side") == "request";
  policy::Policy policy;
  policy.headers.encode_group_separators = false;
  policy.headers.strip_own_cookies = false;
  policy.headers.rules = {};
  auto& rules = is_request ? policy.headers.rules.request : policy.headers.rules.response;
  for (const auto& rule : one.at("inject")) rules.push_back(rule_of(rule));

  session::Session session;
  const bool is_somebody = !one.at("session").is_null();
  if (is_somebody) session = session_of(one);
  const auto before = headers_before(one);
  support::RequestOf request;
  for (const auto& [name, value] : before) request.headers.push_back({name, value});
  const auto facts = request.facts();
  auto answer = policy::Answer::allow(Reason::session);
  const policy::Whom whom{is_somebody ? &session : nullptr, true, false};
  if (is_request) policy::add_request_headers(policy, "_oauth2_proxy", facts, whom, answer);
  if (!is_request) policy::add_response_headers(policy, whom, answer);
  const auto decision = std::move(answer).finish();

  Fields after;
  for (const auto& field : before) {
    const bool is_stripped =
        is_request &&
        std::any_of(decision.strip().begin(), decision.strip().end(), [&](const HeaderView& gone) {
          return http::equal_ignoring_case(gone.name, field.first);
        });
    if (!is_stripped) after.push_back(field);
  }
  for (const auto& field : is_request ? decision.upstream() : decision.response()) {
    if (field.name != "GAP-Auth") after.emplace_back(field.name, field.value);
  }
  return text_of(after);
}

// Flat options give the rules that the reference makes of them.
void check_switches(const Json& one) {
  const auto& flat = one.at("legacy_options");
  const bool has_password = !flat.value("basic_auth_password", "").empty();
  policy::HeaderSwitches on;
  const bool passes_basic = flat.value("pass_basic_auth", true);
  on.pass_user_headers = flat.value("pass_user_headers", true) || passes_basic;
  on.pass_access_token = flat.value("pass_access_token", false);
  on.pass_authorization_header = flat.value("pass_authorization_header", false);
  on.set_authorization_header = flat.value("set_authorization_header", false);
  on.set_xauthrequest = flat.value("set_xauthrequest", false);
  on.prefer_email_to_user = flat.value("prefer_email_to_user", false);
  on.pass_basic_auth = passes_basic && has_password;
  on.set_basic_auth = flat.value("set_basic_auth", false);
  on.basic_auth_password = Secret(flat.value("basic_auth_password", ""));
  const auto made = policy::header_rules(on);
  const auto& rules = one.at("side") == "request" ? made.request : made.response;

  std::map<std::string, std::string> theirs, our;
  for (const auto& rule : one.at("inject")) {
    for (const auto& value : rule.at("values")) {
      theirs[rule.at("name")] += value.value("claim", "") + "|";
    }
  }
  for (const auto& rule : rules) {
    for (const auto& value : rule.values) our[rule.name] += value.claim + "|";
  }
  CHECK(our == theirs);
}

std::map<std::string, std::string> differences() {
  std::map<std::string, std::string> out;
  for (const auto& cells : vectors::read_rows(vectors::read_path(DIFFERENCES))) {
    if (cells.at(0) == "headers.json") out[cells.at(1)] = cells.at(3);
  }
  return out;
}

}  // namespace

TEST_SUITE("vectors/headers") {
  TEST_CASE("F-044: headers.json: every case as in the reference, or as differences.tsv says") {
    const auto cases = Json::parse(vectors::read_file("headers.json"));
    REQUIRE(cases.size() == 119);
    auto wanted = differences();
    int num_refused = 0;
    for (const auto& one : cases) {
      const auto name = one.at("name").get<std::string>();
      CAPTURE(name);
      if (one.contains("legacy_options")) check_switches(one);
      const auto error = vectors::text_at(one, "expected_error");
      if (error.starts_with("error building")) {  // refused with the settings:
                                                  // tests/config/resolve_headers_test.cpp
        ++num_refused;
        continue;
      }
      const auto got = ours(one);
      const auto difference = wanted.find(name);
      if (difference == wanted.end()) {
        CHECK(error.empty());
        CHECK(got == expected(one));
        continue;
      }
      CHECK(got == difference->second);
      if (error.empty()) CHECK(got != expected(one));
      wanted.erase(difference);
    }
    CHECK(num_refused == 6);
    for (const auto& left : wanted) FAIL_CHECK("differences.tsv names no case: " << left.first);
  }
}
