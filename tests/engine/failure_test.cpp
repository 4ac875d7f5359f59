#include "engine/failure.hpp"

#include "engine/world.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

const std::vector<Status> every_status = {
#define GATELET_STATUS(name, cls, detail, http, sentence) Status::name,
#include <gatelet/errors.def>
#undef GATELET_STATUS
};

}  // namespace

TEST_SUITE("engine/failure") {
  TEST_CASE("MA-14: every status, known or not, is a whole answer of our own, never an allow") {
    World world;
    auto statuses = every_status;
    for (const int number : {0, 1, -1, 1 << 24, 0x7fffffff})
      statuses.push_back(static_cast<Status>(number));
    for (const auto status : statuses) {
      CAPTURE(status_name(status));
      const auto page = world.with({.target = "/a"}, [&](const Question& question) {
        return failure_page(question, {status, "canary"});
      });
      CHECK(page.kind() != Decision::Kind::allow);
      CHECK(page.http_status() == status_http(status));
      CHECK(page.http_status() >= 400);
      CHECK(page.body().find("canary") == std::string_view::npos);
      CHECK(page.body().find("req-1") != std::string_view::npos);
      CHECK(header(page, "Set-Cookie") == "<absent>");
      CHECK(header(page, "Cache-Control") == "no-store");
    }
  }

  TEST_CASE("failure_page: a page that was read can be tried again, a form is not sent twice") {
    World world;
    const auto fail = [](const Question& question) {
      return failure_page(question, {Status::timed_out, {}});
    };
    CHECK(world.with({.target = "/a?b"}, fail).body().find("href=\"/a?b\"") !=
          std::string_view::npos);
    CHECK(world.with({.target = "/a", .method = "POST"}, fail).body().find("href") ==
          std::string_view::npos);
  }

  TEST_CASE(
      "F-132: failure_page: the error's text goes to the log, and to a page that is asked to") {
    World world;
    const auto ask = [](const Question& question) {
      return failure_page(question, {Status::provider_bad_answer, "curl said canary"});
    };
    const auto page = world.with({}, ask);
    CHECK(page.detail() == "curl said canary");
    CHECK(page.body().find("canary") == std::string_view::npos);
    world.policy.pages.show_debug_on_error = true;
    CHECK(world.with({}, ask).body().find("curl said canary") != std::string_view::npos);
  }

  TEST_CASE("failure_page: a program gets JSON") {
    World world;
    const auto page =
        world.with({.headers = {{"Accept", "application/json"}}}, [](const Question& question) {
          return failure_page(question, {Status::too_many_operations, {}});
        });
    CHECK(page.http_status() == 503);
    CHECK(header(page, "Content-Type") == "application/json");
  }

  TEST_CASE("refuse_request: 400 that says what is wrong") {
    World world;
    const auto page = refuse_request(*world.snapshot(), {Status::bad_request, "two <Host>"}, "r",
                                     at_unix(1772323199));
    CHECK(page.http_status() == 400);
    CHECK(page.reason() == Reason::bad_request);
    CHECK(page.body().find("two &lt;Host&gt;") != std::string_view::npos);
    CHECK(page.body().find("2026-02-28 23:59:59 UTC") != std::string_view::npos);
    CHECK(page.detail() == "two <Host>");
  }

  TEST_CASE("reason_of: who is at fault") {
    CHECK(reason_of(Status::provider_unreachable) == Reason::provider_unavailable);
    CHECK(reason_of(Status::provider_bad_answer) == Reason::provider_failed);
    CHECK(reason_of(Status::too_many_operations) == Reason::overloaded);
    CHECK(reason_of(Status::cancelled) == Reason::cancelled);
    CHECK(reason_of(Status::internal) == Reason::internal_error);
    CHECK(reason_of(static_cast<Status>(12345)) == Reason::internal_error);
  }

  TEST_CASE("bare_failure: the status, for nobody to keep, and nothing else") {
    const auto decision = bare_failure({Status::store_unreachable, "canary"});
    CHECK(decision.http_status() == 503);
    CHECK(decision.kind() == Decision::Kind::respond);
    CHECK(decision.reason() == Reason::store_unavailable);
    CHECK(decision.body().empty());
    CHECK(decision.detail().empty());
    CHECK(bare_failure({Status::ok, {}}).kind() != Decision::Kind::allow);
  }
}
