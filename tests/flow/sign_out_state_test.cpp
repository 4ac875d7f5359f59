#include "flow/sign_out_state.hpp"

#include <doctest/doctest.h>

#include "oidc/end_session.hpp"
#include "support/scripted_entropy.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

struct Kept {
  World world;
  flow::WrittenSignOutState written =
      flow::write_sign_out_state(*world.context, "/bye", "app.example", world.driver.now).value();
  std::string value() const {
    const auto equals = written.set_cookie.find('=');
    return written.set_cookie.substr(equals + 1, written.set_cookie.find(';') - equals - 1);
  }
  Result<flow::SignOutState> open(std::string value) {
    world.browser = {};
    world.browser.put("__Host-gatelet_sign_out", std::move(value));
    return open();
  }
  Result<flow::SignOutState> open() {
    const auto request = world.get("/");
    return flow::open_sign_out_state(*world.context, request->facts().headers, world.driver.now);
  }
};

}  // namespace

TEST_SUITE("flow/sign_out_state") {
  TEST_CASE("sign_out_state: what is written is opened again, and shows neither state nor target") {
    Kept kept;
    CHECK(oidc::is_logout_state(kept.written.state));
    CHECK(kept.written.set_cookie.starts_with("__Host-gatelet_sign_out="));
    CHECK(kept.written.set_cookie.find("Max-Age=300; HttpOnly; Secure") != std::string::npos);
    CHECK(kept.written.set_cookie.find(kept.written.state) == std::string::npos);

    const auto opened = kept.open(kept.value());
    REQUIRE(opened.ok());
    CHECK(opened->state == kept.written.state);
    CHECK(opened->return_to == "/bye");
  }

  TEST_CASE("sign_out_state: every changed character is refused, and so is no cookie at all") {
    Kept kept;
    const auto value = kept.value();
    for (std::size_t i = 0; i < value.size(); i += 3) {
      auto changed = value;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      if (changed.ends_with(value.substr(value.size() - 2)) || i + 2 < value.size()) {
        CHECK_MESSAGE(kept.open(changed).error().status == Status::state_missing, i);
      }
    }
    kept.world.browser = {};
    CHECK(kept.open().error().status == Status::state_missing);
  }

  TEST_CASE("sign_out_state: it lives five minutes") {
    Kept kept;
    kept.world.driver.now = kept.world.driver.now + 299s;
    CHECK(kept.open(kept.value()).ok());
    kept.world.driver.now = kept.world.driver.now + 2s;
    CHECK_FALSE(kept.open(kept.value()).ok());
  }

  TEST_CASE("OP-20: neither a session nor a login state passes as one, nor the other way round") {
    Kept kept;
    kept.world.sign_in();
    kept.world.start();
    for (const auto& [name, value] : kept.world.browser.cookies()) {
      Kept other;
      CHECK_FALSE(other.open(value).ok());
    }
    World reversed;
    reversed.browser.put("__Host-gatelet", kept.value());
    CHECK_FALSE(reversed.session().ok());
    reversed.browser = {};
    reversed.browser.put("__Host-gatelet", "_sign_out" + kept.value());
    CHECK_FALSE(reversed.session().ok());
  }

  TEST_CASE("sign_out_state: of several of the name a good one counts, within four") {
    Kept kept;
    const auto value = kept.value();
    kept.world.browser = {};
    for (int i = 0; i < 3; ++i) kept.world.browser.put("__Host-gatelet_sign_out", "junk");
    kept.world.browser.put("__Host-gatelet_sign_out", value);
    CHECK(kept.open().ok());
    kept.world.browser = {};
    for (int i = 0; i < 4; ++i) kept.world.browser.put("__Host-gatelet_sign_out", "junk");
    kept.world.browser.put("__Host-gatelet_sign_out", value);
    CHECK_FALSE(kept.open().ok());
  }

  TEST_CASE("sign_out_state: no random bytes, or a target no cookie can hold: nothing is written") {
    for (int good = 0; good < 2; ++good) {
      World world;
      world.context->entropy = std::make_shared<FailingEntropy>(good);
      const auto written =
          flow::write_sign_out_state(*world.context, "/", "app.example", world.driver.now);
      CHECK(written.error().status == Status::no_entropy);
    }
    World world;
    const auto written = flow::write_sign_out_state(*world.context, "/" + std::string(3000, 'x'),
                                                    "app.example", world.driver.now);
    CHECK_FALSE(written.ok());
  }

  TEST_CASE("sign_out_state: Strict becomes Lax, since the browser comes back from another site") {
    World world;
    world.context->session.attributes.same_site = http::SameSite::strict;
    const auto written =
        flow::write_sign_out_state(*world.context, "/", "app.example", world.driver.now);
    CHECK(written->set_cookie.find("SameSite=Lax") != std::string::npos);
  }

  TEST_CASE("EN-05: clearing repeats the attributes") {
    World world;
    const auto cookie = flow::clear_sign_out_state(*world.context, "app.example");
    CHECK(cookie == "__Host-gatelet_sign_out=; Path=/; Max-Age=0; HttpOnly; Secure");
  }
}
