// Routes: which requests oauth2-proxy's rules match, and where ours answer otherwise on purpose.
#include <doctest/doctest.h>

#include <map>
#include <memory>

#include "oauth2_proxy.hpp"
#include "policy/api_request.hpp"
#include "policy/free_pass.hpp"
#include "support/request_of.hpp"

using namespace gatelet;

namespace {

struct Row {
  std::string option, rule, method, target, forwarded, verdict;

  std::string name() const {
    return option + " " + rule + " " + method + " " + target +
           (forwarded.empty() ? "" : " for " + forwarded);
  }
};

Row row_of(const std::vector<std::string>& cells) {
  return {cells.at(0), cells.at(1) == "(empty)" ? "" : cells.at(1),
          cells.at(2), cells.at(3),
          cells.at(4), cells.at(5)};
}

Result<void> add_rule(const Row& row, policy::Policy& policy) {
  if (row.option == "api_routes") {
    policy::RegexSet set;
    auto done = set.add(row.rule);
    policy.api_routes = std::make_shared<const policy::RegexSet>(std::move(set));
    return done;
  }
  policy::SkipRule rule{{}, false, row.rule};
  if (row.option == "skip_auth_routes") {
    rule = policy::parse_skip_rule(row.rule, policy::RuleReading::reference).value();
  }
  policy::SkipRoutes routes;
  auto done = routes.add(rule);
  policy.free_pass.routes = std::make_shared<const policy::SkipRoutes>(std::move(routes));
  return done;
}

std::string our_verdict(const Row& row) {
  policy::Policy policy;
  policy.free_pass.routes_cover_own_endpoints = true;
  policy.detect_api_by_fetch_metadata = false;
  if (!add_rule(row, policy).ok()) return "invalid_rule";

  support::RequestOf request;
  request.method = row.method;
  request.target = row.target;
  if (!row.forwarded.empty()) {
    policy.forwarded.reverse_proxy = true;
    policy.forwarded.trusted_proxies = {http::parse_ip_range("203.0.113.7").value()};
    request.headers = {{"X-Forwarded-Uri", row.forwarded}};
  }
  const auto facts = policy::settle_request(request.view(), policy);
  if (!facts.ok()) return "bad_request";
  const bool matches = row.option == "api_routes" ? policy::is_api_request(policy, *facts)
                                                  : policy::has_free_pass(policy, *facts);
  return matches ? "yes" : "no";
}

// Ours by the row's name, for the rows of routes.tsv in differences.tsv.
std::map<std::string, std::string> differences() {
  std::map<std::string, std::string> out;
  for (const auto& cells : vectors::read_rows(vectors::read_path(DIFFERENCES))) {
    if (cells.at(0) == "routes.tsv") out[cells.at(1)] = cells.at(3);
  }
  return out;
}

}  // namespace

TEST_SUITE("vectors/routes") {
  TEST_CASE("routes.tsv: every rule matches as in the reference, or as differences.tsv says") {
    auto wanted = differences();
    std::size_t num_rows = 0;
    for (const auto& cells : vectors::read_table("routes.tsv")) {
      const auto row = row_of(cells);
      CAPTURE(row.name());
      ++num_rows;
      const auto ours = our_verdict(row);
      const auto difference = wanted.find(row.name());
      if (difference == wanted.end()) {
        CHECK(ours == row.verdict);
        continue;
      }
      CHECK(ours == difference->second);
      CHECK(ours != row.verdict);
      CHECK(ours != "yes");  // never more open than the reference
      wanted.erase(difference);
    }
    CHECK(num_rows == 194);
    for (const auto& left : wanted) FAIL_CHECK("differences.tsv names no row: " << left.first);
  }
}
