// A whole engine in front of the live provider, and what its tests read in answers.
#pragma once

#include <gatelet/engine.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine/live_provider.hpp"
#include "support/engines.hpp"
#include "support/field_list.hpp"

namespace gatelet::engine {

using support::value_of;
using support::values_of;

using Options = std::vector<std::pair<std::string, std::string>>;

// Sessions in oauth2-proxy's format, which are renewed.
inline const Options compat_options{{"compat", "oauth2-proxy"},
                                    {"provider", "oidc"},
                                    {"skip_provider_button", "true"},
                                    {"cookie_refresh", "1h"}};

// A provider, an engine that knows it, a clock that can be moved on.
struct Live {
  std::shared_ptr<ShiftedClock> clock = std::make_shared<ShiftedClock>();
  LiveProvider provider{clock};
  std::mutex mutex;
  std::vector<std::string> events;  // guarded by mutex
  std::shared_ptr<Engine> engine;

  explicit Live(const Options& more = {}, SessionHooks hooks = {}) {
    auto ports = default_ports();
    ports.hooks = std::move(hooks);
    ports.clock = clock;
    ports.on_event = [this](const Event& event) {
      const std::scoped_lock lock(mutex);
      events.push_back(std::string(event.code) + " " + std::string(event.text) + " " +
                       std::string(event.request_id) + " " + std::string(event.provider) + " " +
                       std::string(event.detail) + " " + std::string(event.line));
    };
    auto made = Engine::create(live_settings(provider, more), std::move(ports));
    REQUIRE_MESSAGE(made.ok(), made.error().text);
    engine = std::move(made).value();
  }

  Browser browser() { return Browser(engine); }
  void let_tokens_run_out() { clock->advance(std::chrono::seconds(3600 - 10)); }
  // Waits until nothing is done behind answers. Between two steps of one flow nothing counts as in
  // flight either: only a rest of some length is one.
  bool wait_for_quiet() {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (int num_quiet = 0; num_quiet < 10;) {
      if (std::chrono::steady_clock::now() >= limit) return false;
      const bool is_quiet = engine->metrics().find("gatelet_inflight 0\n") != std::string::npos;
      num_quiet = is_quiet ? num_quiet + 1 : 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }
  bool has_event(std::string_view code) {  // or the beginning of "CODE TEXT"
    const std::scoped_lock lock(mutex);
    const auto wanted = std::string(code) + (code.ends_with(' ') ? "" : " ");
    for (const auto& event : events) {
      if (event.starts_with(wanted)) return true;
    }
    return false;
  }
};

inline std::string session_cookie_of(const Decision& decision) {
  for (const auto& cookie : values_of(decision.response(), "Set-Cookie")) {
    if (cookie.starts_with("__Host-gatelet=")) return cookie;
  }
  return {};
}

inline RequestView request_to(std::string_view target) {
  RequestView view;
  view.method = "GET";
  view.scheme = "https";
  view.host = "app.example";
  view.target = target;
  view.peer = "203.0.113.7";
  return view;
}

// The answer to one request with this Authorization, and this Cookie where one is given.
inline Decision ask(Live& live, const std::string& authorization, std::string_view target = "/api",
                    const std::string& cookie = "") {
  std::vector<HeaderView> headers = {{"Authorization", authorization}};
  if (!cookie.empty()) headers.push_back({"Cookie", cookie});
  auto view = request_to(target);
  view.headers = headers;
  auto answer = wait_for(live.engine->decide(view));
  REQUIRE_MESSAGE(answer.ok(), answer.error().text);
  return std::move(answer).value();
}

}  // namespace gatelet::engine
