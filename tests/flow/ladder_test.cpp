// The fault ladder: each flow is run once counting its effects, then again with effect 1, 2, 3 ...
// failing in every way there is, for once and for good.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "base/base64url.hpp"
#include "faults.hpp"
#include "flow/begin_login.hpp"
#include "flow/check_password.hpp"
#include "flow/fetch_metadata.hpp"
#include "flow/finish_login.hpp"
#include "flow/refresh_session.hpp"
#include "flow/sign_out.hpp"
#include "flow/verify_bearer.hpp"
#include "hooks.hpp"
#include "revocation_scenarios.hpp"
#include "scenario.hpp"
#include "store_scenarios.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

class begin_login_with_metadata final : public Scenario {
 public:
  begin_login_with_metadata() { world.state = world.provider.unknown(); }
  flow::Flow<Decision> flow() {
    flow::BeginLogin in(world.context);
    in.provider_id = "default";
    in.request = world.get("/wanted");
    return flow::begin_login_with_metadata(std::move(in));
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto answer = world.driver.run(flow());
    if (!answer.ok()) return {false, status_class(answer.error().status), answer.error().text};
    CHECK(answer->kind() != Decision::Kind::allow);
    return {answer->reason() == Reason::login_started, class_of(answer->reason()), whole(*answer)};
  }
  void check(const Ended&) override { CHECK(world.provider.num_token_requests == 0); }
  bool survives(const std::string&, Kind kind, bool) const override { return kind == Kind::late; }
};

class finish_login final : public Scenario {
 public:
  finish_login() : query_(world.approve(world.start("/wanted?x=1"))) { make_it_long(); }
  flow::Flow<Decision> flow() { return flow::finish_login(world.callback(query_).value()); }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto answer = world.driver.run(flow());
    REQUIRE(answer.ok());  // a person waits for a page
    const bool signed_in = answer->reason() == Reason::signed_in;
    CHECK(answer->kind() != Decision::Kind::allow);
    CHECK(answer->identity() == nullptr);
    CHECK(sets_cookie(*answer, "__Host-gatelet") == signed_in);
    CHECK_FALSE(expires_cookie(*answer, "__Host-gatelet="));
    CHECK(expires_cookie(*answer, "__Host-gatelet_"));  // the attempt's
    if (!signed_in) {
      CHECK(answer->http_status() >= (answer->reason() == Reason::vetoed ? 403 : 500));
    }
    return {signed_in, class_of(answer->reason()), whole(*answer)};
  }
  void check(const Ended&) override { check_grants_once(); }
  bool survives(const std::string& effect, Kind kind, bool for_good) const override {
    // An ID token that comes, or is judged, three hours after it was made has expired.
    if (kind != Kind::late) return false;
    return effect.starts_with("hook ") || effect.ends_with("/userinfo") ||
           (effect == "refetch metadata" && !for_good);
  }

 private:
  std::string query_;
};

class refresh_session final : public Scenario {
 public:
  refresh_session() : session_(std::make_shared<const session::Session>(world.sign_in())) {
    REQUIRE(session_->user == "alice");
    world.driver.seen.clear();
    world.driver.num_effects = world.driver.num_deliveries = 0;
    make_it_long();
  }
  flow::Flow<session::Session> flow() {
    flow::RefreshSession in(world.context);
    in.provider = world.state;
    in.session = session_;
    return flow::refresh_session(std::move(in));
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
    CHECK(renewed->email == session_->email);
    CHECK_FALSE(renewed->refresh_token.empty());
    return {true, StatusClass::ok, {}};
  }
  void check(const Ended&) override { check_grants_once(); }
  bool survives(const std::string& effect, Kind kind, bool for_good) const override {
    // The tokens are renewed already.
    const bool is_asked = effect.ends_with("/userinfo") || effect == "refetch keys";
    if (is_asked && (kind == Kind::late || !for_good)) return true;  // for good: the hook fails too
    if (kind == Kind::late && effect == "hook refreshed") return true;
    return kind == Kind::late && effect == "refetch metadata" && !for_good;
  }

 private:
  std::shared_ptr<const session::Session> session_;
};

class sign_out final : public Scenario {
 public:
  sign_out() {
    auto session = world.sign_in();
    session.id_token = Secret("id.token.hint");  // goes to the provider on purpose
    session_ = std::make_shared<const session::Session>(std::move(session));
    world.context->hooks = hooks.all();
    world.provider.settings.fetch_end_session = true;
    world.provider.settings.backend_logout_url = "https://idp.example/backend?t={id_token}";
    world.state = world.provider.unknown();
    world.driver.seen.clear();
    world.driver.num_effects = world.driver.num_deliveries = 0;
  }
  bool runs_to_end() const override { return true; }
  flow::Flow<Decision> flow() {
    flow::SignOut in(world.context);
    in.provider = world.state;
    in.request = world.get("/oauth2/sign_out?rd=%2Fbye");
    in.session = session_;
    return flow::sign_out(std::move(in));
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto answer = world.driver.run(flow());
    REQUIRE(answer.ok());
    const bool is_stopped = answer->reason() == Reason::vetoed;  // and signed out all the same
    CHECK((is_stopped || answer->reason() == Reason::signed_out));
    CHECK((is_stopped || answer->http_status() == 302));
    CHECK(answer->kind() != Decision::Kind::allow);
    CHECK(expires_cookie(*answer, "__Host-gatelet="));
    CHECK_FALSE(sets_cookie(*answer, "__Host-gatelet="));
    return {true, StatusClass::ok, whole(*answer)};
  }
  void check(const Ended&) override {}
  bool survives(const std::string&, Kind, bool) const override { return true; }

