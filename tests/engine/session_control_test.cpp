// Sessions listed and ended by the application, in a whole engine.
#include "engine/session_control.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <utility>
#include <vector>

#include "engine/live_engine.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using std::chrono::seconds;

namespace {

const Person alice{{}, "alice"};

Options in_memory(Options more = {}) {
  more.emplace_back("session_store_type", "memory");
  return more;
}

Result<Sessions> settled(Outcome<Sessions> outcome) {
  if (!outcome.ok()) return std::move(outcome).error();
  if (auto* at_once = std::get_if<Sessions>(&*outcome)) return std::move(*at_once);
  return std::get<Operation<Sessions>>(*outcome).wait(std::chrono::steady_clock::now() +
                                                      seconds(10));
}

// An engine for each choice of providers, which are all the same one.
struct Configured {
  Live live;
  bool is_compat = false;
  std::shared_ptr<Engine> engine_for(const std::vector<std::string>& providers) {
    Settings settings{{"cookie_secret", support::cookie_secret}, {"email_domains", "*"}};
    if (is_compat) {
      for (const auto& [name, value] : compat_options) {
        if (name != "provider") REQUIRE(settings.set(name, value).ok());
      }
      REQUIRE(settings.set("cookie_name", "__Host-gatelet").ok());
      for (const auto& id : providers) {
        REQUIRE(settings.set("providers." + id + ".provider", "oidc").ok());
      }
    }
    for (const auto& id : providers) {
      const auto prefix = "providers." + id + ".";
      REQUIRE(settings.set(prefix + "oidc_issuer_url", live.provider.issuer()).ok());
      REQUIRE(settings.set(prefix + "insecure_allow_http_provider", "true").ok());
      REQUIRE(settings.set(prefix + "client_id", "c").ok());
      REQUIRE(settings.set(prefix + "client_secret", "client-secret-canary").ok());
    }
    auto ports = default_ports();
    ports.clock = live.clock;
    auto made = Engine::create(settings, std::move(ports));
    REQUIRE_MESSAGE(made.ok(), made.error().text);
    return std::move(made).value();
  }
  // A browser that signed in at `id`, of one or of several.
  Browser signed_in(const std::shared_ptr<Engine>& engine, const std::string& id, bool several) {
    Browser browser(engine);
    const auto start = browser.get("/oauth2/start?rd=%2F&provider=" + id);
    REQUIRE(start.reason() == Reason::login_started);
    const auto callback = "/oauth2/callback" + (several ? "/" + id : std::string());
    const auto answer = browser.get(callback + "?" + live.provider.approve(location_of(start)));
    REQUIRE(answer.reason() == Reason::signed_in);
    return browser;
  }
};

// Two browsers of one person.
struct Two : Live {
  Browser laptop, phone;
  explicit Two(const Options& more) : Live(more), laptop(engine), phone(engine) {
    REQUIRE(laptop.sign_in(provider).reason() == Reason::signed_in);
    clock->advance(seconds(10));
    REQUIRE(phone.sign_in(provider).reason() == Reason::signed_in);
    clock->advance(seconds(10));
  }
  // A request with a browser's cookies, for calls that take one.
  template <class Call>
  auto with(const Browser& browser, Call&& call) {
    const auto cookies = browser.cookie_header();
    const std::vector<HeaderView> headers = {{"Cookie", cookies}};
    auto view = request_to("/");
    view.headers = headers;
    return call(view);
  }
  static bool is_in(Browser& browser) {
    return browser.get("/page").kind() == Decision::Kind::allow;
  }
};

}  // namespace

