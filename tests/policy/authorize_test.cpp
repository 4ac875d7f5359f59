#include "policy/authorize.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using policy::authorize;
using policy::meets_auth_query;

namespace {

session::Session person(std::string email, std::vector<std::string> groups = {}) {
  session::Session made;
  made.user = "u1";
  made.email = std::move(email);
  made.groups = std::move(groups);
  return made;
}

policy::Policy with_groups(std::vector<std::string> groups) {
  policy::Policy made;
  made.allowed_groups = std::move(groups);
  return made;
}

bool meets(std::string_view query, const session::Session& session) {
  const auto result = meets_auth_query(query, session);
  REQUIRE(result.ok());
  return *result;
}

}  // namespace

TEST_SUITE("policy/authorize") {
  TEST_CASE("authorize: without rules everybody is let in") {
    CHECK(authorize({}, person("")).ok());
  }

  TEST_CASE("OP-07: a person outside the allowed groups is refused") {
    const auto policy = with_groups({"admins"});
    CHECK(authorize(policy, person("a@b.test", {"staff", "admins"})).ok());

    for (const auto& groups : std::vector<std::vector<std::string>>{
             {"staff"}, {}, {"Admins"}, {"admins "}, {"admins,staff"}}) {
      const auto result = authorize(policy, person("a@b.test", groups));
      REQUIRE_FALSE(result.ok());
      CHECK(result.error().status == Status::not_permitted);
      CHECK(result.error().text.find("a@b.test") == std::string::npos);
    }
  }

  TEST_CASE("OP-16: empty entries in the list of groups let nobody in") {
    for (const auto& allowed :
         std::vector<std::vector<std::string>>{{"a", "", "b"}, {""}, {"", ""}}) {
      CHECK_FALSE(authorize(with_groups(allowed), person("", {""})).ok());
      CHECK_FALSE(authorize(with_groups(allowed), person("", {})).ok());
    }
    CHECK_FALSE(meets("allowed_groups=", person("", {""})));
    CHECK_FALSE(meets("allowed_groups=a,,b", person("", {""})));
    CHECK_FALSE(meets("allowed_groups=,", person("", {})));
    CHECK_FALSE(meets("allowed_groups", person("", {"a"})));
  }

  TEST_CASE("authorize: e-mail rule and groups must both be met") {
    auto policy = with_groups({"admins"});
    policy.email.domains = {"b.test"};
    CHECK(authorize(policy, person("a@b.test", {"admins"})).ok());
    CHECK_FALSE(authorize(policy, person("a@c.test", {"admins"})).ok());
    CHECK_FALSE(authorize(policy, person("a@b.test", {"staff"})).ok());
    CHECK_FALSE(authorize(policy, person("", {"admins"})).ok());
  }

  TEST_CASE("I-16: an address the provider calls unverified matches no rule where that is asked") {
    policy::Policy policy;
    policy.email.domains = {"b.test"};
    policy.email.refuse_unverified = true;
    auto session = person("a@b.test");
    CHECK(authorize(policy, session).ok());  // the provider did not say; login judged that
    session.email_verified = true;
    CHECK(authorize(policy, session).ok());
    session.email_verified = false;
    CHECK_FALSE(authorize(policy, session).ok());
    policy.email.refuse_unverified = false;
    CHECK(authorize(policy, session).ok());
  }

  TEST_CASE("meets_auth_query: absent constraints are met") {
    CHECK(meets("", person("")));
    CHECK(meets("rd=%2F&x=1", person("")));
  }

  TEST_CASE("meets_auth_query: one of a comma list, or of repeated lists, is enough") {
    const auto jane = person("jane@b.test", {"g1", "g2"});
    CHECK(meets("allowed_groups=g0,g2", jane));
    CHECK(meets("allowed_groups=g0&allowed_groups=g1", jane));
    CHECK(meets("allowed_emails=x@b.test,jane@b.test", jane));
    CHECK(meets("allowed_email_domains=b.test", jane));
    CHECK(meets("allowed_email_domains=.b.test", jane));
    CHECK(meets("allowed_email_domains=*.b.test", person("jane@x.b.test")));
  }

  TEST_CASE("meets_auth_query: every kind that is present must be met") {
    const auto jane = person("jane@b.test", {"g1"});
    CHECK_FALSE(meets("allowed_groups=g2", jane));
    CHECK_FALSE(meets("allowed_groups=g1&allowed_emails=x@b.test", jane));
    CHECK_FALSE(meets("allowed_emails=jane@b.test&allowed_email_domains=c.test", jane));
    CHECK_FALSE(meets("allowed_email_domains=b.test", person("jane@xb.test")));
    CHECK_FALSE(meets("allowed_email_domains=b.test", person("x@evil.test@b.test")));
    CHECK_FALSE(meets("allowed_emails=", person("")));
    CHECK_FALSE(meets("allowed_email_domains=b.test", person("")));
  }

  TEST_CASE("meets_auth_query: a query that cannot be read is an error, not a pass") {
    const auto result = meets_auth_query("allowed_groups=%zz", person("", {"a"}));
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().status == Status::malformed);
  }
}
