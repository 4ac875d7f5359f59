// A Flow as a Task: what the engine hands to the driver, with the place its result goes to.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "flow/effect.hpp"
#include "flow/flow.hpp"

namespace gatelet::flow {

template <class T>
class FlowTask final : public Task {
 public:
  // `deliver` is called exactly once, with the time of the last reply.
  using Deliver = std::function<void(Result<T>, Instant)>;
  FlowTask(Flow<T> flow, Deliver deliver) : run_(std::move(flow)), deliver_(std::move(deliver)) {}

  std::optional<Effect> start(Instant at) override { return after(run_.start(at)); }
  std::optional<Effect> resume(Reply reply) override {
    return after(run_.resume(std::move(reply)));
  }
  void abandon(Error why) override {
    if (auto deliver = std::exchange(deliver_, nullptr)) deliver(std::move(why), run_.now());
  }
  bool must_finish() const noexcept override { return run_.must_finish(); }

 private:
  std::optional<Effect> after(std::optional<Effect> effect) {
    if (!effect) {
      if (auto deliver = std::exchange(deliver_, nullptr)) deliver(run_.take(), run_.now());
    }
    return effect;
  }

  Run<T> run_;
  Deliver deliver_;
};

}  // namespace gatelet::flow
