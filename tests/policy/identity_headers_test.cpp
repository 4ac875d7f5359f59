#include "policy/identity_headers.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/field_list.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using policy::Answer;
using policy::Policy;
using support::names_of;
using support::value_of;
using support::values_of;
using Texts = std::vector<std::string>;

namespace {

constexpr std::string_view cookie_name = "__Host-gatelet";

session::Session jane() {
  session::Session made;
  made.user = "user-1";
  made.email = "jane@example.com";
  made.preferred_username = "jane";
  made.groups = {"g1", "g2"};
  made.access_token = Secret("AccessT0ken");
  made.id_token = Secret("id.T0.ken");
  return made;
}

Policy everything_on() {
  Policy policy;
  policy.headers.rules = policy::header_rules({.pass_access_token = true,
                                               .pass_authorization_header = true,
                                               .set_authorization_header = true,
                                               .set_xauthrequest = true});
  return policy;
}

Decision allow(const Policy& policy, const std::vector<HeaderView>& headers,
               const session::Session* session, bool tokens_hold = true) {
  const auto request = support::request_to("/", headers);
  const auto facts = request.facts();
  auto answer = Answer::allow(Reason::session);
  const policy::Whom whom{session, tokens_hold, false};
  policy::add_request_headers(policy, cookie_name, facts, whom, answer);
  policy::add_response_headers(policy, whom, answer);
  return std::move(answer).finish();
}

const std::vector<HeaderView> spoofed = {
    {"X-Auth_Request-User", "a"}, {"x_auth_request_user", "b"}, {"X-AUTH-REQUEST-USER", "c"},
    {"X.Auth.Request.User", "d"}, {"X-Auth-Request-User", "e"}, {"X-Auth-Request-User", "f"}};
const Texts spoofed_names = {"X-Auth_Request-User", "x_auth_request_user", "X-AUTH-REQUEST-USER",
                             "X.Auth.Request.User"};

}  // namespace

