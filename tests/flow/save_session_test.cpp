#include "flow/save_session.hpp"

#include <doctest/doctest.h>

#include "base/base64url.hpp"
#include "base/bytes.hpp"
#include "flow/load_session.hpp"
#include "hooks.hpp"
#include "session/cookie_budget.hpp"
#include "session/lifetime.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

session::Session person(const World& world, const char* user = "jane") {
  session::Session session;
  session.user = user;
  session.created_at = session::to_timestamp(world.driver.now);
  return session;
}

Secret random_token(std::size_t size, int seed = 7) {
  SeededEntropy entropy(static_cast<std::uint64_t>(seed));
  std::string bytes(size, '\0');
  static_cast<void>(entropy.fill(as_writable_bytes(bytes)).ok());
  return Secret(base64url::encode(bytes).substr(0, size));
}

// With more than cookies of 4 KiB hold.
session::Session large_person(const World& world) {
  auto session = person(world);
  session.access_token = random_token(5000);
  return session;
}

Result<std::vector<std::string>> save(World& world, session::Session session,
                                      flow::OnSaveNote on_note = {}) {
  flow::SaveSession in(world.context);
  in.request = world.get("/");
  in.on_note = std::move(on_note);
  in.session = std::make_shared<const session::Session>(std::move(session));
  return world.driver.run(flow::save_session(std::move(in)));
}

// The browser has the cookie of a ticket.
void bring(World& world, const std::vector<std::string>& cookies) {
  REQUIRE(cookies.size() == 1);
  const auto pair = cookies.front().substr(0, cookies.front().find(';'));
  const auto equals = pair.find('=');
  world.browser.put(pair.substr(0, equals), pair.substr(equals + 1));
}

Result<Decision> begin(World& world) {
  flow::SaveSession in(world.context);
  in.request = world.get("/oauth2/sign_in");
  in.session = std::make_shared<const session::Session>(person(world));
  in.request_id = "the-request";
  return world.driver.run(flow::begin_session(std::move(in), "/wanted"));
}

}  // namespace

