#include "policy/answer.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "support/field_list.hpp"

using namespace gatelet;
using policy::Answer;
using support::names_of;
using support::value_of;
using support::values_of;

TEST_SUITE("policy/answer") {
  TEST_CASE("Decision: made by nobody it is a 401 that lets nobody in") {
    const Decision decision;
    CHECK(decision.kind() == Decision::Kind::unauthorized);
    CHECK(decision.http_status() == 401);
    CHECK(decision.reason() == Reason::undecided);
    CHECK(decision.body().empty());
    CHECK(decision.strip().empty());
    CHECK(decision.upstream().empty());
    CHECK(decision.response().empty());
    CHECK(decision.identity() == nullptr);
  }

  TEST_CASE("Decision: moved from it denies") {
    Decision first = Answer::allow(Reason::session).finish();
    CHECK(first.kind() == Decision::Kind::allow);
    const Decision second = std::move(first);
    CHECK(second.kind() == Decision::Kind::allow);
    CHECK(first.kind() == Decision::Kind::unauthorized);  // NOLINT: moved from, on purpose
  }

  TEST_CASE("Answer: the kind follows the status, and only allow() allows") {
    const auto kind_of = [](int status) {
      return Answer::own(status, Reason::no_session).finish().kind();
    };
    CHECK(kind_of(401) == Decision::Kind::unauthorized);
    CHECK(kind_of(403) == Decision::Kind::forbidden);
    CHECK(kind_of(302) == Decision::Kind::redirect);
    CHECK(kind_of(308) == Decision::Kind::redirect);
    for (const int status : {200, 202, 400, 404, 500, 502, 503}) {
      CHECK(kind_of(status) == Decision::Kind::respond);
      CHECK(Answer::own(status, Reason::no_session).finish().http_status() == status);
    }
    for (const int status : {0, -1, 100, 199, 600, 1 << 30}) {
      CHECK(Answer::own(status, Reason::no_session).finish().http_status() == 500);
    }
  }

  TEST_CASE("Answer: finish copies everything it was given") {
    auto session = std::make_shared<session::Session>();
    Decision decision;
    {
      std::string name = "X-A", value = "1";
      auto answer = Answer::allow(Reason::session_refreshed);
      CHECK(answer.strip(name));
      CHECK(answer.upstream("X-B", value));
      CHECK(answer.response("Set-Cookie", "a=1"));
      CHECK(answer.response("Set-Cookie", "b=2"));
      answer.identity(session);
      answer.body("not for an allow");
      decision = std::move(answer).finish();
      name = "###";
      value = "#";
    }
    CHECK(decision.http_status() == 200);
    CHECK(decision.reason() == Reason::session_refreshed);
    CHECK(names_of(decision.strip()) == std::vector<std::string>{"X-A"});
    CHECK(decision.strip()[0].value.empty());
    CHECK(value_of(decision.upstream(), "X-B") == "1");
    CHECK(values_of(decision.response(), "Set-Cookie") == std::vector<std::string>{"a=1", "b=2"});
    CHECK(decision.body().empty());
    REQUIRE(decision.identity() != nullptr);
    CHECK(decision.identity()->has_session());
    CHECK(session.use_count() == 2);
    decision = Decision();
    CHECK(session.use_count() == 1);
  }

  TEST_CASE("Answer: an answer of our own has a body and no identity") {
    auto answer = Answer::own(200, Reason::ping);
    answer.body("OK");
    answer.identity(std::make_shared<session::Session>());
    const auto decision = std::move(answer).finish();
    CHECK(decision.body() == "OK");
    CHECK(decision.identity() == nullptr);
  }

  TEST_CASE("H-12: a field that would split the message is left out") {
    using namespace std::string_literals;
    auto answer = Answer::own(200, Reason::ping);
    for (const auto& value : {"a\rb"s, "a\nb"s, "a\r\nX: y"s, "a\0b"s, "\x01"s, "a\x7f"s}) {
      CAPTURE(value);
      CHECK_FALSE(answer.response("X-A", value));
      CHECK_FALSE(answer.upstream("X-A", value));
    }
    for (const auto* name : {"", "X A", "X:A", "X\nA", "X\x80"}) {
      CAPTURE(name);
      CHECK_FALSE(answer.response(name, "a"));
      CHECK_FALSE(answer.upstream(name, "a"));
      CHECK_FALSE(answer.strip(name));
    }
    CHECK(answer.response("X-A", "a b\xc3\xa4"));
    const auto decision = std::move(answer).finish();
    CHECK(decision.response().size() == 1);
    CHECK(decision.upstream().empty());
    CHECK(decision.strip().empty());
  }

  TEST_CASE("Answer: no_store is said once") {
    auto answer = Answer::own(200, Reason::ping);
    answer.no_store();
    answer.no_store();
    const auto decision = std::move(answer).finish();
    CHECK(value_of(decision.response(), "Cache-Control") == "no-store");
    CHECK(value_of(decision.response(), "Vary") == "Cookie");
  }

  TEST_CASE("Answer: a name is stripped once, however it is spelt again") {
    auto answer = Answer::allow(Reason::session);
    answer.strip("X-Forwarded-User");
    answer.strip("x-forwarded-user");
    answer.strip("X_Forwarded_User");
    CHECK(names_of(std::move(answer).finish().strip()) ==
          std::vector<std::string>{"X-Forwarded-User", "X_Forwarded_User"});
  }

  TEST_CASE("Answer: many fields and long texts overflow without harm") {
    auto answer = Answer::allow(Reason::session);
    std::vector<std::string> names;
    for (int i = 0; i < 40; ++i) names.push_back("X-" + std::to_string(i));
    for (const auto& name : names) {
      answer.strip(name);
      answer.upstream(name, answer.join({name, "=", std::string(300, 'v')}));
    }
    const auto large = answer.keep(std::string(20'000, 'x'));
    answer.response("X-Large", large);
    for (int i = 0; i < 1000; ++i) answer.compose("0123456789");
    answer.response("X-Composed", answer.composed());
    answer.response("X-Empty", answer.composed());
    answer.response("X-After", answer.join({"a", "b"}));

    const auto decision = std::move(answer).finish();
    CHECK(names_of(decision.strip()) == names);
    for (const auto& name : names) {
      CHECK(value_of(decision.upstream(), name) == name + "=" + std::string(300, 'v'));
    }
    CHECK(value_of(decision.response(), "X-Large") == std::string(20'000, 'x'));
    const auto composed = value_of(decision.response(), "X-Composed");
    CHECK(composed.size() == 10'000);
    CHECK(composed.substr(9'990) == "0123456789");
    CHECK(value_of(decision.response(), "X-Empty").empty());
    CHECK(value_of(decision.response(), "X-After") == "ab");
  }

  TEST_CASE("Answer: a text kept while another is composed does not mix with it") {
    auto answer = Answer::own(200, Reason::ping);
    answer.compose("one ");
    const auto kept = answer.keep("other");
    answer.compose("two");
    CHECK(answer.composed() == "one two");
    CHECK(kept == "other");
  }

  TEST_CASE("redirect_to: a 302 that no cache keeps, with its cookies") {
    const std::vector<std::string> cookies = {"a=1; Path=/", "b=2"};
    const auto decision =
        policy::redirect_to("https://idp.example/auth?x=1", cookies, Reason::login_started);
    CHECK(decision.kind() == Decision::Kind::redirect);
    CHECK(decision.http_status() == 302);
    CHECK(decision.reason() == Reason::login_started);
    CHECK(value_of(decision.response(), "Location") == "https://idp.example/auth?x=1");
    CHECK(values_of(decision.response(), "Set-Cookie") == cookies);
    CHECK(value_of(decision.response(), "Cache-Control") == "no-store");
    CHECK(value_of(decision.response(), "Vary") == "Cookie");
  }

  TEST_CASE("H-12: redirect_to refuses a location or cookie that would split the message") {
    using namespace std::string_literals;
    for (const auto& location : {""s, "/a b"s, "/a\r\nX: y"s, "/\xc3\xa4"s, "/\0"s, "/a\x7f"s}) {
      CAPTURE(location);
      const auto decision = policy::redirect_to(location, {}, Reason::signed_in);
      CHECK(decision.http_status() == 500);
      CHECK(decision.reason() == Reason::internal_error);
      CHECK(value_of(decision.response(), "Location") == "<absent>");
    }
    const std::vector<std::string> cookies = {"a=1\r\nX: y"};
    const auto decision = policy::redirect_to("/", cookies, Reason::signed_in);
    CHECK(decision.http_status() == 500);
    CHECK(value_of(decision.response(), "Set-Cookie") == "<absent>");
  }

  TEST_CASE("upstream_value: the client's fields unless stripped, then ours") {
    const std::vector<HeaderView> client = {{"a", "1"}, {"B", "x"}, {"A", "2"}, {"a-b", "3"}};
    auto answer = Answer::allow(Reason::session);
    CHECK(answer.upstream_value("A", client) == "1,2");
    answer.upstream("a", "mine");
    CHECK(answer.upstream_value("A", client) == "1,2,mine");
    answer.strip("A");
    CHECK(answer.upstream_value("a", client) == "mine");
    CHECK(answer.upstream_value("b", client) == "x");
    CHECK(answer.upstream_value("c", client) == "");
  }

  TEST_CASE("person, detail, request_id: for logs; they show no identity") {
    auto session = std::make_shared<session::Session>();
    session->user = "u-1";
    auto answer = Answer::own(202, Reason::session);
    answer.identity(session);
    answer.detail("why");
    auto decision = std::move(answer).finish();
    CHECK(decision.identity() == nullptr);
    CHECK(decision.person() == "u-1");
    CHECK(decision.detail() == "why");
    CHECK(decision.request_id().empty());
    decision.name_request("4f1d");
    CHECK(decision.request_id() == "4f1d");
    decision.name_request(std::string(500, 'x'));
    CHECK(decision.request_id() == std::string(128, 'x'));

    auto copy = Answer::own(202, Reason::session);
    copy.behind(decision);
    CHECK(std::move(copy).finish().person() == "u-1");
    session->email = "ada@example.com";
    CHECK(policy::redirect_to("/", {}, Reason::signed_in, session).person() == "ada@example.com");
    CHECK(policy::redirect_to("/", {}, Reason::signed_in).person().empty());

    Decision none;
    none.name_request("x");
    CHECK(none.request_id().empty());
    CHECK(none.person().empty());
    CHECK(none.detail().empty());
  }
}
