#include "config/resolve_routes.hpp"

#include <memory>
#include <string>
#include <utility>

#include "config/range.hpp"

namespace gatelet::config {
namespace {

using Entries = std::vector<std::string>;

// Judges entry after entry by `add`.
template <class Add>
void add_all(Row row, const Entries& entries, Problems& problems, Add add) {
  for (const auto& entry : entries) {
    const Result<void> done = add(entry);
    if (!done.ok()) {
      problems.add(row, shown(entry) + ": " + done.error().text, done.error().status);
    }
  }
}

}  // namespace

Result<void> said_of_pattern(Result<void> done) {
  if (done.ok() || done.error().status != Status::invalid_value) return done;
  return Error{Status::invalid_value,
               "is no pattern (RE2 says: " + done.error().text + "); write it in Go's syntax"};
}

void resolve_routes(const Values& values, policy::Policy& policy, Problems& problems) {
  const auto& engine = values.engine;
  const auto reading =
      values.is_compat ? policy::RuleReading::reference : policy::RuleReading::strict;

  auto routes = std::make_shared<policy::SkipRoutes>();
  add_all(Row::skip_auth_routes, *engine.skip_auth_routes, problems, [&](const auto& entry) {
    auto rule = policy::parse_skip_rule(entry, reading);
    return rule.ok() ? said_of_pattern(routes->add(*rule)) : Result<void>(rule.error());
  });
  add_all(Row::skip_auth_regex, *engine.skip_auth_regex, problems, [&](const auto& entry) {
    return said_of_pattern(routes->add({{}, false, entry}));
  });
  routes->unite();
  if (!routes->is_empty()) policy.free_pass.routes = std::move(routes);

  auto optional = std::make_shared<policy::SkipRoutes>();
  add_all(Row::optional_auth_routes, *engine.optional_auth_routes, problems,
          [&](const auto& entry) {
            auto rule = policy::parse_skip_rule(entry, policy::RuleReading::strict);
            return rule.ok() ? said_of_pattern(optional->add(*rule)) : Result<void>(rule.error());
          });
  optional->unite();
  if (!optional->is_empty()) policy.free_pass.optional_routes = std::move(optional);

  auto api_routes = std::make_shared<policy::RegexSet>();
  add_all(Row::api_routes, *engine.api_routes, problems,
          [&](const auto& entry) { return said_of_pattern(api_routes->add(entry)); });
  api_routes->unite();
  if (!api_routes->is_empty()) policy.api_routes = std::move(api_routes);
}

}  // namespace gatelet::config