TEST_SUITE("policy/identity_headers") {
  TEST_CASE("F-040: the person's headers by name and value") {
    const auto session = jane();
    const auto decision = allow({}, {}, &session);
    CHECK(names_of(decision.upstream()) == Texts{"X-Forwarded-User", "X-Forwarded-Groups",
                                                 "X-Forwarded-Email",
                                                 "X-Forwarded-Preferred-Username"});
    CHECK(value_of(decision.upstream(), "X-Forwarded-User") == "user-1");
    CHECK(value_of(decision.upstream(), "X-Forwarded-Groups") == "g1,g2");
    CHECK(value_of(decision.upstream(), "X-Forwarded-Email") == "jane@example.com");
    CHECK(value_of(decision.upstream(), "X-Forwarded-Preferred-Username") == "jane");
    CHECK(names_of(decision.response()) == Texts{"GAP-Auth"});
    CHECK(value_of(decision.response(), "GAP-Auth") == "jane@example.com");
  }

  TEST_CASE("F-040: off, nothing is added; an empty claim is no header") {
    Policy policy;
    const auto session = jane();
    policy.headers.rules = policy::header_rules({.pass_user_headers = false});
    CHECK(allow(policy, {}, &session).upstream().empty());

    session::Session bare;
    bare.user = "u";
    const auto decision = allow({}, {}, &bare);
    CHECK(names_of(decision.upstream()) == Texts{"X-Forwarded-User"});
    CHECK(value_of(decision.response(), "GAP-Auth") == "u");
  }

  TEST_CASE("prefer_email_to_user: the address stands in for the user, and is not repeated") {
    Policy policy;
    policy.headers.rules = policy::header_rules({.prefer_email_to_user = true});
    const auto session = jane();
    const auto decision = allow(policy, {{"X-Forwarded-Email", "forged"}}, &session);
    CHECK(value_of(decision.upstream(), "X-Forwarded-User") == "jane@example.com");
    CHECK(value_of(decision.upstream(), "X-Forwarded-Email") == "<absent>");
    CHECK(names_of(decision.strip()) == Texts{"X-Forwarded-Email"});
  }

  TEST_CASE("F-042: tokens stand in the right header, only when that is on") {
    const auto session = jane();
    for (const auto* name : {"X-Forwarded-Access-Token", "Authorization"}) {
      CHECK(value_of(allow({}, {}, &session).upstream(), name) == "<absent>");
      CHECK(value_of(allow({}, {}, &session).response(), name) == "<absent>");
    }
    Policy policy;
    policy.headers.rules = policy::header_rules({.pass_access_token = true});
    CHECK(value_of(allow(policy, {}, &session).upstream(), "X-Forwarded-Access-Token") ==
          "AccessT0ken");
    CHECK(value_of(allow(policy, {}, &session).upstream(), "Authorization") == "<absent>");
    CHECK(names_of(allow(policy, {}, &session).response()) == Texts{"GAP-Auth"});

    policy = {};
    policy.headers.rules = policy::header_rules({.pass_authorization_header = true});
    CHECK(value_of(allow(policy, {}, &session).upstream(), "Authorization") == "Bearer id.T0.ken");
    CHECK(value_of(allow(policy, {}, &session).response(), "Authorization") == "<absent>");

    policy = {};
    policy.headers.rules = policy::header_rules({.set_authorization_header = true});
    CHECK(value_of(allow(policy, {}, &session).upstream(), "Authorization") == "<absent>");
    CHECK(value_of(allow(policy, {}, &session).response(), "Authorization") == "Bearer id.T0.ken");
  }

  TEST_CASE("add_request_headers: no token that has run out is handed to anybody") {
    const auto session = jane();
    const auto decision = allow(everything_on(), {}, &session, false);
    for (const auto& fields : {decision.upstream(), decision.response()}) {
      for (const auto& field : fields) {
        CHECK(field.value.find("T0") == std::string_view::npos);
      }
    }
    CHECK(value_of(decision.upstream(), "X-Forwarded-User") == "user-1");
  }

  TEST_CASE("F-043: set_xauthrequest tells the client side") {
    Policy policy;
    // prefer_email_to_user concerns the application alone.
    policy.headers.rules =
        policy::header_rules({.set_xauthrequest = true, .prefer_email_to_user = true});
    const auto session = jane();
    auto decision = allow(policy, {}, &session);
    CHECK(value_of(decision.response(), "X-Auth-Request-User") == "user-1");
    CHECK(value_of(decision.response(), "X-Auth-Request-Email") == "jane@example.com");
    CHECK(value_of(decision.response(), "X-Auth-Request-Preferred-Username") == "jane");
    CHECK(value_of(decision.response(), "X-Auth-Request-Groups") == "g1,g2");
    CHECK(value_of(decision.response(), "X-Auth-Request-Access-Token") == "<absent>");
    policy.headers.rules = policy::header_rules(
        {.pass_access_token = true, .set_xauthrequest = true, .prefer_email_to_user = true});
    decision = allow(policy, {}, &session);
    CHECK(value_of(decision.response(), "X-Auth-Request-Access-Token") == "AccessT0ken");
  }

  TEST_CASE("OP-09: every spelling of an identity header is stripped, ours is the only one left") {
    auto headers = spoofed;
    headers.push_back({"X_Forwarded_User", "g"});
    headers.push_back({"X-Other", "stays"});
    auto names = spoofed_names;
    names.push_back("X_Forwarded_User");

    const auto session = jane();
    auto decision = allow({}, headers, &session);
    CHECK(names_of(decision.strip()) == names);
    CHECK(value_of(decision.upstream(), "X-Forwarded-User") == "user-1");
    decision = allow({}, headers, nullptr);
    CHECK(names_of(decision.strip()) == names);
    CHECK(decision.upstream().empty());
  }

  TEST_CASE("OP-19: a public route strips as well") {
    const auto decision = allow({}, {{"X-Forwarded-User", "admin"}}, nullptr);
    CHECK(names_of(decision.strip()) == Texts{"X-Forwarded-User"});
    CHECK(decision.upstream().empty());
  }

  TEST_CASE("PX-23, MA-02: with every option off all identity headers are stripped") {
    Policy policy;
    policy.headers = {};
    policy.headers.rules = policy::header_rules({.pass_user_headers = false});
    policy.headers.strip_own_cookies = false;
    for (const auto* name :
         {"X-Forwarded-User", "X-Forwarded-Groups", "X-Forwarded-Email",
          "X-Forwarded-Preferred-Username", "X-Forwarded-Access-Token", "X-Auth-Request-User",
          "X-Auth-Request-Email", "X-Auth-Request-Preferred-Username", "X-Auth-Request-Groups",
          "X-Auth-Request-Access-Token", "X-Auth-Request-Redirect", "Gap-Auth", "gap_signature"}) {
      CAPTURE(name);
      CHECK(names_of(allow(policy, {{name, "x"}}, nullptr).strip()) == Texts{name});
    }
    for (const auto* name : {"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Users", "Cookie",
                             "X-Auth-Requests", "Authorization", "X-Auth-Request", "Gap-Author"}) {
      CAPTURE(name);
      CHECK(allow(policy, {{name, "x"}}, nullptr).strip().empty());
    }
  }

  TEST_CASE("EN-15: every copy of an identity header goes, in whatever letter case") {
    const auto decision = allow({},
                                {{"X-Forwarded-User", "a"},
                                 {"X-Forwarded-User", "b"},
                                 {"x-forwarded-user", "c"},
                                 {"X-Forwarded-For", "d"},
                                 {"X-Forwarded-For", "e"}},
                                nullptr);
    CHECK(names_of(decision.strip()) == Texts{"X-Forwarded-User"});  // hosts compare without case
  }

  TEST_CASE("Authorization stays the client's unless it is ours to set") {
    const auto session = jane();
    CHECK(allow({}, {{"Authorization", "Basic eDp5"}}, &session).strip().empty());
    for (const auto* who : {&session, static_cast<const session::Session*>(nullptr)}) {
      const auto decision = allow(everything_on(), {{"authorization", "Bearer forged"}}, who);
      CHECK(names_of(decision.strip()) == Texts{"authorization"});
    }
  }

  TEST_CASE("Authorization goes when the session came in it, unless compat says otherwise") {
    const auto session = jane();
    const auto request = support::request_to("/", {{"authorization", "Bearer canary"}});
    for (const bool strips : {true, false}) {
      Policy policy;
      policy.headers.strip_own_token = strips;
      auto answer = Answer::allow(Reason::bearer);
      policy::add_request_headers(policy, cookie_name, request.facts(), {&session, true, true},
                                  answer);
      const auto decision = std::move(answer).finish();
      CHECK(names_of(decision.strip()) == (strips ? Texts{"authorization"} : Texts{}));
    }
  }

  TEST_CASE("rules: the fields of every rule are the client's no more, in any spelling") {
    Policy policy;
    policy.headers.rules.request = {{"X-Dept", {}}, {"X_Exact", {}, false, true}};
    const auto decision = allow(
        policy,
        {{"X-Dept", "a"}, {"x_dept", "b"}, {"X.DEPT", "c"}, {"x_exact", "d"}, {"X-Exact", "e"}},
        nullptr);
    CHECK(names_of(decision.strip()) == Texts{"X-Dept", "x_dept", "X.DEPT", "x_exact"});
    CHECK(decision.upstream().empty());
  }

  TEST_CASE("rules: keeps_client_value: the client's, then ours; without ours it stays as it is") {
    Policy policy;
    policy.headers.rules.request = {{"X-Tag", {{"user", {}, {}, {}}}, true}};
    const auto session = jane();
    const std::vector<HeaderView> sent = {{"x-tag", "a"}, {"X-Tag", "b"}, {"X_Tag", "c"}};
    const auto both = allow(policy, sent, &session);
    CHECK(value_of(both.upstream(), "X-Tag") == "a,b,user-1");
    CHECK(names_of(both.strip()) == Texts{"X_Tag", "x-tag"});
    const auto nobody = allow(policy, sent, nullptr);
    CHECK(nobody.upstream().empty());
    CHECK(names_of(nobody.strip()) == Texts{"X_Tag"});
  }

  TEST_CASE("rules: a text of the settings is added for nobody too; HTTP Basic for every text") {
    Policy policy;
    policy.headers.rules.request = {{"X-Key", {{{}, {}, {}, Secret("k1")}}},
                                    {"X-Basic", {{"groups", "unused", Secret("p:w"), {}}}},
                                    {"X-G", {{"groups", "role:", {}, {}}}}};
    policy.headers.rules.response = {{"X-Answer", {{{}, {}, {}, Secret("k2")}}}};
    const auto nobody = allow(policy, {}, nullptr);
    CHECK(names_of(nobody.upstream()) == Texts{"X-Key"});
    CHECK(value_of(nobody.response(), "X-Answer") == "k2");
    const auto session = jane();
    const auto somebody = allow(policy, {}, &session);
    CHECK(value_of(somebody.upstream(), "X-Basic") == "Basic ZzE6cDp3,Basic ZzI6cDp3");
    CHECK(value_of(somebody.upstream(), "X-G") == "role:g1,role:g2");
  }

  TEST_CASE("PX-14: an identity header is taken out of Connection") {
    auto decision = allow(
        {}, {{"connection", "close, X-Forwarded-User"}, {"Connection", "x_auth_request_user,TE"}},
        nullptr);
    CHECK(names_of(decision.strip()) == Texts{"connection"});
    CHECK(values_of(decision.upstream(), "Connection") == Texts{"close, TE"});

    decision = allow({}, {{"Connection", "X-Forwarded-User"}}, nullptr);
    CHECK(names_of(decision.strip()) == Texts{"Connection"});
    CHECK(decision.upstream().empty());

    decision = allow({}, {{"Connection", "keep-alive, Upgrade"}}, nullptr);
    CHECK(decision.strip().empty());
    decision = allow(everything_on(), {{"Connection", "authorization"}}, nullptr);
    CHECK(names_of(decision.strip()) == Texts{"Connection"});
  }

  TEST_CASE("F-257: our cookies are hidden from the application, others stay byte for byte") {
    const auto rest_of = [](std::string_view field) {
      return value_of(allow({}, {{"Cookie", field}}, nullptr).upstream(), "Cookie");
    };
    CHECK(rest_of("a=1; __Host-gatelet=s; b=\"2\"") == "a=1; b=\"2\"");
    CHECK(rest_of("__Host-gatelet=s; b=2;c=3") == "b=2;c=3");
    CHECK(rest_of("a=1;__Host-gatelet_0=x; __Host-gatelet_12=y;  b==") == "a=1;  b==");
    CHECK(rest_of("__Host-gatelet_csrf=x; __Host-gatelet_a1B2c3D4_csrf=y; a") == "a");
    CHECK(rest_of("__Host-gatelet=s") == "<absent>");
    CHECK(rest_of(" __Host-gatelet = s ; ") == "<absent>");

    for (const auto* field :
         {"a=1; b=2", "__Host-gatelets=1", "__host-gatelet=1", "", ";;", "__Host-gatelet_theme=1",
          "x__Host-gatelet=1", "a=__Host-gatelet=1"}) {
      CAPTURE(field);
      const auto decision = allow({}, {{"Cookie", field}}, nullptr);
      CHECK(decision.strip().empty());
      CHECK(decision.upstream().empty());
    }
  }

  TEST_CASE("F-257: several Cookie fields stay several") {
    const auto decision = allow(
        {}, {{"cookie", "a=1"}, {"cookie", "__Host-gatelet=s"}, {"cookie", "b=2; c=3"}}, nullptr);
    CHECK(names_of(decision.strip()) == Texts{"cookie"});
    CHECK(values_of(decision.upstream(), "Cookie") == Texts{"a=1", "b=2; c=3"});
  }

  TEST_CASE("F-257: off, the application gets them") {
    Policy policy;
    policy.headers.strip_own_cookies = false;
    CHECK(allow(policy, {{"Cookie", "__Host-gatelet=s"}}, nullptr).strip().empty());
  }

  TEST_CASE("MA-35: a value that cannot stand in a header is left out, and said so") {
    using namespace std::string_literals;
    const Policy policy;
    const auto request = support::request_to("/");
    const auto facts = request.facts();
    for (const auto& value :
         {"a\rb"s, "a\nb"s, "a\r\nb"s, "a\0b"s, "\x1f"s, " admin"s, "admin "s}) {
      CAPTURE(value);
      auto session = jane();
      session.preferred_username = value;
      session.groups = {"g", value + "x" + value};
      auto answer = Answer::allow(Reason::session);
      CHECK_FALSE(
          policy::add_request_headers(policy, cookie_name, facts, {&session, true, false}, answer));
      const auto decision = std::move(answer).finish();
      CHECK(value_of(decision.upstream(), "X-Forwarded-Preferred-Username") == "<absent>");
      CHECK(value_of(decision.upstream(), "X-Forwarded-User") == "user-1");
    }
    auto session = jane();
    session.preferred_username = "\xc2\x85\xe2\x80\xa8";  // not ASCII, but no control byte of HTTP
    auto answer = Answer::allow(Reason::session);
    CHECK(policy::add_request_headers(policy, cookie_name, facts, {&session, true, false}, answer));
  }

  TEST_CASE("MA-36: no group poses as two, except in compat") {
    auto session = jane();
    session.groups = {"a", "b,admins", "cn=x,ou=y", "50%"};
    CHECK(value_of(allow({}, {}, &session).upstream(), "X-Forwarded-Groups") ==
          "a,b%2Cadmins,cn=x%2Cou=y,50%25");
    Policy compat;
    compat.headers.encode_group_separators = false;
    CHECK(value_of(allow(compat, {}, &session).upstream(), "X-Forwarded-Groups") ==
          "a,b,admins,cn=x,ou=y,50%");
  }
}
