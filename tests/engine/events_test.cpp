#include "engine/events.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "policy/answer.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

std::shared_ptr<const http::Template> format(std::string_view text,
                                             std::span<const http::TemplateField> fields) {
  auto made = http::Template::line(text, fields);
  REQUIRE(made.ok());
  return std::make_shared<const http::Template>(std::move(made).value());
}

}  // namespace

TEST_SUITE("engine/events") {
  TEST_CASE("emit: what waited comes first, in order") {
    std::vector<std::string> seen;
    Events events([&seen](const Event& event) {
      seen.push_back(std::string(event.code) + ":" + std::string(event.text));
    });
    events.keep(Event::Level::warning, "a", "1", "p");
    events.keep(Event::Level::warning, "b", "2", "p");
    CHECK(seen.empty());
    events.emit({Event::Level::info, "c", "3", {}, {}});
    CHECK(seen == std::vector<std::string>{"a:1", "b:2", "c:3"});
  }

  TEST_CASE("keep: the request that caused it is named when it is told") {
    std::string id;
    Events events([&](const Event& event) { id = event.request_id; });
    events.keep(Event::Level::info, "a", "1", "p", std::string("req-") + "1");
    events.drain();
    CHECK(id == "req-1");
  }

  TEST_CASE("keep: beyond 1,024 the oldest are dropped and counted") {
    std::vector<std::string> seen;
    Events events([&seen](const Event& event) { seen.emplace_back(event.text); });
    for (int i = 0; i < 1030; ++i) events.keep(Event::Level::info, "x", std::to_string(i), "");
    CHECK(events.num_dropped() == 6);
    events.drain();
    CHECK(seen.size() == 1024);
    CHECK(seen.front() == "6");
  }

  TEST_CASE("events: without a sink nothing is kept") {
    Events events(nullptr);
    events.keep(Event::Level::info, "x", "y", "");
    events.emit_decision(Decision(), {});
    CHECK_FALSE(events.anybody_listens());
    CHECK(events.num_dropped() == 0);
  }

  TEST_CASE("emit_decision: says reason and request id") {
    std::string code, id;
    Events events([&](const Event& event) {
      code = event.code;
      id = event.request_id;
    });
    auto decision = std::move(policy::Answer::own(401, Reason::no_session)).finish();
    decision.name_request("req-1");
    events.emit_decision(decision, {});
    CHECK(code == "no-session");
    CHECK(id == "req-1");
  }

  TEST_CASE("F-140: events bring a line in their format, of sign-ins or of the rest") {
    std::vector<std::string> lines;
    Events events([&](const Event& event) { lines.emplace_back(event.line); });
    const auto decided = [](int status, Reason reason, std::string_view detail) {
      auto answer = policy::Answer::own(status, reason);
      answer.detail(detail);
      return std::move(answer).finish();
    };
    events.emit({Event::Level::info, "c", "said", {}, {}});
    CHECK(lines.back().empty());  // before there is a format

    auto policy = std::make_shared<policy::Policy>();
    policy->logging.auth_format =
        format("{{.Client}} {{.Status}} {{.Message}}", policy::auth_log_fields());
    policy->logging.standard_format =
        format("{{.File}} {{.Message}}", policy::standard_log_fields());
    events.use(policy);
    const policy::Asked asked{"203.0.113.7", {}, {}, {}};
    events.keep(Event::Level::warning, "kept", "waited", "p");
    events.emit({Event::Level::info, "c", "said", {}, {}, "more"});
    CHECK(lines[1] == "kept waited");
    CHECK(lines[2] == "c said: more");
    events.emit_decision(decided(403, Reason::state_missing, "cause"), asked);
    CHECK(
        lines.back() ==
        "203.0.113.7 AuthFailure Invalid authentication via OAuth2: unable to obtain CSRF cookie: "
        "cause");
    events.emit_decision(decided(401, Reason::no_session, {}), asked);
    CHECK(lines.back() == "no-session the request carries no session");
    events.emit_decision(std::move(policy::Answer::allow(Reason::session)).finish(), asked);
    CHECK(lines.back().empty());  // debug

    auto quiet = std::make_shared<policy::Policy>(*policy);
    quiet->logging.auth = quiet->logging.standard = false;
    events.use(quiet);
    events.emit_decision(decided(403, Reason::state_missing, {}), asked);
    CHECK(lines.back().empty());
    events.emit_decision(decided(401, Reason::no_session, {}), asked);
    CHECK(lines.back().empty());
  }
}
