// The flows that read and write the session store, on the fault ladder (ladder_test.cpp).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "flow/change_stored_session.hpp"
#include "flow/check_ready.hpp"
#include "flow/load_session.hpp"
#include "flow/put_again.hpp"
#include "flow/refresh_shared_session.hpp"
#include "flow/refresh_stored_session.hpp"
#include "flow/save_session.hpp"
#include "hooks.hpp"
#include "scenario.hpp"

namespace gatelet::support {

class check_ready final : public Scenario {
 public:
  check_ready() { world.keep_in_store(); }
  flow::Flow<Decision> flow() {
    flow::CheckReady in(world.context);
    in.request = world.get("/ready");
    return flow::check_ready(std::move(in));
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto answer = world.driver.run(flow());
    REQUIRE(answer.ok());
    const bool is_ready = answer->http_status() == 200;
    if (!is_ready) CHECK(answer->http_status() == 503);
    return {is_ready, is_ready ? StatusClass::ok : StatusClass::unavailable, whole(*answer)};
  }
  void check(const Ended&) override {}
  // That there is no such record is an answer as well.
  bool survives(const std::string&, Kind kind, bool) const override {
    return blame_of(kind) == StatusClass::peer;
  }
};

class load_session final : public Scenario {
 public:
  load_session() {
    world.keep_in_store();
    REQUIRE(world.sign_in().user == "alice");
    world.driver.seen.clear();
    world.driver.num_effects = world.driver.num_deliveries = 0;
  }
  flow::Flow<flow::SharedSession> flow() {
    flow::LoadSession in(world.context);
    in.tickets =
        flow::tickets_of(*world.context, world.get("/")->facts().headers, world.driver.now);
    return flow::load_session(std::move(in));
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto loaded = world.driver.run(flow());
    if (!loaded.ok()) return {false, status_class(loaded.error().status), loaded.error().text};
    if (!*loaded) return {false, StatusClass::peer, {}};
    CHECK((*loaded)->user == "alice");
    return {true, StatusClass::ok, {}};
  }
  void check(const Ended&) override { CHECK(world.num_sessions() == 1); }
  bool survives(const std::string&, Kind kind, bool) const override { return kind == Kind::late; }
};

class change_stored_session final : public Scenario {
 public:
  change_stored_session() {
    world.keep_in_store();
    world.context->session.idle_timeout = 4h;
    ticket_ = world.sign_in().ticket;
    world.driver.now = world.driver.now + 1h;
    world.driver.seen.clear();
    world.driver.num_effects = world.driver.num_deliveries = 0;
  }
  flow::Flow<flow::SharedSession> flow() {
    flow::ChangeStored in(world.context);
    in.ticket = ticket_;
    in.at = world.driver.now;
    in.change = flow::noting_use(world.context, in.at);
    return flow::change_stored_session(std::move(in));
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto changed = world.driver.run(flow());
    if (!changed.ok()) return {false, status_class(changed.error().status), changed.error().text};
    if (!*changed) return {false, StatusClass::peer, {}};  // a record that does not open is none
    CHECK((*changed)->user == "alice");
    return {true, StatusClass::ok, {}};
  }
  void check(const Ended&) override { CHECK(world.num_sessions() == 1); }
  bool survives(const std::string& effect, Kind kind, bool) const override {
    if (kind == Kind::late) return true;
    return effect == "store swap" && blame_of(kind) == StatusClass::peer;
  }

 private:
  flow::SharedTicket ticket_;
};

class save_session final : public Scenario {
 public:
  save_session() {
    world.keep_in_store();
    session_ = std::make_shared<const session::Session>(world.sign_in());  // there is an old one
    world.driver.seen.clear();
    world.driver.num_effects = world.driver.num_deliveries = 0;
  }
  flow::Flow<std::vector<std::string>> flow() {
    flow::SaveSession in(world.context);
    in.request = world.get("/");
    in.session = session_;
    return flow::save_session(std::move(in));
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto cookies = world.driver.run(flow());
    if (!cookies.ok()) return {false, status_class(cookies.error().status), cookies.error().text};
    CHECK(cookies->size() == 1);
    return {true, StatusClass::ok, {}};
  }
  // Where the answer to the put was lost, a record is left that no ticket opens.
  void check(const Ended&) override { CHECK(world.num_sessions() <= 2); }
  bool survives(const std::string& effect, Kind kind, bool) const override {
    return effect == "store erase" || blame_of(kind) == StatusClass::peer;
  }

