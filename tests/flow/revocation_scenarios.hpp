// The flows that look at a person's sessions and end them, on the fault ladder (ladder_test.cpp).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flow/deny_list.hpp"
#include "flow/revoke_sessions.hpp"
#include "flow/session_index.hpp"
#include "flow/stored_record.hpp"
#include "scenario.hpp"

namespace gatelet::support {

// Somebody signed in, with a store, whose sessions are looked at and ended.
class Controlled : public Scenario {
 public:
  Controlled() {
    world.keep_in_store();
    session_ = std::make_shared<const session::Session>(world.sign_in());
    world.driver.seen.clear();
    world.driver.num_effects = world.driver.num_deliveries = 0;
  }
  // Trouble with the store is no answer; what it has may be anything, and then counts for nothing.
  bool survives(const std::string&, Kind kind, bool) const override {
    // What follows when the records are gone is cleaning up.
    return blame_of(kind) == StatusClass::peer || (cleans_up_ && world.num_sessions() == 0);
  }
  void check(const Ended&) override { CHECK(world.num_sessions() <= 1); }

 protected:
  template <class T>
  Ended end(const Result<T>& result) {
    if (!result.ok()) return {false, status_class(result.error().status), result.error().text};
    return {true, StatusClass::ok, {}};
  }
  session::Subject alice() const { return session::subject_of(*session_); }
  std::shared_ptr<const session::Session> session_;
  bool cleans_up_ = false;
};

// `make_flow` is a member that makes the flow.
#define CONTROLLED(name, cleans, make_flow)                                     \
  class name final : public Controlled {                                        \
   public:                                                                      \
    name() { cleans_up_ = cleans; }                                             \
    auto flow() make_flow;                                                      \
    std::unique_ptr<flow::Task> task(std::vector<Status>& delivered) override { \
      return as_task(flow(), delivered);                                        \
    }                                                                           \
    Ended run() override { return end(world.driver.run(flow())); }              \
  };

CONTROLLED(deny, false, {
  flow::Deny in(world.context);
  in.denials.emplace_back().subject = alice();
  return flow::deny(std::move(in));
})
CONTROLLED(load_deny_list, false, { return flow::load_deny_list(world.context); })
CONTROLLED(erase_stored, true, { return flow::erase_stored(session_->ticket); })
CONTROLLED(index_session, false, {
  flow::IndexSession in(world.context);
  in.session = session_;
  return flow::index_session(std::move(in));
})
CONTROLLED(list_sessions, false, {
  flow::SubjectSessions in(world.context);
  in.subjects = {alice()};
  return flow::list_sessions(std::move(in));
})
CONTROLLED(end_sessions, true, {
  flow::EndSessions in(world.context);
  in.subjects = {alice()};
  return flow::end_sessions(std::move(in));
})
CONTROLLED(revoke_sessions, true, {
  flow::RevokeSessions in(world.context);
  in.denials.emplace_back().subject = alice();
  return flow::revoke_sessions(std::move(in));
})
#undef CONTROLLED

}  // namespace gatelet::support