 private:
  std::shared_ptr<const session::Session> session_;
};

class fetch_metadata final : public Scenario {
 public:
  fetch_metadata() { world.state = world.provider.unknown(); }
  flow::Flow<oidc::ProviderState> flow() {
    flow::FetchMetadata in(world.state);
    in.configured = world.provider.configured();
    in.entropy = world.context->entropy;
    return flow::fetch_metadata(std::move(in));
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto state = world.driver.run(flow());
    if (!state.ok()) return {false, status_class(state.error().status), state.error().text};
    CHECK(state->has_metadata);
    CHECK(state->has_keys == !state->keys.empty());
    return {true, StatusClass::ok, {}};  // keys may be missing: nobody is let in by none
  }
  void check(const Ended&) override {
    CHECK(world.provider.num_discoveries <= 3);
    CHECK(world.provider.num_jwks <= 3);
  }
  bool survives(const std::string& effect, Kind kind, bool for_good) const override {
    if (effect.ends_with("/jwks") || effect == "delay" || kind == Kind::late) return true;
    return blame_of(kind) == StatusClass::unavailable && !for_good;  // tried again
  }
};

// Nothing is known, and the token comes under a key that the first key set does not have.
class verify_bearer final : public Scenario {
 public:
  verify_bearer() {
    world.provider.rotate_key("k2");
    token_ = world.provider.bearer_token(world.driver.now);
    auto old = *world.provider.known(world.driver.now);
    old.keys = jose::parse_key_set(key_set_json(test_key(MintKey::Kind::p256).named("k1"))).value();
    world.driver.on_refetch = [this, old = std::make_shared<const oidc::ProviderState>(old)](
                                  const flow::Refetch& wanted) -> Result<flow::Refetched> {
      const bool is_first = wanted.what == flow::Refetch::What::metadata;
      return flow::Refetched{is_first ? old : world.provider.known(world.driver.now)};
    };
  }
  flow::Flow<session::Session> flow() {
    flow::VerifyBearer in{Secret(token_)};
    in.candidates = {world.provider.unknown()};
    return flow::verify_bearer(std::move(in));
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto session = world.driver.run(flow());
    if (!session.ok()) return {false, status_class(session.error().status), session.error().text};
    CHECK(session->user == "alice");
    return {true, StatusClass::ok, {}};
  }
  void check(const Ended&) override {}
  bool survives(const std::string&, Kind kind, bool) const override { return kind == Kind::late; }

 private:
  std::string token_;
};

#ifdef GATELET_HAVE_CRYPT
class check_password final : public Scenario {
 public:
  flow::Flow<bool> flow() {
    auto hash =
        crypto::PasswordHash::parse("$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6");
    flow::CheckPassword in(std::make_shared<const crypto::PasswordHash>(std::move(hash).value()),
                           Secret("correct horse"));
    return flow::check_password(std::move(in));
  }
  std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override {
    return as_task(flow(), delivered);
  }
  Ended run() override {
    const auto matches = world.driver.run(flow());
    if (!matches.ok()) return {false, status_class(matches.error().status), matches.error().text};
    return {*matches, *matches ? StatusClass::ok : StatusClass::peer, {}};
  }
  void check(const Ended&) override {}
  bool survives(const std::string&, Kind kind, bool) const override { return kind == Kind::late; }
};
#endif

template <class S>
std::size_t count_effects() {
  S scenario;
  const auto ended = scenario.run();
  REQUIRE(ended.reached_goal);
  scenario.check(ended);
  return scenario.world.driver.num_effects;
}

// One run with effect n failing, and with `for_good` every later one as well.
template <class S>
void climb_to(std::size_t n, Kind kind, const std::string& name, bool for_good) {
  S scenario;
  auto& driver = scenario.world.driver;
  std::string failed;
  driver.fault = [&](std::size_t nth, const flow::Effect& effect, flow::Reply good) {
    if (nth == n) failed = driver.seen.back();
    const bool fails = nth == n || (for_good && nth > n);
    return fails ? spoilt(kind, effect, std::move(good)) : good;
  };
  const auto ended = scenario.run();

  INFO("effect " << n << " (" << failed << "): " << name << ", for good: " << for_good);
  CHECK(driver.num_deliveries == 1);
  CHECK_FALSE(holds_canary(ended.output));
  if (!scenario.survives(failed, kind, for_good)) {
    CHECK_FALSE(ended.reached_goal);
    CHECK(ended.blame == blame_of(kind));
  }
  scenario.check(ended);
}