TEST_SUITE("flow/save_session") {
  TEST_CASE("without a store the session is in the cookies, and nothing is asked") {
    World world;
    const auto cookies = save(world, person(world)).value();
    CHECK(cookies.size() == 1);
    CHECK(world.driver.seen.empty());
  }

  TEST_CASE("MA-26: a ticket that was planted before the sign-in opens nothing after it") {
    World world;
    world.keep_in_store();
    const auto planted = world.sign_in();  // the attacker's, planted in the victim's browser
    REQUIRE(planted.ticket);
    REQUIRE(world.store.records.contains(planted.ticket->id));

    const auto session = world.sign_in();
    REQUIRE(session.ticket);
    CHECK(session.ticket->id != planted.ticket->id);
    CHECK_FALSE(session.ticket->secret == planted.ticket->secret);
    CHECK_FALSE(world.store.records.contains(planted.ticket->id));
    CHECK(world.num_sessions() == 1);
  }

  TEST_CASE("a store that is down: no cookie is given out") {
    World world;
    world.keep_in_store();
    world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::store_unreachable, "gone"};
    };
    CHECK(save(world, person(world)).error().status == Status::store_unreachable);
    const auto answer = world.finish(world.approve(world.start())).value();
    CHECK(answer.http_status() == 503);
    CHECK(answer.reason() == Reason::store_unavailable);
    CHECK_FALSE(sets_cookie(answer, "__Host-gatelet="));
    CHECK_FALSE(expires_cookie(answer, "__Host-gatelet="));
    CHECK(expires_cookie(answer, "__Host-gatelet_"));
  }

  TEST_CASE("an old record that cannot be erased holds up nobody") {
    World world;
    world.keep_in_store();
    (void)world.sign_in();
    world.driver.on_store = [&](const flow::StoreCall& call) -> Result<flow::StoreReply> {
      if (call.what == flow::StoreCall::What::erase) return Error{Status::store_unreachable, ""};
      return world.store.answer(call);
    };
    CHECK(world.sign_in().user == "alice");
  }

  TEST_CASE("F-251: a session that no index has is begun all the same, and a note says so") {
    World world;
    world.keep_in_store();
    std::vector<flow::SaveNote> notes;
    const auto note = [&](flow::SaveNote what, const std::string&) { notes.push_back(what); };
    REQUIRE(save(world, person(world), note).ok());
    CHECK(notes.empty());
    world.driver.on_store = [&](const flow::StoreCall& call) -> Result<flow::StoreReply> {
      if (call.what == flow::StoreCall::What::swap) return flow::StoreReply{};
      return world.store.answer(call);
    };
    REQUIRE(save(world, person(world), note).ok());
    CHECK(world.num_sessions() == 2);
    CHECK(notes == std::vector{flow::SaveNote::not_listed});
  }

  TEST_CASE("a session above the limit is an error of ours, with a store and without") {
    for (const bool is_stored : {false, true}) {
      World world;
      if (is_stored) world.keep_in_store();
      auto session = person(world);
      session.access_token = Secret(std::string(2 * 1024 * 1024, 'x'));
      CHECK(save(world, session).error().status == Status::session_too_large);
      CHECK(world.store.records.empty());
    }
  }

  TEST_CASE("F-250: the store is down, by wish the session goes into cookies, and a note says so") {
    World world;
    world.keep_in_store();
    world.context->session.falls_back_to_cookie = true;
    const auto store = world.driver.on_store;
    world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::store_unreachable, "gone"};
    };
    std::vector<flow::SaveNote> notes;
    const auto cookies = save(world, person(world), [&](flow::SaveNote note, const std::string&) {
      notes.push_back(note);
    });
    REQUIRE(cookies.ok());
    CHECK(notes == std::vector{flow::SaveNote::fell_back_to_cookie});
    const auto answer = world.finish(world.approve(world.start())).value();
    CHECK(answer.reason() == Reason::signed_in);
    CHECK(world.store.records.empty());
    world.context->session.is_stored = false;  // as a whole session it opens
    CHECK(world.session()->user == "alice");
    CHECK_FALSE(world.session()->refresh_token.empty());

    world.context->session.is_stored = true;  // the store is back: as ever, and no note
    world.driver.on_store = store;
    CHECK(world.sign_in().ticket);
    CHECK(world.num_sessions() == 1);
  }

  TEST_CASE("F-250: other trouble than a store that is down is no reason to fall back") {
    World world;
    world.keep_in_store();
    world.context->session.falls_back_to_cookie = true;
    world.context->entropy = std::make_shared<FailingEntropy>(0);
    CHECK(save(world, person(world)).error().status == Status::no_entropy);
  }

  TEST_CASE("F-412: beside a store, a session above the budget goes there whole") {
    World world;
    world.keep_beside();
    world.context->session.cookie_budget = 4096;
    const auto session = large_person(world);
    std::vector<flow::SaveNote> notes;
    const auto note = [&](flow::SaveNote what, const std::string&) { notes.push_back(what); };
    const auto cookies = save(world, session, note);
    REQUIRE(cookies.ok());
    CHECK(cookies->size() == 1);
    CHECK(world.num_sessions() == 1);
    CHECK(notes == std::vector{flow::SaveNote::moved_to_store});

    const auto small = save(world, person(world), note);
    REQUIRE(small.ok());
    CHECK(world.num_sessions() == 1);
    CHECK(notes.size() == 1);

    // That store is down: what cookies have room for.
    world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::store_unreachable, "gone"};
    };
    CHECK(save(world, session, note).ok());
    CHECK(notes.back() == flow::SaveNote::tokens_left_out);
  }

  TEST_CASE("MA-26: beside a store, a sign-in that goes into cookies ends the browser's ticket") {
    World world;
    world.keep_beside();
    world.context->session.cookie_budget = 4096;
    const auto large = large_person(world);
    bring(world, save(world, large).value());
    REQUIRE(world.num_sessions() == 1);
    CHECK(save(world, person(world)).ok());
    CHECK(world.num_sessions() == 0);

    bring(world, save(world, large).value());
    world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::store_unreachable, "gone"};
    };
    CHECK(save(world, person(world)).ok());  // it holds up nobody
  }

  TEST_CASE("F-412: beside a store, what begins in cookies loses nothing at its first refresh") {
    for (std::size_t size = 1500; size < 2500; size += 20) {
      CAPTURE(size);
      World world;
      world.keep_beside();
      world.context->session.cookie_budget = 4096;
      auto session = person(world);
      session.access_token = random_token(size);
      REQUIRE(save(world, session).ok());
      const auto fitted = session::fit_into_cookies(
          world.context->session, *world.context->cookie_keys, session, *world.context->entropy);
      const bool is_whole = fitted.ok() && fitted->left_out.empty();
      CHECK(world.num_sessions() == (is_whole ? 0 : 1));
    }
  }

  TEST_CASE("F-412: without a store tokens are left out, and what is too large even so is told") {
    World world;
    world.context->session.cookie_budget = 4096;
    auto session = person(world);
    session.access_token = random_token(5000);
    std::vector<std::string> left_out;
    const auto note = [&](flow::SaveNote, const std::string& text) { left_out.push_back(text); };
    CHECK(save(world, session, note).ok());
    CHECK(left_out == std::vector<std::string>{"access token"});

    world.provider.edit_id_token = [](JsonText& claims) {
      std::string groups = "[";
      for (int i = 0; i < 200; ++i) {
        groups += (i == 0 ? "\"" : ",\"") + std::string(random_token(40, i).reveal()) + "\"";
      }
      claims.set("groups", groups + "]");
    };
    const auto answer = world.finish(world.approve(world.start())).value();
    CHECK(answer.http_status() == 500);
    CHECK(answer.reason() == Reason::session_too_large);
    CHECK(answer.body().find("more than this site can keep") != std::string_view::npos);
    CHECK_FALSE(sets_cookie(answer, "__Host-gatelet="));
  }

  TEST_CASE("MA-41: without random bytes there is no ticket") {
    World world;
    world.keep_in_store();
    world.context->entropy = std::make_shared<FailingEntropy>(0);
    CHECK(save(world, person(world)).error().status == Status::no_entropy);
    CHECK(world.store.records.empty());
  }

  TEST_CASE("MA-41: random bytes that run out at any point cost nobody the old session") {
    for (const bool is_beside : {false, true}) {
      CAPTURE(is_beside);
      bool is_in = false, was_written = false;  // the new record, though its cookie was not
      for (int num_draws = 0; !is_in; ++num_draws) {
        CAPTURE(num_draws);
        REQUIRE(num_draws < 20);
        World world;
        is_beside ? world.keep_beside() : world.keep_in_store();
        world.context->session.cookie_budget = 4096;
        world.context->entropy = std::make_shared<SeededEntropy>(2);  // else both tickets are one
        bring(world, save(world, large_person(world)).value());
        REQUIRE(world.num_sessions() == 1);
        const auto ticket =
            flow::tickets_of(*world.context, world.get("/")->facts().headers, world.driver.now)
                .at(0)
                ->id;
        world.context->entropy = std::make_shared<FailingEntropy>(num_draws);
        is_in = save(world, is_beside ? person(world) : large_person(world)).ok();
        was_written = was_written || (!is_in && world.num_sessions() == 2);
        CHECK(world.store.records.contains(ticket) == !is_in);
        if (is_in) CHECK(world.num_sessions() == (is_beside ? 0 : 1));
      }
      CHECK(was_written != is_beside);
    }
  }

  TEST_CASE("F-258: begin_session: a veto at either moment keeps nothing, 403 with the reason") {
    for (const auto* veto_at : {"authenticated", "created", ""}) {
      World world;
      world.keep_in_store();
      Hooks hooks;
      hooks.veto_at = veto_at;
      world.context->hooks = hooks.all();
      const auto answer = begin(world).value();
      const bool is_in = hooks.veto_at.empty();
      CHECK(answer.http_status() == (is_in ? 302 : 403));
      CHECK(answer.reason() == (is_in ? Reason::signed_in : Reason::vetoed));
      CHECK(answer.detail() == (is_in ? "" : "not on the list"));
      CHECK(sets_cookie(answer, "__Host-gatelet") == is_in);
      CHECK(world.num_sessions() == (is_in ? 1 : 0));
      if (!is_in) CHECK(answer.body().find("the-request") != std::string::npos);
    }
  }

  TEST_CASE("begin_session: whom the rules refuse is told so, and nothing is kept") {
    World world;
    world.context->policy.allowed_groups = {"admins"};
    const auto answer = begin(world).value();
    CHECK(answer.http_status() == 403);
    CHECK(answer.reason() == Reason::not_permitted);
    CHECK_FALSE(sets_cookie(answer, "__Host-gatelet"));
  }

  TEST_CASE("begin_session: without hooks and store it is answered at once") {
    World world;
    CHECK(begin(world)->reason() == Reason::signed_in);
    CHECK(world.driver.num_effects == 0);
  }
}
