// Engines and requests of the hot path test: everything made beforehand, so that only decide() runs
// in the loop.
#pragma once

#include <gatelet/gatelet.hpp>

#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/engines.hpp"
#include "support/keeper.hpp"

namespace gatelet::hotpath {

struct Scenario {
  std::function<bool()> decide_once;  // true: decided as expected
  std::function<void()> misbehave;    // of a control: done once at the end
};

// What each path may allocate, written down so that more is noticed.
inline constexpr std::size_t allocations_to_open = 40;
inline constexpr std::size_t allocations_to_refuse = 12;
inline constexpr std::size_t allocations_to_start = 60;

// Requests that come round in turn; each must be decided as `kind`.
inline Scenario in_turn(std::shared_ptr<Engine> engine,
                        std::vector<std::shared_ptr<support::Request>> requests,
                        Decision::Kind kind) {
  auto next = std::make_shared<std::size_t>(0);
  Scenario scenario;
  scenario.decide_once = [engine, requests = std::move(requests), kind, next] {
    const auto& request = *requests[(*next)++ % requests.size()];
    const auto outcome = engine->decide(request.view());
    if (!outcome.ok()) return false;
    const auto* decision = std::get_if<Decision>(&*outcome);
    return decision != nullptr && decision->kind() == kind;
  };
  return scenario;
}

inline std::shared_ptr<support::Request> with_cookie(std::string cookie) {
  return std::make_shared<support::Request>(
      "/app/page?x=1", std::vector<std::pair<std::string, std::string>>{
                           {"Accept", "text/html"}, {"Cookie", std::move(cookie)}});
}

inline std::vector<std::shared_ptr<support::Request>> sessions(
    int num, session::CookieFormat format = session::CookieFormat::native) {
  const auto now = default_ports().clock->now();
  std::vector<std::shared_ptr<support::Request>> requests;
  for (int i = 0; i < num; ++i)
    requests.push_back(with_cookie(
        support::cookie_of(support::make_session(now, 2000, i), now, "__Host-gatelet", format)));
  return requests;
}

inline Scenario cached_session() {
  return in_turn(support::offline_engine(), sessions(1), Decision::Kind::allow);
}

inline Scenario kept_session() {
  auto keeper = std::make_shared<support::Keeper>();
  auto request = with_cookie(keeper->keep(2000, 1));
  return {[keeper, request] { return keeper->allows(request->view()); }, {}};
}

inline Scenario unseen_session() {
  return in_turn(support::offline_engine({{"session_cache_size", "0"}}), sessions(16),
                 Decision::Kind::allow);
}

inline Scenario unseen_compat_session() {
  return in_turn(
      support::offline_engine({{"session_cache_size", "0"}, {"session_format", "oauth2-proxy"}}),
      sessions(16, session::CookieFormat::oauth2_proxy), Decision::Kind::allow);
}

inline Scenario forged(session::CookieFormat format, std::string_view format_name) {
  auto cookie = support::cookie_of(support::make_session(default_ports().clock->now()),
                                   default_ports().clock->now(), "__Host-gatelet", format);
  cookie[cookie.size() / 2] = cookie[cookie.size() / 2] == 'A' ? 'B' : 'A';
  auto request = std::make_shared<support::Request>(
      "/app", std::vector<std::pair<std::string, std::string>>{{"Accept", "application/json"},
                                                               {"Cookie", cookie}});
  return in_turn(support::offline_engine({{"session_format", format_name}}), {request},
                 Decision::Kind::unauthorized);
}

inline Scenario forged_session() { return forged(session::CookieFormat::native, "native"); }
inline Scenario forged_compat_session() {
  return forged(session::CookieFormat::oauth2_proxy, "oauth2-proxy");
}

inline Scenario api_without_session() {
  auto request = std::make_shared<support::Request>(
      "/api", std::vector<std::pair<std::string, std::string>>{{"Accept", "application/json"}});
  return in_turn(support::offline_engine(), {request}, Decision::Kind::unauthorized);
}

// 200 patterns that do not match, and the request that the last one lets pass.
inline std::shared_ptr<Engine> engine_with_routes() {
  std::string entries;
  for (int i = 0; i < 200; ++i) entries += "GET=^/static" + std::to_string(i) + "/.*[.]css$,";
  return support::offline_engine({{"skip_auth_routes", entries + "=^/public/"}});
}

inline Scenario skipped_route() {
  auto request = std::make_shared<support::Request>(
      "/public/a-page-with-a-name", std::vector<std::pair<std::string, std::string>>{});
  return in_turn(engine_with_routes(), {request}, Decision::Kind::allow);
}

inline Scenario no_skipped_route() {
  auto request = std::make_shared<support::Request>(
      "/api/a-page-with-a-name",
      std::vector<std::pair<std::string, std::string>>{{"Accept", "application/json"}});
  return in_turn(engine_with_routes(), {request}, Decision::Kind::unauthorized);
}

inline Scenario login_start() {
  auto request = std::make_shared<support::Request>(
      "/app", std::vector<std::pair<std::string, std::string>>{{"Accept", "text/html"}});
  return in_turn(support::offline_engine(), {request}, Decision::Kind::redirect);
}

inline Scenario opens_a_file() {
  auto scenario = cached_session();
  scenario.misbehave = [] { std::fopen("/dev/null", "r"); };
  return scenario;
}

}  // namespace gatelet::hotpath
