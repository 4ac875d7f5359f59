#include "policy/htpasswd.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace gatelet;
using policy::Htpasswd;

namespace {

constexpr auto secret = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
constexpr auto other = "{SHA}0JQeaNqPOBUf+Gph/Fn3xc+fyqI=";

std::string line(std::string_view name, std::string_view hash) {
  return std::string(name).append(":").append(hash).append("\n");
}

bool lets_in(const Htpasswd& users, std::string_view name, std::string_view password) {
  const auto* user = users.find(name);
  return user != nullptr && user->hash->slow_match(password);
}

std::string complaint(std::string_view text) {
  const auto users = Htpasswd::parse(text);
  return users.ok() ? "taken" : users.error().text;
}

}  // namespace

TEST_SUITE("policy/htpasswd") {
  TEST_CASE("parse: one user a line; comments, blank lines, line ends aside") {
    const auto users = Htpasswd::parse("# users\r\n\r\n  \n" + line("jane", secret) +
                                       "  zoe:  " + other + "\r\nada:" + secret);
    REQUIRE(users.ok());
    CHECK(lets_in(*users, "jane", "secret"));
    CHECK(lets_in(*users, "zoe", "other"));
    CHECK(lets_in(*users, "ada", "secret"));
    CHECK_FALSE(lets_in(*users, "jane", "other"));
    CHECK_FALSE(users->is_empty());
    for (const auto* nobody : {"", "jan", "janee", "Jane", " jane", "jane ", "# users", "b"}) {
      CAPTURE(nobody);
      CHECK(users->find(nobody) == nullptr);
    }
  }

  TEST_CASE("parse: of several lines for one name the last one counts") {
    const auto users =
        Htpasswd::parse(line("jane", secret) + line("zoe", secret) + line("jane", other)).value();
    CHECK(lets_in(users, "jane", "other"));
    CHECK_FALSE(lets_in(users, "jane", "secret"));
    CHECK(lets_in(users, "zoe", "secret"));
  }

  TEST_CASE("parse: nobody is a list too") {
    CHECK(Htpasswd::parse("")->is_empty());
    CHECK(Htpasswd::parse("# nobody\n\n")->is_empty());
    CHECK(Htpasswd::parse("")->decoy() == nullptr);
    CHECK(Htpasswd::parse("")->find("") == nullptr);
  }

  TEST_CASE("parse: a line that cannot be read is told by its number, not by what stands there") {
    const std::string good = line("jane", secret);
    for (const std::string_view bad :
         {"canary", "canary:", "canary:canary", ":canary", "canary:{SHA}canary",
          "canary:$apr1$canary12$QyOmOyX9nLEvLmOYuKWDi1", "\"canary\":canary", "ca\"nary:canary",
          "canary:canary:canary", "ca\tnary:canary"}) {
      CAPTURE(bad);
      for (const auto& text : {good + std::string(bad) + "\n", good + std::string(bad),
                               good + std::string(bad) + "\n" + good}) {
        const auto said = complaint(text);
        CHECK(said.starts_with("line 2 "));
        CHECK(said.find("canary") == std::string::npos);
      }
    }
    CHECK(complaint("\xef\xbb\xbf" + good).starts_with("line 1 begins with a byte order mark"));
    CHECK(complaint(line("", secret)).starts_with("line 1 has no user name"));
    CHECK(complaint("jane:" + std::string(secret) + ":more\n").starts_with("line 1 has more"));
  }

  TEST_CASE("mark: another one whenever the name or the hash is another") {
    std::set<std::string> marks;
    for (const auto& text : {line("jane", secret), line("jane", other), line("jan", secret)}) {
      const auto users = Htpasswd::parse(text).value();
      const auto* user = users.find(text.substr(0, text.find(':')));
      REQUIRE(user != nullptr);
      CHECK(user->mark.size() == 22);
      marks.emplace(user->mark.reveal());
      const auto again = Htpasswd::parse("a:" + std::string(other) + "\n" + text).value();
      CHECK(again.find(user->name)->mark == user->mark);
    }
    CHECK(marks.size() == 3);
  }

#ifdef GATELET_HAVE_CRYPT
  TEST_CASE("decoy: the slow kind where there is one") {
    const auto* slow = "$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6";
    CHECK_FALSE(Htpasswd::parse(line("jane", secret))->decoy()->is_slow());
    const auto mixed = Htpasswd::parse(line("ada", secret) + line("jane", slow)).value();
    REQUIRE(mixed.decoy());
    CHECK(mixed.decoy()->is_slow());
  }
#endif
}
