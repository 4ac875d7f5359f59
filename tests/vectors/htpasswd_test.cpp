// htpasswd files: whom oauth2-proxy lets in, and where ours answer otherwise on purpose.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "oauth2_proxy.hpp"
#include "policy/htpasswd.hpp"

using namespace gatelet;

namespace {

std::string verdict_of(const vectors::Json& row) {
  if (row.contains("expected_error")) return "refused";
  return row.at("ok") ? "in" : "out";
}

std::string our_verdict(const vectors::Json& row) {
  const auto users = policy::Htpasswd::parse(row.at("htpasswd_file").get<std::string>());
  if (!users.ok() || users->is_empty()) return "refused";
  const auto* user = users->find(row.at("user").get<std::string>());
  const auto password = row.at("password").get<std::string>();
  return user != nullptr && user->hash->slow_match(password) ? "in" : "out";
}

// Ours by the row's name, for the rows of htpasswd in differences.tsv.
std::map<std::string, std::string> differences() {
  std::map<std::string, std::string> out;
  for (const auto& cells : vectors::read_rows(vectors::read_path(DIFFERENCES))) {
    if (cells.at(0) == "htpasswd") out[cells.at(1)] = cells.at(3);
  }
  return out;
}

}  // namespace

TEST_SUITE("vectors/htpasswd") {
  TEST_CASE("signatures.json: every user is let in or not as in the reference, or as listed") {
    const auto listed = differences();
    std::map<std::string, bool> seen;
    const auto rows = vectors::Json::parse(vectors::read_file("signatures.json")).at("htpasswd");
    CHECK(rows.size() == 74);
    for (const auto& row : rows) {
      const auto name = row.at("name").get<std::string>();
      CAPTURE(name);
      CAPTURE(row.at("password").get<std::string>());
      const auto ours = our_verdict(row);
      const auto difference = listed.find(name);
      if (difference == listed.end()) {
        CHECK(ours == verdict_of(row));
        continue;
      }
      CHECK(ours == difference->second);
      CHECK(ours != "in");  // never more open than the reference
      seen[name] |= ours != verdict_of(row);
    }
    for (const auto& difference : listed) {
      CAPTURE(difference.first);
      CHECK(seen[difference.first]);  // there is such a row, and it differs
    }
  }
}
