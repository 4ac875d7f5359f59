// Clearing a session: which cookies oauth2-proxy's stores expire, and where we differ.
#include <doctest/doctest.h>

#include <map>

#include "oauth2_proxy.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

// Set-Cookie lines of ours where they are not the reference's, by row (counted from 0 among those
// of the cookie store).
struct Difference {
  std::string_view why;
  std::vector<std::string> names;
};

const std::map<std::size_t, Difference> differences = {
    {5, {"one word for each cookie: a name that came twice is expired once", {"_oauth2_proxy"}}},
    {6, {"the name is no pattern", {"my.app", "my.app_0"}}},
    {7, {"the name is no pattern", {"a+b"}}},
    {8,
     {"parts whose base name was cut are cleared",
      {std::string(254, 'n') + "_0", std::string(254, 'n') + "_1"}}},
};

std::string expiry_of(const std::string& name) {
  return name + "=; Path=/; Max-Age=0; HttpOnly; Secure";
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += (out.empty() ? "" : " || ") + line;
  return out;
}

}  // namespace

TEST_SUITE("vectors/clearing") {
  TEST_CASE("clearing.tsv: the cookie store expires the same cookies, but for the differences") {
    std::size_t row_number = 0, num_equal = 0;
    for (const auto& row : vectors::read_table("clearing.tsv")) {
      REQUIRE(row.size() == 4);
      if (row[0] != "cookie") continue;
      SessionSettings settings;
      settings.cookie_name = row[1];
      const HeaderView header{"Cookie", row[2]};
      const auto ours = clear_session(settings, "app.example.com", {&header, 1});

      const auto difference = differences.find(row_number);
      CAPTURE(row_number);
      if (difference == differences.end()) {
        CHECK(joined(ours) == row[3]);
        ++num_equal;
      } else {
        std::vector<std::string> expected;
        for (const auto& name : difference->second.names) expected.push_back(expiry_of(name));
        CHECK(ours == expected);
        CHECK(joined(ours) != row[3]);
      }
      ++row_number;
    }
    CHECK(row_number == 10);
    CHECK(num_equal == 6);
  }

  TEST_CASE("clearing.tsv: a server-side store expires NAME always, and here parts besides") {
    // Rows of requests that carry parts, counted from 0 among those of a server-side store.
    const std::map<std::size_t, std::vector<std::string>> parts = {
        {2, {"_oauth2_proxy_0", "_oauth2_proxy_1", "_oauth2_proxy_2"}},
        {3, {"_oauth2_proxy_7"}},
        {4, {"_oauth2_proxy_01"}},
    };
    std::size_t row_number = 0, num_equal = 0;
    for (const auto& row : vectors::read_table("clearing.tsv")) {
      if (row[0] != "server") continue;
      SessionSettings settings;
      settings.cookie_name = row[1];
      const HeaderView header{"Cookie", row[2]};
      const auto ours = clear_ticket(settings, "app.example.com", {&header, 1});

      CAPTURE(row_number);
      std::vector<std::string> expected{row[3]};
      const auto more = parts.find(row_number);
      if (more == parts.end()) ++num_equal;
      if (more != parts.end())
        for (const auto& name : more->second) expected.push_back(expiry_of(name));
      CHECK(ours == expected);
      ++row_number;
    }
    CHECK(row_number == 6);
    CHECK(num_equal == 3);
  }
}
