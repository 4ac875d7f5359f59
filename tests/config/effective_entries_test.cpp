#include "config/effective_entries.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace gatelet;
using namespace gatelet::config;

namespace {

using Entry = Settings::Entry;
using Origin = Settings::Origin;

Entry entry(std::string key, Origin origin) {
  return {std::move(key), {Secret("x")}, false, origin};
}

Entry alpha(std::string key) {
  auto out = entry(std::move(key), Origin::file);
  out.is_alpha = true;
  return out;
}

// The keys that count, then the problems.
std::string judged(const std::vector<Entry>& entries) {
  Problems problems;
  std::string out;
  for (const auto& one : effective_entries(entries, problems)) out += one.key + " ";
  for (const auto& one : problems.in_order())
    out += "(" + one.text.substr(0, one.text.find(':')) + ")";
  return out;
}

}  // namespace

TEST_SUITE("config/effective_entries") {
  TEST_CASE("without an alpha configuration every entry counts") {
    CHECK(judged({entry("client_id", Origin::file), entry("pass_access_token", Origin::environment),
                  entry("providers.a.client_id", Origin::call)}) ==
          "client_id pass_access_token providers.a.client_id ");
  }

  TEST_CASE("what it does not say, every source may say beside it") {
    CHECK(judged({alpha("providers.a.client_id"), entry("cookie_secret", Origin::file),
                  entry("email_domains", Origin::environment), entry("compat", Origin::call)}) ==
          "providers.a.client_id cookie_secret email_domains compat ");
  }

  TEST_CASE("OP-07: what it says cannot stand in another file") {
    for (const auto* key : {"client_id", "providers.b.client_id", "allowed_groups", "prompt",
                            "pass_user_headers", "inject_request_headers"}) {
      CAPTURE(key);
      CHECK(judged({entry(key, Origin::file), alpha("providers.a.client_id")}) ==
            "providers.a.client_id (" + std::string(key) + ")");
    }
  }

  TEST_CASE("variables for what it says do not count, as in the reference") {
    CHECK(judged({alpha("providers.a.client_id"), entry("client_id", Origin::environment),
                  entry("pass_access_token", Origin::environment)}) == "providers.a.client_id ");
  }

  TEST_CASE("a program's own values win, for what the configuration has") {
    CHECK(judged({alpha("providers.a.client_id"), entry("providers.a.client_secret", Origin::call),
                  entry("inject_request_headers", Origin::call)}) ==
          "providers.a.client_id providers.a.client_secret inject_request_headers ");
    CHECK(judged({alpha("client_id"), alpha("inject_request_headers"),
                  entry("client_secret", Origin::call)}) ==
          "client_id inject_request_headers client_secret ");
    CHECK(judged({alpha("providers.a.client_id"), alpha("inject_request_headers"),
                  entry("client_secret", Origin::call)}) ==
          "providers.a.client_id inject_request_headers (client_secret)");
    CHECK(judged({alpha("providers.a.client_id"), entry("providers.b.client_id", Origin::call)}) ==
          "providers.a.client_id (providers.b.client_id)");
  }
}