template <class S>
void climb() {
  const auto num_effects = count_effects<S>();
  REQUIRE(num_effects > 0);
  for (std::size_t n = 1; n <= num_effects; ++n) {
    for (const auto& [kind, name] : kinds) {
      climb_to<S>(n, kind, name, false);
      climb_to<S>(n, kind, name, true);
    }
  }
}

// Abandoned at effect n: `why` is delivered, once, and a grant that has left says so, as do tokens
// that are nowhere else.
template <class S>
void abandon_everywhere() {
  const auto num_effects = count_effects<S>();
  for (std::size_t n = 1; n <= num_effects; ++n) {
    S scenario;
    std::vector<Status> delivered;
    const auto task = scenario.task(delivered);
    bool grant_left = false;
    auto effect = task->start(scenario.world.driver.now);
    for (std::size_t at = 1; at < n && effect; ++at) {
      if (const auto* call = std::get_if<HttpCall>(&*effect)) grant_left |= call->is_grant;
      effect = task->resume(scenario.world.driver.answer(*effect));
    }
    REQUIRE(effect);
    if (const auto* call = std::get_if<HttpCall>(&*effect)) grant_left |= call->is_grant;
    CHECK(task->must_finish() == (grant_left || scenario.runs_to_end()));
    task->abandon({Status::cancelled, "stopping"});
    CHECK(delivered == std::vector<Status>{Status::cancelled});
  }
}

// No random bytes at the n-th draw: a flow does without them, or ends as an internal error.
template <class S>
void starve() {
  for (int good = 0; good < 8; ++good) {
    S scenario;
    scenario.world.context->entropy = std::make_shared<HiccupEntropy>(good);
    const auto ended = scenario.run();
    INFO("draws before the failure: " << good);
    CHECK(scenario.world.driver.num_deliveries == 1);
    CHECK_FALSE(holds_canary(ended.output));
    if (!ended.reached_goal) CHECK(ended.blame == StatusClass::internal);
    scenario.check(ended);
  }
}

// The names of the flows that a header declares: `Flow<...> name(`.
std::set<std::string> flows_declared_in(const std::string& text) {
  std::set<std::string> names;
  for (auto at = text.find("\nFlow<"); at != std::string::npos; at = text.find("\nFlow<", at + 1)) {
    const auto open = text.find('(', at);
    const auto space = text.rfind(' ', open);
    names.insert(text.substr(space + 1, open - space - 1));
  }
  return names;
}

std::set<std::string> listed_flows() {
  return {
#define LADDER(name) #name,
#define INSIDE(name, other) #name,
#include "ladder.def"
#undef LADDER
#undef INSIDE
  };
}

}  // namespace

TEST_SUITE("flow/ladder") {
#define LADDER(name)                                                                          \
  TEST_CASE("ladder: " #name " fails closed at each effect, in every way") { climb<name>(); } \
  TEST_CASE("ladder: " #name " abandoned at each effect delivers once") {                     \
    abandon_everywhere<name>();                                                               \
  }                                                                                           \
  TEST_CASE("ladder: " #name " without random bytes issues nothing that needs them") {        \
    starve<name>();                                                                           \
  }
#define INSIDE(name, other)
#include "ladder.def"
#undef LADDER
#undef INSIDE

  TEST_CASE("ladder: the scenarios are as long as the flows can be") {
    CHECK(count_effects<finish_login>() == 6);
    CHECK(count_effects<begin_session>() == 6);
    CHECK(count_effects<refresh_session>() == 5);
    CHECK(count_effects<fetch_metadata>() == 2);
    CHECK(count_effects<begin_login_with_metadata>() == 1);
    CHECK(count_effects<sign_out>() == 3);
    CHECK(count_effects<verify_bearer>() == 2);
#ifdef GATELET_HAVE_CRYPT
    CHECK(count_effects<check_password>() == 1);
#endif
  }

  TEST_CASE("ladder: every flow of lib/flow is listed, and nothing else is") {
    std::set<std::string> declared;
    for (const auto& file : std::filesystem::directory_iterator(FLOW_FOLDER)) {
      const auto name = file.path().filename();
      if (file.path().extension() != ".hpp" || name == "flow.hpp" || name == "task.hpp") continue;
      std::ifstream in(file.path());
      std::stringstream text;
      text << in.rdbuf();
      declared.merge(flows_declared_in(text.str()));
    }
    CHECK(declared.size() > 4);
    CHECK(declared == listed_flows());
  }

  TEST_CASE("ladder: the detectors see what is planted") {
    CHECK(flows_declared_in("\n\nFlow<std::vector<int>> planted(Owned in);\n") ==
          std::set<std::string>{"planted"});
    CHECK(listed_flows().count("planted") == 0);
    for (const std::string prefix : {"", "x", "xy"}) {
      const auto secret = prefix + "client-secret-canary-1";
      CHECK(holds_canary(secret));
      CHECK(holds_canary("page " + base64url::encode(secret) + " end"));
    }
    CHECK(holds_canary("%63%61%6e%61%72%79"));
    CHECK(holds_canary("%63%61%6E%61%72%79"));
    CHECK_FALSE(holds_canary("an ordinary page"));
  }
}
