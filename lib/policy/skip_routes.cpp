#include "policy/skip_routes.hpp"

#include <algorithm>

#include "http/ascii.hpp"
#include "http/path.hpp"

namespace gatelet::policy {
namespace {

constexpr auto npos = std::string_view::npos;

Error refusal(std::string_view text) { return {Status::invalid_value, std::string(text)}; }

}  // namespace

Result<SkipRule> parse_skip_rule(std::string_view entry, RuleReading reading) {
  const auto equals = entry.find('=');
  if (equals == npos) return SkipRule{{}, false, std::string(entry)};

  const bool is_negated = equals > 0 && entry[equals - 1] == '!';
  const auto method = entry.substr(0, is_negated ? equals - 1 : equals);
  SkipRule rule{http::upper(method), is_negated, std::string(entry.substr(equals + 1))};
  if (reading == RuleReading::reference) {
    rule.is_negated = entry.find("!=") != npos;
    return rule;
  }
  const bool is_method = method.empty() || std::all_of(method.begin(), method.end(), [](char c) {
                           return ('A' <= c && c <= 'Z') || ('a' <= c && c <= 'z') || c == '-';
                         });
  if (!is_method) {
    return refusal(
        "what stands before the first = is no method; write METHOD=pattern, one entry for each "
        "method, and =pattern where the pattern itself has an =");
  }
  if (rule.pattern.empty()) return refusal("has no pattern; write =^/ to mean every path");
  if (rule.pattern.find("!=") != npos) {
    return refusal("has != in its pattern, which oauth2-proxy takes for a negation; write [!]=");
  }
  return rule;
}

Result<void> SkipRoutes::add(const SkipRule& rule) {
  auto group = std::find_if(groups_.begin(), groups_.end(),
                            [&](const Group& known) { return known.method == rule.method; });
  const bool is_new = group == groups_.end();
  if (is_new) group = groups_.insert(groups_.end(), Group{rule.method, RegexSet(), RegexSet()});
  auto done = (rule.is_negated ? group->unwanted : group->wanted).add(rule.pattern);
  if (!done.ok() && is_new) groups_.pop_back();
  return done;
}

void SkipRoutes::unite() {
  for (auto& group : groups_) group.wanted.unite();
}

bool SkipRoutes::matches(std::string_view method, std::string_view path) const {
  if (groups_.empty()) return false;
  const auto normal = http::normalise_path(path);
  if (!normal.is_plain) return false;
  return std::any_of(groups_.begin(), groups_.end(), [&](const Group& group) {
    if (!group.method.empty() && group.method != method) return false;
    return group.wanted.any_matches(normal.text) || !group.unwanted.all_match(normal.text);
  });
}

}  // namespace gatelet::policy