TEST_SUITE("engine/session_control") {
  TEST_CASE("F-251: a person's sessions are listed, the latest first, the current one marked") {
    Two one(in_memory());
    const auto listed = one.with(one.laptop, [&](const RequestView& view) {
      return settled(one.engine->list_sessions(alice, &view));
    });
    REQUIRE(listed.ok());
    REQUIRE(listed->size() == 2);
    CHECK((*listed)[0].signed_in_at > (*listed)[1].signed_in_at);
    CHECK_FALSE((*listed)[0].is_current);
    CHECK((*listed)[1].is_current);
    CHECK((*listed)[0].handle != (*listed)[1].handle);
    CHECK((*listed)[0].client == "203.0.113.7");
    CHECK((*listed)[0].ends_at == (*listed)[0].signed_in_at + seconds(168 * 3600));
    CHECK(settled(one.engine->list_sessions({"default", "alice"})).value().size() == 2);
    CHECK(settled(one.engine->list_sessions({{}, "bob"})).value().empty());
    CHECK(settled(one.engine->list_sessions({"other", "alice"})).value().empty());
  }

  TEST_CASE("F-251: who is known by one provider of several is the same where it is the only one") {
    for (const bool is_compat : {false, true}) {
      for (const auto& who : {alice, Person{"corp", "alice"}, Person{"default", "alice"}}) {
        CAPTURE(is_compat);
        CAPTURE(who.provider);
        Configured one;
        one.is_compat = is_compat;
        const auto before = one.engine_for({"corp", "other"});
        const auto after = one.engine_for({"corp"});
        const auto old = one.signed_in(before, "corp", true).cookies;
        const auto elsewhere = one.signed_in(before, "other", true).cookies;
        auto recent = one.signed_in(after, "corp", false);
        Browser moved(after), lost(after), back(before);
        moved.cookies = old;
        lost.cookies = elsewhere;  // that provider is no more
        back.cookies = recent.cookies;
        CHECK(moved.get("/page").identity()->provider() == "corp");
        // In oauth2-proxy's format the only provider has no name: of several nobody knows it.
        const auto page = recent.get("/page");
        REQUIRE(page.identity());
        CHECK(page.identity()->provider() == (is_compat ? "default" : "corp"));
        CHECK_FALSE(Two::is_in(lost));
        CHECK(Two::is_in(back) == !is_compat);

        one.live.clock->advance(seconds(10));
        REQUIRE(settled(after->revoke_sessions({"other", "alice"})).ok());
        CHECK(Two::is_in(moved));
        CHECK(Two::is_in(recent));
        SUBCASE("all") {
          REQUIRE(settled(after->revoke_sessions(who)).ok());
          CHECK_FALSE(Two::is_in(recent));
        }
        SUBCASE("all others") {
          const auto cookies = recent.cookie_header();
          const std::vector<HeaderView> headers = {{"Cookie", cookies}};
          auto view = request_to("/");
          view.headers = headers;
          REQUIRE(settled(after->revoke_sessions(who, &view)).ok());
          CHECK(Two::is_in(recent));
        }
        CHECK_FALSE(Two::is_in(moved));
      }
    }
  }

  TEST_CASE("with several providers one must be named: else nobody would be ended, silently") {
    Configured one;
    const auto engine = one.engine_for({"corp", "other"});
    const auto whose = settled(engine->revoke_sessions(alice));
    REQUIRE_FALSE(whose.ok());
    CHECK(whose.error().status == Status::invalid_argument);
    CHECK(whose.error().text.find("Identity::provider()") != std::string::npos);
    CHECK(settled(engine->revoke_sessions({"corp", "alice"})).ok());
  }

  TEST_CASE("F-251: one is revoked and out at its next request; the others stay in") {
    Two one(in_memory());
    CHECK(Two::is_in(one.laptop));
    CHECK(Two::is_in(one.phone));
    const auto phone = settled(one.engine->list_sessions(alice)).value()[0].handle;
    CHECK(settled(one.engine->revoke_session({{}, "bob"}, phone)).value().empty());
    CHECK(Two::is_in(one.phone));
    const auto ended = settled(one.engine->revoke_session(alice, phone)).value();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].handle == phone);
    CHECK_FALSE(Two::is_in(one.phone));
    CHECK(Two::is_in(one.laptop));
    CHECK(settled(one.engine->list_sessions(alice)).value().size() == 1);
    CHECK(settled(one.engine->revoke_session(alice, phone)).value().empty());
  }

  TEST_CASE("F-270: all are revoked, with a store and without; a new sign-in is let in") {
    for (const bool is_stored : {true, false}) {
      Two one(is_stored ? in_memory() : Options());
      CHECK(Two::is_in(one.laptop));
      const auto copied = one.phone.cookies;
      const auto ended = settled(one.engine->revoke_sessions(alice)).value();
      CHECK(ended.size() == (is_stored ? 2 : 0));
      const auto refused = one.laptop.get("/page");
      CHECK(refused.kind() != Decision::Kind::allow);
      CHECK_FALSE(one.laptop.has_session());  // the cookie is cleared
      CHECK_FALSE(Two::is_in(one.phone));
      one.phone.cookies = copied;
      CHECK_FALSE(Two::is_in(one.phone));
      one.clock->advance(seconds(1));
      REQUIRE(one.phone.sign_in(one.provider).reason() == Reason::signed_in);
      CHECK(Two::is_in(one.phone));
      CHECK(one.has_event("sessions-revoked"));
    }
  }

  TEST_CASE("F-251: all others are revoked, with a store and without") {
    for (const bool is_stored : {true, false}) {
      Two one(is_stored ? in_memory() : Options());
      (void)one.with(one.laptop, [&](const RequestView& view) {
        return settled(one.engine->revoke_sessions(alice, &view)).value();
      });
      CHECK(Two::is_in(one.laptop));
      CHECK_FALSE(Two::is_in(one.phone));
      // Refreshed it is still the one that was kept.
      one.let_tokens_run_out();
      CHECK(Two::is_in(one.laptop));
    }
  }

  TEST_CASE("F-251: in oauth2-proxy's format the kept session's old cookie leads to it") {
    Live live(compat_options);
    auto person = live.browser();
    REQUIRE(person.sign_in(live.provider).reason() == Reason::signed_in);
    const auto old = person.cookies;
    live.clock->advance(seconds(3700));
    REQUIRE(person.get("/page").reason() == Reason::session_refreshed);
    REQUIRE(person.cookies != old);
    const support::Request request("/page", {{"Cookie", person.cookie_header()}});
    const auto view = request.view();
    REQUIRE(live.engine->revoke_sessions(alice, &view).ok());
    CHECK(person.get("/page").kind() == Decision::Kind::allow);
    person.cookies = old;
    CHECK(person.get("/page").kind() == Decision::Kind::allow);
  }

  TEST_CASE("F-251: a session that was revoked keeps itself by no later call") {
    for (const bool is_stored : {true, false}) {
      Two one(is_stored ? in_memory() : Options());
      CHECK(settled(one.engine->revoke_sessions(alice)).ok());
      one.clock->advance(seconds(10));
      (void)one.with(one.laptop, [&](const RequestView& view) {
        return settled(one.engine->revoke_sessions(alice, &view)).value();
      });
      CHECK_FALSE(Two::is_in(one.laptop));
    }
  }

  TEST_CASE("F-251: who signed in after one revocation is kept by the next, again and again") {
    for (const bool is_stored : {true, false}) {
      for (const bool is_in_memory : {true, false}) {
        Two one(is_stored ? in_memory() : Options());
        CHECK(settled(one.engine->revoke_sessions(alice)).ok());
        one.clock->advance(seconds(10));
        REQUIRE(one.laptop.sign_in(one.provider).reason() == Reason::signed_in);
        one.clock->advance(seconds(10));
        if (is_in_memory) CHECK(Two::is_in(one.laptop));
        for (int i = 0; i < 2; ++i) {
          (void)one.with(one.laptop, [&](const RequestView& view) {
            return settled(one.engine->revoke_sessions(alice, &view)).value();
          });
          one.clock->advance(seconds(10));
        }
        CHECK(Two::is_in(one.laptop));
        CHECK_FALSE(Two::is_in(one.phone));
      }
    }
  }

  TEST_CASE("a revoked session in cookies is not refreshed back to life") {
    Two one(Options{});
    CHECK(settled(one.engine->revoke_sessions(alice)).ok());
    one.let_tokens_run_out();
    CHECK_FALSE(Two::is_in(one.laptop));
    CHECK(one.provider.with([](auto& fake) { return fake.num_refreshes; }) == 0);
  }

  TEST_CASE(
      "F-251: revoked while it is being renewed: neither that answer nor a later one lets in") {
    Two one(Options{});
    one.let_tokens_run_out();
    one.provider.hold("/token");
    auto asked = one.laptop.ask("/page");
    REQUIRE(one.provider.wait_for("/token", 3));
    CHECK(settled(one.engine->revoke_sessions(alice)).ok());
    one.provider.let_go();
    auto answer = wait_for(std::move(asked));
    REQUIRE(answer.ok());
    CHECK(answer->kind() != Decision::Kind::allow);
    one.laptop.keep(std::move(answer).value());
    CHECK_FALSE(one.laptop.has_session());
    CHECK_FALSE(Two::is_in(one.laptop));
  }

  TEST_CASE("somebody else's cookie keeps nobody's session") {
    Two one(Options{});
    Browser nobody(one.engine);
    (void)one.with(nobody, [&](const RequestView& view) {
      return settled(one.engine->revoke_sessions(alice, &view)).value();
    });
    CHECK_FALSE(Two::is_in(one.laptop));
    // Of another person than the one who is denied.
    Two two(Options{});
    (void)two.with(two.laptop, [&](const RequestView& view) {
      return settled(two.engine->revoke_sessions({{}, "bob"}, &view)).value();
    });
    CHECK(Two::is_in(two.laptop));
  }

  TEST_CASE("without a store nothing can be listed, and the error says what to do") {
    Two one(Options{});
    const auto listed = settled(one.engine->list_sessions(alice));
    REQUIRE_FALSE(listed.ok());
    CHECK(listed.error().status == Status::invalid_state);
    CHECK(listed.error().text.find("session_store_type") != std::string::npos);
    CHECK(settled(one.engine->revoke_session(alice, "x")).error().status == Status::invalid_state);
  }

  TEST_CASE(
      "F-251: an event at the start says that without a store a denial stays in the process") {
    Live in_cookies;
    CHECK(in_cookies.has_event("deny-list-in-process"));
    Live in_store(in_memory());
    CHECK_FALSE(in_store.has_event("deny-list-in-process"));
  }

  TEST_CASE("nobody in particular is nobody") {
    Two one(in_memory());
    CHECK(settled(one.engine->list_sessions({})).error().status == Status::invalid_argument);
    CHECK(settled(one.engine->revoke_session({}, "x")).error().status == Status::invalid_argument);
    CHECK(settled(one.engine->revoke_session(alice, "")).error().status ==
          Status::invalid_argument);
    CHECK(settled(one.engine->revoke_sessions({})).error().status == Status::invalid_argument);
    CHECK(Two::is_in(one.laptop));
  }
}
