// What a flow must stand in to climb the fault ladder (ladder_test.cpp).
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "faults.hpp"
#include "flow/task.hpp"
#include "hooks.hpp"
#include "world.hpp"

namespace gatelet::support {

// How a run ended, in the terms all flows share.
struct Ended {
  bool reached_goal = false;            // signed in, renewed, sent to the provider ...
  StatusClass blame = StatusClass::ok;  // when not
  std::string output;                   // everything that leaves the house in the clear
};

inline StatusClass class_of(Reason reason) {
  switch (reason) {
    case Reason::provider_unavailable: return StatusClass::unavailable;
    case Reason::provider_failed:
    case Reason::vetoed:
    case Reason::token_rejected: return StatusClass::peer;
    case Reason::internal_error: return StatusClass::internal;
    default: return StatusClass::ok;  // none that a fault may end in
  }
}

// A flow in its world. prepare() leads to where it begins, run() to its end.
class Scenario {
 public:
  World world;
  Hooks hooks;
  Scenario() = default;
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;
  virtual ~Scenario() = default;
  virtual Ended run() = 0;
  virtual std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) = 0;
  // What must hold after each run, whatever was done to it.
  virtual void check(const Ended& ended) = 0;
  // Whether the goal may be reached although `effect` failed so.
  virtual bool survives(const std::string& effect, Kind kind, bool for_good) const = 0;
  // From the start, before any grant is sent.
  virtual bool runs_to_end() const { return false; }

 protected:
  template <class T>
  static std::unique_ptr<flow::Task> as_task(flow::Flow<T> flow, std::vector<Status>& delivered) {
    return std::make_unique<flow::FlowTask<T>>(std::move(flow), [&](Result<T> result, Instant) {
      delivered.push_back(result.ok() ? Status::ok : result.error().status);
    });
  }
  // Everything is unknown, the host wants to be asked, the ID token comes under a key that was just
  // made, and lacks the groups.
  void make_it_long() {
    world.state = world.provider.unknown();
    world.context->hooks = hooks.all();
    world.provider.edit_id_token = [this](JsonText& claims) {
      claims.remove("groups");
      world.provider.rotate_key("k2");
    };
  }
  void check_grants_once() {
    CHECK(world.provider.num_token_requests <= 1);
    CHECK(world.provider.num_refreshes <= 1);
    CHECK(world.provider.num_reused == 0);
  }
};

}  // namespace gatelet::support
