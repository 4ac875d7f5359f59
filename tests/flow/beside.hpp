// A session in cookies beside a store, for the tests of how processes renew it once.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "flow/refresh_shared_session.hpp"
#include "flow/sign_out.hpp"
#include "session/lifetime.hpp"
#include "session/refresh_result.hpp"
#include "world.hpp"

namespace gatelet::support {

// Somebody who signed in an hour ago, whose session is in cookies, beside a store. A process is a
// driver of its own; the provider and the store are the same for all.
struct Beside {
  using What = flow::StoreCall::What;
  World world;
  std::shared_ptr<const session::Session> session;
  std::shared_ptr<const session::Session> old, not_put;  // as on_not_put was told
  bool takes_over = true;                                // ... and what it says
  bool throws = false;                                   // ... or that it has no memory
  bool is_over = false;                                  // as the engine knows
  Beside() {
    world.keep_beside();
    session = std::make_shared<const session::Session>(world.sign_in());
    REQUIRE(session->user == "alice");
    REQUIRE_FALSE(session->ticket);
    world.driver.seen.clear();
    world.driver.now = world.driver.now + 1h;
  }
  Result<session::Session> refresh(std::shared_ptr<const session::Session> of = nullptr) {
    return refresh_by(world.driver, std::move(of));
  }
  // By another process: while the first one waits for an effect, or later.
  Result<session::Session> refresh_elsewhere(std::shared_ptr<const session::Session> of = nullptr) {
    ScriptedDriver other;
    other.on_http = [this](const HttpCall& call, Instant now) {
      return world.provider.answer(call, now);
    };
    other.on_store = [this](const flow::StoreCall& call) { return world.store.answer(call); };
    other.now = world.driver.now;
    return refresh_by(other, std::move(of));
  }
  Status status() {
    const auto renewed = refresh();
    return renewed.ok() ? Status::ok : renewed.error().status;
  }
  session::RefreshPlace place() const {
    return session::refresh_place(world.context->session, *session).value();
  }
  std::string lock() const { return session::lock_key(place()); }
  // `act` runs at the nth call of this kind, before it is answered.
  void at_call(What what, int nth, std::function<void()> act) {
    world.driver.on_store = [this, what, nth, act, seen = 0](const flow::StoreCall& call) mutable {
      if (call.what == what && ++seen == nth) act();
      return world.store.answer(call);
    };
  }
  void fail(What what) {
    world.driver.on_store = [this, what](const flow::StoreCall& call) -> Result<flow::StoreReply> {
      if (call.what == what) return Error{Status::store_unreachable, "gone"};
      return world.store.answer(call);
    };
  }
  void works() {
    world.driver.on_store = [this](const flow::StoreCall& call) {
      return world.store.answer(call);
    };
  }
  Result<bool> share() {
    return world.driver.run(flow::share_renewed(world.context, old, not_put));
  }
  void answer_with(int status, std::string body) {
    world.driver.on_http = [status, body](const HttpCall&, Instant) -> Result<HttpReply> {
      HttpReply reply;
      reply.status = status;
      reply.body = body;
      return reply;
    };
  }
  Result<Decision> sign_out(std::shared_ptr<const session::Session> of) {
    flow::SignOut out(world.context);
    out.provider = world.state;
    out.request = world.get("/oauth2/sign_out");
    out.session = std::move(of);
    return world.driver.run(flow::sign_out(std::move(out)));
  }

 private:
  Result<session::Session> refresh_by(ScriptedDriver& driver,
                                      std::shared_ptr<const session::Session> of) {
    flow::RefreshSession in(world.context);
    in.provider = world.state;
    in.session = of ? std::move(of) : session;
    in.on_not_put = [this](const auto& replaced, const auto& renewed) {
      old = replaced;
      not_put = renewed;
      if (throws) throw std::bad_alloc();
      return takes_over;
    };
    in.last_patience = 10s;
    in.is_over = [this](const auto&, const auto&) { return is_over; };
    return driver.run(flow::refresh_shared_session(std::move(in)));
  }
};

inline std::shared_ptr<const session::Session> shared(const Result<session::Session>& session) {
  return std::make_shared<const session::Session>(session.value());
}

}  // namespace gatelet::support