 private:
  std::shared_ptr<const session::Session> session_;
};

// Somebody whose password is right, with an old session in the store.
class begin_session final : public Scenario {
 public:
  begin_session() {
    world.keep_in_store();
    auto session = world.sign_in();
    session.ticket = nullptr;
    session_ = std::make_shared<const session::Session>(std::move(session));
    old_ = world.store.records;
    world.context->hooks = hooks.all();
    world.driver.seen.clear();
    world.driver.num_effects = world.driver.num_deliveries = 0;
  }
  flow::Flow<Decision> flow() {
    flow::SaveSession in(world.context);
    in.request = world.get("/oauth2/sign_in");
    in.session = session_;
    return flow::begin_session(std::move(in), "/wanted");
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto answer = world.driver.run(flow());
    is_vetoed_ = answer.ok() && answer->reason() == Reason::vetoed;
    if (!answer.ok()) return {false, status_class(answer.error().status), answer.error().text};
    const bool signed_in = answer->reason() == Reason::signed_in;
    CHECK(sets_cookie(*answer, "__Host-gatelet=") == signed_in);
    return {signed_in, class_of(answer->reason()), whole(*answer)};
  }
  void check(const Ended&) override {
    if (is_vetoed_) CHECK(world.store.records == old_);  // nothing is kept
  }
  bool survives(const std::string& effect, Kind kind, bool) const override {
    if (effect == "store erase") return true;
    return effect.starts_with("store ") ? blame_of(kind) == StatusClass::peer : kind == Kind::late;
  }

 private:
  std::shared_ptr<const session::Session> session_;
  decltype(world.store.records) old_;
  bool is_vetoed_ = false;
};

// New tokens that the store did not take when they came.
class WithNewTokens : public Scenario {
 public:
  WithNewTokens() {
    world.keep_in_store();
    auto renewed = world.sign_in();
    REQUIRE(renewed.ticket);
    renewed.refresh_token = Secret("renewed");
    renewed.created_at->seconds += 1;
    renewed_ = std::make_shared<const session::Session>(std::move(renewed));
    world.driver.seen.clear();
    world.driver.num_effects = world.driver.num_deliveries = 0;
  }
  virtual flow::Flow<bool> flow() = 0;
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto put = world.driver.run(flow());
    if (!put.ok()) return {false, status_class(put.error().status), put.error().text};
    return {true, StatusClass::ok, {}};
  }
  void check(const Ended&) override { CHECK(world.num_sessions() == 1); }

 protected:
  std::shared_ptr<const session::Session> renewed_;
};

class put_renewed final : public WithNewTokens {
 public:
  flow::Flow<bool> flow() override { return flow::put_renewed(world.context, renewed_); }
  // A record that does not open is nobody's.
  bool survives(const std::string& effect, Kind kind, bool for_good) const override {
    const bool is_asked_once = effect == "store get" && blame_of(kind) != StatusClass::peer;
    return !for_good ? !is_asked_once : blame_of(kind) == StatusClass::peer;
  }
};

class put_again final : public WithNewTokens {
 public:
  flow::Flow<bool> flow() override {
    flow::PutAgain in(world.context);
    in.renewed = renewed_;
    in.patience = std::chrono::seconds(5);
    return flow::put_again(std::move(in));
  }
  bool runs_to_end() const override { return true; }
  bool survives(const std::string&, Kind kind, bool for_good) const override {
    return !for_good || blame_of(kind) == StatusClass::peer;
  }
};

// The same beside cookies.
class share_renewed final : public Scenario {
 public:
  share_renewed() {
    world.keep_beside();
    old_ = std::make_shared<const session::Session>(world.sign_in());
    auto renewed = *old_;
    renewed.refresh_token = Secret("renewed");
    renewed.created_at->seconds += 1;
    renewed_ = std::make_shared<const session::Session>(std::move(renewed));
    world.driver.seen.clear();
    world.driver.num_effects = world.driver.num_deliveries = 0;
  }
  flow::Flow<bool> flow() { return flow::share_renewed(world.context, old_, renewed_); }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto put = world.driver.run(flow());
    if (!put.ok()) return {false, status_class(put.error().status), put.error().text};
    CHECK(*put);
    return {true, StatusClass::ok, {}};
  }
  void check(const Ended&) override { CHECK(world.store.records.size() <= 1); }
  // A record that does not open is nobody's.
  bool survives(const std::string&, Kind kind, bool) const override {
    return blame_of(kind) == StatusClass::peer;
  }

 private:
  std::shared_ptr<const session::Session> old_, renewed_;
};

