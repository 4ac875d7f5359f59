#include "policy/password_credential.hpp"

#include "http/header.hpp"

namespace gatelet::policy {

PasswordCredential password_credential(const RequestFacts& facts) {
  const auto* field = http::find_header(facts.headers, "Authorization");
  if (field == nullptr) return {};
  const auto blank = field->value.find(' ');
  if (!http::equal_ignoring_case(field->value.substr(0, blank), "Basic")) return {};
  if (blank == std::string_view::npos) return {true, std::nullopt};
  return {true, http::BasicCredentials::parse(field->value.substr(blank + 1))};
}

}  // namespace gatelet::policy
