// A driver for tests: runs a flow to its end in one call, with no I/O. HTTP calls are answered by a
// function, delays by moving the clock, refetches and the store by functions; any answer can be
// replaced by a fault.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/instant.hpp"
#include "flow/effect.hpp"
#include "flow/task.hpp"

namespace gatelet::support {

class ScriptedDriver {
 public:
  // The reply to one effect, given what it would be; `nth` counts from 1.
  using Fault = std::function<flow::Reply(std::size_t nth, const flow::Effect&, flow::Reply good)>;

  std::function<Result<HttpReply>(const HttpCall&, Instant)> on_http;
  std::function<Result<flow::Refetched>(const flow::Refetch&)> on_refetch;
  std::function<Result<flow::StoreReply>(const flow::StoreCall&)> on_store;
  Fault fault;  // empty: none
  Instant now = at_unix(1767225600);
  Duration latency = std::chrono::milliseconds(10);

  std::vector<std::string> seen;  // "POST https://idp.example/token", "refetch keys", "delay"
  std::vector<Duration> delays;
  std::size_t num_effects = 0;
  std::size_t num_deliveries = 0;  // results delivered, of all runs
  bool must_finish = false;        // of the last run, at its end

  // Runs the flow as a Task, as the engine does.
  template <class T>
  Result<T> run(flow::Flow<T> flow) {
    std::optional<Result<T>> delivered;
    flow::FlowTask<T> task(std::move(flow), [&](Result<T> result, Instant) {
      ++num_deliveries;
      delivered.emplace(std::move(result));
    });
    auto effect = task.start(now);
    while (effect) {
      if (delivered) return Error{Status::internal, "delivered before the end"};
      effect = task.resume(answer(*effect));
    }
    must_finish = task.must_finish();
    task.abandon({Status::cancelled, "after the end"});  // must deliver nothing
    if (!delivered) return Error{Status::internal, "nothing was delivered"};
    return std::move(*delivered);
  }

  flow::Reply answer(const flow::Effect& effect);

 private:
  Result<flow::Outcome> carry_out(const flow::Effect& effect);
};

}  // namespace gatelet::support