class refresh_stored_session final : public Scenario {
 public:
  refresh_stored_session() {
    world.keep_in_store();
    session_ = std::make_shared<const session::Session>(world.sign_in());
    REQUIRE(session_->ticket);
    world.driver.seen.clear();
    world.driver.num_effects = world.driver.num_deliveries = 0;
    make_it_long();
  }
  flow::Flow<session::Session> flow() {
    flow::RefreshSession in(world.context);
    in.provider = world.state;
    in.session = session_;
    return flow::refresh_stored_session(std::move(in));
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto renewed = world.driver.run(flow());
    if (!renewed.ok()) {
      // Trouble is no logout; a record that cannot be opened is none.
      const bool is_gone = renewed.error().text == "the session is no longer in the store";
      CHECK((is_gone || renewed.error().status != Status::grant_ended));
      is_vetoed_ = renewed.error().status == Status::vetoed;
      return {false, status_class(renewed.error().status), renewed.error().text};
    }
    CHECK(renewed->user == "alice");
    CHECK(renewed->ticket == session_->ticket);
    return {true, StatusClass::ok, {}};
  }
  void check(const Ended&) override {
    check_grants_once();
    if (is_vetoed_) {  // over, or left to the provider's refusal where the store is down too
      CHECK(world.num_sessions() <= 1);
    } else {
      CHECK(world.num_sessions() == 1);  // never lost
    }
  }
  bool survives(const std::string& effect, Kind kind, bool for_good) const override {
    const bool is_asked = effect.ends_with("/userinfo") || effect == "refetch keys";
    if (is_asked && (kind == Kind::late || !for_good)) return true;
    if (kind == Kind::late && effect == "hook refreshed") return true;
    if (effect == "store swap" || effect == "store unlock") return true;
    if (effect == "store lock" && blame_of(kind) == StatusClass::peer) return !for_good;
    const bool is_before_grant = effect == "refetch metadata" || effect == "store get";
    return kind == Kind::late && is_before_grant && !for_good;
  }

 private:
  std::shared_ptr<const session::Session> session_;
  bool is_vetoed_ = false;
};

class refresh_shared_session final : public Scenario {
 public:
  refresh_shared_session() {
    world.keep_beside();
    session_ = std::make_shared<const session::Session>(world.sign_in());
    world.driver.seen.clear();
    world.driver.num_effects = world.driver.num_deliveries = 0;
    make_it_long();
  }
  flow::Flow<session::Session> flow() {
    flow::RefreshSession in(world.context);
    in.provider = world.state;
    in.session = session_;
    return flow::refresh_shared_session(std::move(in));
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto renewed = world.driver.run(flow());
    if (!renewed.ok()) {
      CHECK(renewed.error().status != Status::grant_ended);  // trouble is no logout
      return {false, status_class(renewed.error().status), renewed.error().text};
    }
    CHECK(renewed->user == "alice");
    CHECK_FALSE(renewed->refresh_token == session_->refresh_token);
    return {true, StatusClass::ok, {}};
  }
  void check(const Ended&) override {
    check_grants_once();
    CHECK(world.store.records.size() <= 1);
  }
  bool survives(const std::string& effect, Kind kind, bool for_good) const override {
    if (kind == Kind::late && effect == "hook refreshed") return true;
    if (effect.ends_with("/userinfo") || effect == "refetch keys") return true;
    if (effect == "store swap" || effect == "store unlock") return true;
    const bool is_store = effect == "store lock" || effect == "store get";
    if (is_store && blame_of(kind) == StatusClass::peer) return !for_good;
    const bool is_before_grant = effect == "refetch metadata" || is_store;
    return kind == Kind::late && is_before_grant && !for_good;
  }

 private:
  std::shared_ptr<const session::Session> session_;
};

}  // namespace gatelet::support
