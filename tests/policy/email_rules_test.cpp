#include "policy/email_rules.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet::policy;

namespace {

EmailRules rules(std::vector<std::string> domains) {
  EmailRules made;
  made.domains = std::move(domains);
  return made;
}

}  // namespace

TEST_SUITE("policy/email_rules") {
  TEST_CASE("domain_of: what follows the one @") {
    CHECK(domain_of("jane@example.com") == "example.com");
    CHECK(domain_of("j\xc3\xa4ne@example.com") == "example.com");
  }

  TEST_CASE("domain_of: an address that is none has no domain") {
    using namespace std::string_literals;
    for (const auto& email : {""s, "jane"s, "@example.com"s, "jane@"s, "a@b@example.com"s,
                              "\"a@b\"@example.com"s, "jane@example.com\n"s, "jane@exa\0mple.com"s,
                              " jane@example.com"s, "jane\x7f@example.com"s}) {
      CAPTURE(email);
      CHECK(domain_of(email).empty());
    }
  }

  TEST_CASE("OP-14: only user@COMPANY.com of the malformed and foreign addresses passes") {
    const auto company = rules({"company.com"});
    CHECK(email_allowed(company, "user@COMPANY.com"));
    for (const auto* email :
         {"attacker@evil.com@company.com", "\"a@b\"@company.com", "user@company.com\n",
          "@company.com", "user@xn--cmpany-8ya.com", "user@sub.company.com", "user@company.com."}) {
      CAPTURE(email);
      CHECK_FALSE(email_allowed(company, email));
    }
  }

  TEST_CASE("OP-06: an e-mail domain is matched on label boundaries") {
    for (const auto* rule : {".example.com", "*.example.com"}) {
      CAPTURE(rule);
      CHECK(email_allowed(rules({rule}), "a@x.example.com"));
      CHECK(email_allowed(rules({rule}), "a@x.y.example.com"));
      CHECK_FALSE(email_allowed(rules({rule}), "a@example.com"));
      CHECK_FALSE(email_allowed(rules({rule}), "a@badexample.com"));
      CHECK_FALSE(email_allowed(rules({rule}), "a@.example.com"));
      CHECK_FALSE(email_allowed(rules({rule}), "a@example.com.evil.test"));
    }
  }

  TEST_CASE("email_allowed: a star is everybody, also among others; no rule is no rule") {
    CHECK(email_allowed(rules({"*"}), "a@b.test"));
    CHECK(email_allowed(rules({"c.test", "*"}), "a@b.test"));
    CHECK(email_allowed(rules({}), ""));
    CHECK_FALSE(email_allowed(rules({"c.test"}), "a@b.test"));
    CHECK_FALSE(email_allowed(rules({""}), "a@"));
    CHECK_FALSE(email_allowed(rules({"", "."}), "a@b.test"));
  }

  TEST_CASE("EmailRules: restricts with any rule but a star") {
    CHECK(rules({"a.test"}).restricts());
    CHECK(rules({""}).restricts());
    CHECK_FALSE(rules({"a.test", "*"}).restricts());
    CHECK_FALSE(rules({}).restricts());
    auto from_file = rules({});
    from_file.from_file = true;
    CHECK(from_file.restricts());
    CHECK_FALSE(email_allowed(from_file, "a@x.example"));  // nothing read yet: nobody
    from_file.addresses =
        std::make_shared<const EmailList>(EmailList::parse("a@x.example").value());
    CHECK(email_allowed(from_file, "A@X.example"));
    CHECK_FALSE(email_allowed(from_file, "b@x.example"));
    CHECK_FALSE(email_allowed(from_file, ""));
    from_file.domains = {"y.example"};
    CHECK(email_allowed(from_file, "b@y.example"));
    CHECK(email_allowed(from_file, "a@x.example"));
    from_file.domains = {"*"};
    CHECK_FALSE(from_file.restricts());
  }

  TEST_CASE("nobody: no address is let in") {
    EmailRules closed;
    closed.nobody = true;
    CHECK(closed.restricts());
    for (const auto* email : {"a@example.com", "", "*"}) {
      CHECK_FALSE(email_allowed(closed, email));
    }
  }
}
