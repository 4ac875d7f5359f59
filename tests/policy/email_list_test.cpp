#include "policy/email_list.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
using policy::EmailList;

TEST_SUITE("policy/email_list") {
  TEST_CASE("parse: one address a line, comments and blank lines aside") {
    const auto list = EmailList::parse(
        "# who is let in\nAda@Example.com\r\n\n  bob@example.com  \n\t# no\nzoe@a.example, Zoe\n"
        "\"quoted@a.example\",x\n\xef\xbb\xbf");
    CHECK_FALSE(list.ok());  // a byte order mark in the middle is no address
    const auto good =
        EmailList::parse("\xef\xbb\xbfona@a.example\nAda@Example.com\n\"q@a.example\",x");
    REQUIRE(good.ok());
    CHECK(good->size() == 3);
    CHECK(good->contains("ada@example.com"));
    CHECK(good->contains("ADA@EXAMPLE.COM"));
    CHECK(good->contains("ona@a.example"));
    CHECK(good->contains("q@a.example"));
  }

  TEST_CASE("contains: the whole address and nothing near it") {
    const auto list = EmailList::parse("b@x.example\nd@x.example\nz@x.example\n");
    REQUIRE(list.ok());
    for (const auto* other :
         {"", "a@x.example", "b@x.exampl", "b@x.examplee", "bb@x.example", "c@x.example",
          "e@x.example", "zz@x.example", "@x.example", "b@x.example\n", " b@x.example", "*"}) {
      CAPTURE(other);
      CHECK_FALSE(list->contains(other));
    }
    CHECK_FALSE(EmailList::parse("")->contains("b@x.example"));
    CHECK_FALSE(EmailList::parse("# nobody\n")->contains("# nobody"));
  }

  TEST_CASE("contains: a thousand addresses, each found") {
    std::string text;
    for (int i = 0; i < 1000; ++i)
      text += "User" + std::to_string(i * 7919 % 1000) + "@x.example\n";
    const auto list = EmailList::parse(text);
    REQUIRE(list.ok());
    for (int i = 0; i < 1000; ++i) CHECK(list->contains("uSER" + std::to_string(i) + "@X.example"));
    CHECK_FALSE(list->contains("user1000@x.example"));
  }

  TEST_CASE("parse: a line that is no address is told by its number, not by what stands there") {
    for (const auto* text : {"a@x\ncanary\n", "a@x\ncanary@\n", "a@x\n@canary\n", "a@x\n*\n",
                             "a@x\ncan ary@x\n", "a@x\na@canary@x\n", "a@x\n,canary@x\n"}) {
      CAPTURE(text);
      const auto list = EmailList::parse(text);
      REQUIRE_FALSE(list.ok());
      CHECK(list.error().text == "line 2 holds no address; write one a line");
    }
  }
}
