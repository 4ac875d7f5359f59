#include "policy/password_form.hpp"

#include <doctest/doctest.h>

using namespace gatelet;
using policy::FormFacts;

namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("policy/password_form") {
  TEST_CASE("password_form: posts to sign_in, with labels, and the place to return to") {
    policy::Policy rules;
    rules.proxy_prefix = "/auth/";
    const auto form = policy::password_form(rules, "/a?b=\"c\"&d", {});
    CHECK(holds(form, "<form class=\"password\" method=\"post\" action=\"/auth/sign_in\">"));
    CHECK(holds(form, "name=\"rd\" value=\"/a?b=&quot;c&quot;&amp;d\""));
    for (const auto* name : {"username", "password"}) {
      CHECK(holds(form, "<label for=\"" + std::string(name) + "\">"));
      CHECK(holds(form, "id=\"" + std::string(name) + "\" name=\"" + name + "\""));
    }
    CHECK_FALSE(holds(form, "role=\"alert\""));
  }

  TEST_CASE("password_form: says what was wrong; keeps the name, escaped and bounded") {
    const auto wrong = policy::password_form({}, "/", {"<b>\"x", {}, Reason::password_wrong});
    CHECK(holds(wrong, "The user name or the password is wrong."));
    CHECK(holds(wrong, "value=\"&lt;b&gt;&quot;x\""));
    CHECK(holds(policy::password_form({}, "/", {"", {}, Reason::bad_request}),
                "type your user name"));
    const std::string name(301, 'x');
    CHECK_FALSE(holds(policy::password_form({}, "/", {name, {}, Reason::password_wrong}), "xxx"));
  }
}
