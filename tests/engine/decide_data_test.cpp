#include "engine/decide_data.hpp"

#include "engine/world.hpp"
#include "session/host_data.hpp"
#include "session/samples.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

Result<Verdict> set(World& world, const std::string& cookie, std::string_view name,
                    std::string_view value) {
  return world.with({.cookie = cookie}, [&](const Question& question) {
    return set_session_data(question, name, value);
  });
}

Decision done(World& world, const std::string& cookie, std::string_view name,
              std::string_view value) {
  auto verdict = set(world, cookie, name, value);
  REQUIRE_MESSAGE(verdict.ok(), verdict.error().text);
  REQUIRE(std::holds_alternative<Decision>(*verdict));
  return std::get<Decision>(std::move(*verdict));
}

std::string cookie_from(const Decision& decision) {
  return World::as_request(support::values_of(decision.response(), "Set-Cookie"));
}

std::string data(World& world, const std::string& cookie, std::string_view name) {
  const auto decision = world.decide({.cookie = cookie});
  REQUIRE(decision.identity() != nullptr);
  return std::string(decision.identity()->data(name));
}

session::Session with_refresh_token(const World& world) {
  auto session = world.person();
  session.refresh_token = Secret("r1");
  return session;
}

}  // namespace

TEST_SUITE("engine/decide_data") {
  TEST_CASE("F-420: the answer is the request's own, and carries the changed session") {
    World world;
    const auto cookie = world.cookie_of(world.person());
    const auto answer = done(world, cookie, "cart", "one");
    CHECK(answer.kind() == Decision::Kind::allow);
    CHECK(answer.identity()->data("cart") == "one");
    CHECK(answer.identity()->email() == "ada@example.com");
    CHECK_FALSE(answer.upstream().empty());
    CHECK(data(world, cookie_from(answer), "cart") == "one");
    CHECK(data(world, cookie_from(done(world, cookie_from(answer), "cart", "")), "cart").empty());
  }

  TEST_CASE("nobody is refused and gets nothing; whoever is not permitted neither") {
    World world;
    const auto nobody = done(world, "", "cart", "one");
    CHECK(nobody.http_status() == 401);
    CHECK(nobody.identity() == nullptr);
    CHECK(header(nobody, "Set-Cookie") == "<absent>");

    const auto cookie = world.cookie_of(with_refresh_token(world));
    world.policy.allowed_groups = {"admins"};
    CHECK(done(world, cookie, "cart", "one").http_status() == 403);
    world.policy.allowed_groups.clear();
    CHECK(data(world, cookie, "cart").empty());
  }

  TEST_CASE("a bad name or too much is an error, and changes nothing") {
    World world;
    const auto cookie = world.cookie_of(with_refresh_token(world));
    CHECK(set(world, cookie, "a b", "1").error().status == Status::invalid_argument);
    CHECK(set(world, cookie, "a", std::string(4096, 'x')).error().status == Status::data_too_large);
    CHECK(world.decide({.cookie = cookie}).kind() == Decision::Kind::allow);
    CHECK(data(world, cookie, "a").empty());
  }

  TEST_CASE("data that would not fit the cookies any more is an error, and changes nothing") {
    World world;
    auto session = with_refresh_token(world);
    const std::string cookie = world.cookie_of(session);
    world.settings.record_limit = 2000;
    world.generation = 2;
    CHECK(set(world, cookie, "a", std::string(3000, 'x')).error().status == Status::data_too_large);
    CHECK(world.decide({.cookie = cookie}).kind() == Decision::Kind::allow);
    CHECK(set(world, cookie, "a", std::string(300, 'x')).ok());
  }

  TEST_CASE("a session that goes on in a sign-in's room may give data away, and take no more") {
    World world;
    auto session = with_refresh_token(world);
    for (std::size_t i = 0; i < 30; ++i) {
      session.groups.emplace_back(session::samples::token(100, i).reveal());
    }
    const auto cookie = cookie_from(done(world, world.cookie_of(session), "a", "some text"));
    int num_found = 0;
    for (std::size_t budget = 3000; budget < 7000; budget += 100) {
      world.settings.cookie_budget = budget;
      ++world.generation;
      if (set(world, cookie, "b", "1").ok()) continue;
      auto verdict = set(world, cookie, "a", "");
      if (!verdict.ok()) {
        CHECK(verdict.error().status == Status::data_too_large);  // nor would it be written
        continue;
      }
      ++num_found;
      const auto answer = std::get<Decision>(std::move(*verdict));
      CHECK(answer.identity()->data("a").empty());
      CHECK(data(world, cookie_from(answer), "a").empty());
    }
    CHECK(num_found > 0);
  }

  TEST_CASE(
      "F-420: in one process changes side by side are put together, whichever answer is last") {
    World world;
    const auto old = world.cookie_of(with_refresh_token(world));
    const auto first = cookie_from(done(world, old, "a", "1"));
    const auto second = cookie_from(done(world, old, "b", "2"));  // still with the old cookie
    for (const auto& cookie : {old, first, second}) {
      CHECK(data(world, cookie, "a") == "1");
      CHECK(data(world, cookie, "b") == "2");
    }
    CHECK(world.decide({.cookie = first}).identity()->data("b") == "2");
    CHECK(header(world.decide({.cookie = first}), "Set-Cookie") != "<absent>");
    CHECK(header(world.decide({.cookie = second}), "Set-Cookie") == "<absent>");
  }

  TEST_CASE("F-420: a change beside a refresh: neither is lost, whichever came first") {
    for (const bool is_change_first : {true, false}) {
      World world;
      const auto session = with_refresh_token(world);
      const auto old = world.cookie_of(session);
      auto renewed = session;
      renewed.refresh_token = Secret("r2");
      renewed.created_at = session::to_timestamp(world.now);
      std::string changed;
      const auto change = [&] { changed = cookie_from(done(world, old, "a", "1")); };
      if (is_change_first) change();
      const auto kept = world.refreshes.record(
          session, std::make_shared<const session::Session>(renewed), world.now);
      REQUIRE(kept);
      if (!is_change_first) change();
      for (const auto& cookie : {old, changed, world.cookie_of(*kept)}) {
        CHECK(data(world, cookie, "a") == "1");
        const auto presented = world.with({.cookie = cookie}, [](const Question& question) {
          return present_session(question.memory, question.facts.headers, question.now);
        });
        CHECK(presented.session->refresh_token == Secret("r2"));
      }
    }
  }

  TEST_CASE("F-270: a session that was signed out is not brought back") {
    World world;
    const auto session = with_refresh_token(world);
    const auto cookie = world.cookie_of(session);
    world.refreshes.record_end(session, world.now);
    const auto answer = done(world, cookie, "a", "1");
    CHECK(answer.http_status() == 401);
    CHECK(clears_session(answer));
    CHECK(cookie_from(answer).empty());
  }

  TEST_CASE("without a refresh token the last answer wins") {
    World world;
    const auto old = world.cookie_of(world.person());
    const auto first = cookie_from(done(world, old, "a", "1"));
    const auto second = cookie_from(done(world, old, "b", "2"));
    CHECK(data(world, first, "a") == "1");
    CHECK(data(world, second, "a").empty());
  }

  TEST_CASE("decide_changed: what the store came to") {
    World world;
    const auto ask = [&](const Result<std::shared_ptr<const session::Session>>& changed) {
      return world.with({}, [&](const Question& q) { return decide_changed(q, changed); });
    };
    const auto session = std::make_shared<const session::Session>(world.person());
    CHECK(std::get<Decision>(*ask(session)).kind() == Decision::Kind::allow);
    const auto gone = ask(std::shared_ptr<const session::Session>());
    CHECK(std::get<Decision>(*gone).http_status() == 401);
    CHECK(ask(Error{Status::store_unreachable, "gone"}).error().status ==
          Status::store_unreachable);
  }
}
