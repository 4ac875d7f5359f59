#include "flow/load_session.hpp"

#include <doctest/doctest.h>

#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

struct Stored {
  World world;
  std::vector<std::string> refused;
  session::Session session;
  Stored() {
    world.keep_in_store();
    session = world.sign_in();
    REQUIRE(session.user == "alice");
    world.driver.seen.clear();
  }
  std::vector<flow::SharedTicket> tickets() {
    const auto request = world.get("/");
    return flow::tickets_of(*world.context, request->facts().headers, world.driver.now);
  }
  Result<flow::SharedSession> load() { return load(tickets()); }
  Result<flow::SharedSession> load(std::vector<flow::SharedTicket> of) {
    flow::LoadSession in(world.context);
    in.tickets = std::move(of);
    in.on_refused = [this](const Error& why) { refused.push_back(why.text); };
    return world.driver.run(flow::load_session(std::move(in)));
  }
};

}  // namespace

TEST_SUITE("flow/load_session") {
  TEST_CASE("F-069: the record behind the ticket is the session, and knows its ticket") {
    Stored one;
    const auto loaded = one.load().value();
    REQUIRE(loaded);
    CHECK(loaded->user == "alice");
    CHECK(loaded->refresh_token == one.session.refresh_token);
    CHECK(loaded->ends_at == one.session.ends_at);
    REQUIRE(loaded->ticket);
    CHECK(loaded->ticket->id == one.tickets().at(0)->id);
    CHECK(one.world.driver.seen == std::vector<std::string>{"store get"});
  }

  TEST_CASE(
      "F-069: the browser has the ticket and nothing of the session; the store no plain text") {
    Stored one;
    CHECK(one.world.browser.cookies().size() == 1);
    CHECK(one.world.browser.header().size() < 250);
    REQUIRE(one.world.num_sessions() == 1);
    const auto& [key, record] = *one.world.store.records.begin();
    CHECK(key == one.tickets().at(0)->id);
    CHECK(record.find("alice") == std::string::npos);
    CHECK(one.world.store.lifetimes.at(key) == one.world.context->session.cookie_expire);
  }

  TEST_CASE("no record, or one that is not the ticket's: nobody, and nothing is erased") {
    Stored one;
    auto& record = one.world.store.records.begin()->second;
    const auto good = record;
    for (const auto& bad : {std::string(), std::string("short"), good.substr(0, good.size() - 1),
                            good + "x", std::string(good.rbegin(), good.rend())}) {
      record = bad;
      CHECK(one.load().value() == nullptr);
      REQUIRE(one.refused.size() == 1);
      CHECK(one.refused.front().find(bad.size() < 28 ? "at least 28" : "not authentic") !=
            std::string::npos);
      one.refused.clear();
    }
    CHECK(one.world.num_sessions() == 1);
    one.world.store.records.clear();
    CHECK(one.load().value() == nullptr);
    CHECK(one.load({}).value() == nullptr);
    CHECK(one.refused.empty());  // nothing is there
  }

  TEST_CASE("a record that a store calls too large: nobody, and the next ticket counts") {
    Stored one;
    const auto mine = one.tickets().at(0);
    auto entropy = SeededEntropy(7);
    const auto large = std::make_shared<const session::Ticket>(
        session::make_ticket(one.world.context->session, entropy).value());
    one.world.driver.on_store = [&](const flow::StoreCall& call) -> Result<flow::StoreReply> {
      if (call.key == large->id) return Error{Status::session_too_large, "above 1 MiB"};
      return flow::StoreReply{one.world.store.records.at(call.key)};
    };
    CHECK(one.load({large}).value() == nullptr);
    CHECK(one.load({large, mine}).value()->user == "alice");
    CHECK(one.refused == std::vector<std::string>{"above 1 MiB", "above 1 MiB"});
  }

  TEST_CASE("OP-20: a store that does not answer is no answer: neither a session nor none") {
    Stored one;
    one.world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::store_unreachable, "gone"};
    };
    CHECK(one.load().error().status == Status::store_unreachable);
  }

  TEST_CASE("of several tickets the newest session counts") {
    Stored one;
    const auto first = one.tickets().at(0);
    auto older = one.session;
    older.user = "older";
    older.created_at->seconds -= 60;
    auto entropy = SeededEntropy(7);
    const auto second = std::make_shared<const session::Ticket>(
        session::make_ticket(one.world.context->session, entropy).value());
    one.world.store.records[second->id] =
        session::seal_record(one.world.context->session, *one.world.context->gcm, *second, older,
                             entropy)
            .value();
    CHECK(one.load({second, first}).value()->user == "alice");
    CHECK(one.load({first, second}).value()->user == "alice");
    CHECK(one.load({second}).value()->user == "older");
  }

  TEST_CASE("tickets_of: what does not open is worth no question to the store") {
    Stored one;
    CHECK(one.tickets().size() == 1);
    auto& browser = one.world.browser;
    const auto& context = *one.world.context;
    const auto& now = one.world.driver.now;
    const auto name = context.session.cookie_name;
    auto value = browser.cookies().front().second;
    REQUIRE(flow::tickets_of(context, value, now).size() == 1);
    CHECK(flow::tickets_of(context, value, now).front()->id == one.tickets().front()->id);
    value.back() = value.back() == 'A' ? 'B' : 'A';
    browser.forget(name);
    value.replace(value.size() - 3, 3, "AA=");
    browser.put(name, value);
    CHECK(one.tickets().empty());
    CHECK(flow::tickets_of(context, value, now).empty());
    browser.forget(name);
    CHECK(one.tickets().empty());
  }
}
